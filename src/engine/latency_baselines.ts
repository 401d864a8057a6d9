/**
 * Whether a target answers more slowly than it did when less was asked of it. Each task has a baseline of its own, the
 * median of its latencies at a low limit, since one may be slow by nature.
 *
 * Answers vary, so what is called slower has to stand out of chance: not half of a window's latencies lie beyond double
 * the baseline, but clearly more (the sign test, at two standard deviations: n/2 + √n). It asks nothing of their
 * distribution, so a long tail, or a cache that is hit or missed, is no sign of load.
 */
export class LatencyBaselines {
  readonly #tasks = new Map<number, TaskLatencies>();

  add(task: number, ms: number): void {
    let latencies = this.#tasks.get(task);
    if (latencies === undefined) this.#tasks.set(task, latencies = { window: [], baseline: null });
    latencies.window.push(ms + slackMs);
  }

  /**
   * The factor by which answers take longer than their baselines, when clearly most take more than double; otherwise 1.
   * Begins the next window; a task with too few answers to tell keeps them for it.
   */
  slowdown(limit: number): number {
    let count = 0;
    let slow = 0;
    let logarithms = 0;
    for (const latencies of this.#tasks.values()) {
      const { window, baseline } = latencies;
      if (window.length < minSamples) continue;
      const sorted = Float64Array.from(window).sort();
      if (baseline !== null) {
        count += sorted.length;
        slow += countAbove(sorted, 2 * baseline.ms);
        logarithms += sorted.length * Math.log(medianOf(sorted) / baseline.ms);
      }
      learn(latencies, sorted, limit);
      latencies.window = [];
    }
    return isClearlyMost(slow, count) ? Math.exp(logarithms / count) : 1;
  }

  /** Forgets this window's answers. */
  restartWindow(): void {
    for (const latencies of this.#tasks.values()) latencies.window = [];
  }

  forget(): void {
    this.#tasks.clear();
  }
}

/**
 * What is measured at no more attempts at a time than the baseline is as good a measure: it is averaged in. At more it
 * counts only when it is clearly lower, or the baseline would follow the limit upwards.
 */
function learn(latencies: TaskLatencies, sorted: Float64Array, limit: number): void {
  const { baseline } = latencies;
  const ms = medianOf(sorted);
  const count = sorted.length;
  if (baseline === null) latencies.baseline = { ms, count, limit };
  else if (limit <= baseline.limit) {
    baseline.count = Math.min(baseline.count, keptSamples) + count;
    baseline.ms += (ms - baseline.ms) * (count / baseline.count);
    baseline.limit = limit;
  } else if (isClearlyMost(count - countAbove(sorted, 0.9 * baseline.ms), count)) {
    latencies.baseline = { ms, count, limit };
  }
}

function isClearlyMost(part: number, whole: number): boolean {
  return part > whole / 2 + Math.sqrt(whole);
}

interface TaskLatencies {
  window: number[];
  baseline: { ms: number; count: number; limit: number } | null;
}

function medianOf(sorted: Float64Array): number {
  return sorted[sorted.length >> 1]!;
}

function countAbove(sorted: Float64Array, ms: number): number {
  let count = 0;
  while (count < sorted.length && sorted[sorted.length - 1 - count]! > ms) count++;
  return count;
}

const minSamples = 10;
/** What was measured first weighs no more than this, so that it wears off. */
const keptSamples = 100;
/** Timers and scheduling make up this much: of a latency below it, a double means nothing. */
const slackMs = 2;
