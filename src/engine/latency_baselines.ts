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
   * The factor by which answers take longer than their baselines, when clearly most take more than double; otherwise 1,
   * and the baselines learn. Begins the next window; a task with too few answers to tell keeps them for it.
   */
  slowdown(limit: number): number {
    const judged = [...this.#tasks.values()].filter(({ window }) => window.length >= minSamples);
    let count = 0;
    let slow = 0;
    let variance = 0;
    let logarithms = 0;
    for (const { window, baseline } of judged) {
      window.sort((a, b) => a - b);
      if (baseline === null) continue;
      count += window.length;
      slow += countAbove(window, 2 * baseline.ms);
      variance += varianceOf(window, baseline);
      logarithms += window.length * Math.log(medianOf(window) / baseline.ms);
    }
    const isSlow = isClearlyMost(slow, count, variance);
    for (const latencies of judged) {
      if (!isSlow) learn(latencies, limit);
      latencies.window = [];
    }
    return isSlow ? Math.exp(logarithms / count) : 1;
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
function learn(latencies: TaskLatencies, limit: number): void {
  const { window, baseline } = latencies;
  const ms = medianOf(window);
  const count = window.length;
  if (baseline === null) latencies.baseline = { ms, count, limit };
  else if (limit <= baseline.limit) {
    baseline.count = Math.min(baseline.count, keptSamples) + count;
    baseline.ms += (ms - baseline.ms) * (count / baseline.count);
    baseline.limit = limit;
  } else if (
    isClearlyMost(count - countAbove(window, 0.9 * baseline.ms), count, varianceOf(window, baseline))
  ) {
    latencies.baseline = { ms, count, limit };
  }
}

/** Beyond half by more than two standard deviations. */
function isClearlyMost(part: number, whole: number, variance: number): boolean {
  return part > whole / 2 + 2 * Math.sqrt(variance);
}

/** Of how many in a window lie beyond the median, which is itself known from so many only. */
function varianceOf({ length }: readonly number[], { count }: { readonly count: number }): number {
  return (length + length ** 2 / count) / 4;
}

interface TaskLatencies {
  window: number[];
  baseline: { ms: number; count: number; limit: number } | null;
}

function medianOf(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1]!;
}

function countAbove(sorted: readonly number[], ms: number): number {
  let count = 0;
  while (count < sorted.length && sorted[sorted.length - 1 - count]! > ms) count++;
  return count;
}

/** Fewer tell nothing. */
export const minSamples = 10;
/** What was measured first weighs no more than this, so that it wears off. */
const keptSamples = 100;
/** Timers and scheduling make up this much: of a latency below it, a double means nothing. */
const slackMs = 2;
