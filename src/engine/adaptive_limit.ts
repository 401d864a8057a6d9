/** One change of an adaptive limit. */
export interface LimitChange {
  readonly at: number;
  readonly limit: number;
  readonly why: "start" | "growth" | "loss" | "latency";
}

/**
 * Finds how many attempts at a time a target bears, by additive increase and multiplicative decrease, one step a window:
 *
 *     losses (5xx, timeout, refused, 429) > 5 % of the limit, at once:  limit ← max(min, ⌊limit · 0.8⌋)
 *     most latencies > 2 · baseline:                                    limit ← max(min, ⌊limit · 0.9⌋)
 *     otherwise, when the limit was reached:                            limit ← min(max, limit + 1)
 *
 * The increase is a doubling until the first decrease, and waits eight windows before the value that led to the last loss:
 * what broke a minute ago is tried again, but seldom.
 *
 * A window lasts until as many attempts as the limit have ended; after the first decrease at least 10, and 100 ms. The
 * baseline is the median of windows at a low limit, for each task of the target by itself, since one may be slow by
 * nature. When latencies stay high at the least limit, it is not the limit that makes them so: they become the baseline,
 * and the search begins anew. Losses of attempts that began before the last decrease are its cause, not a reason for
 * another one; one loss in a window is an accident.
 *
 * Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989; the use of
 * latency follows TCP Vegas (Brakmo and Peterson, 1995), the caution near the last loss CUBIC (Ha, Rhee and Xu, 2008).
 */
export class AdaptiveLimit {
  limit: number;
  readonly history: LimitChange[] = [];
  readonly #min: number;
  readonly #max: number;
  readonly #latencies = new Map<number, number[]>();
  readonly #baselines = new Map<number, Baseline>();
  /** Of this window. */
  #samples = 0;
  #losses = 0;
  #windowStart = NaN;
  #shrunkAt = -Infinity;
  #wasFull = false;
  #isStarting = true;
  /** Where it last lost; Infinity once that has been passed unharmed. */
  #lostAt = Infinity;
  /** Windows that ended since the last change. */
  #calmWindows = 0;

  constructor(bounds: { readonly min: number; readonly max: number }) {
    this.#min = bounds.min;
    this.#max = bounds.max;
    this.limit = Math.min(bounds.max, Math.max(bounds.min, startLimit));
  }

  /**
   * An attempt has ended. `running` counts it; `task` is any number that tells tasks apart.
   * Gives the limit that holds from now on.
   */
  record(durationMs: number, isLoss: boolean, running: number, now: number, task: number): number {
    if (Number.isNaN(this.#windowStart)) {
      this.#windowStart = now;
      this.#change(now, this.limit, "start");
    }
    if (running >= this.limit) this.#wasFull = true;
    if (isLoss) this.#addLoss(durationMs, now);
    else this.#addLatency(durationMs, task);
    if (this.#isWindowOver(now)) this.#step(now);
    return this.limit;
  }

  #isWindowOver(now: number): boolean {
    if (this.#isStarting) return this.#samples >= this.limit;
    return this.#samples >= Math.max(minSamples, this.limit) && now - this.#windowStart >= minWindowMs;
  }

  #addLoss(durationMs: number, now: number): void {
    if (now - durationMs < this.#shrunkAt) return;
    this.#losses++;
    if (this.#losses <= Math.max(1, toleratedShare * this.limit)) return;
    this.#lostAt = this.limit;
    this.#shrink(now, 0.8, "loss");
    this.#newWindow(now);
  }

  #addLatency(durationMs: number, task: number): void {
    let latencies = this.#latencies.get(task);
    if (latencies === undefined) this.#latencies.set(task, latencies = []);
    latencies.push(durationMs);
    this.#samples++;
  }

  #step(now: number): void {
    this.#calmWindows++;
    if (this.#isSlow()) {
      if (this.limit > this.#min) this.#shrink(now, 0.9, "latency");
      else this.#believe();
    } else if (this.#wasFull) this.#grow(now);
    this.#newWindow(now);
  }

  /** Whether most attempts took far longer than their task's baseline; the baselines learn from those that did not. */
  #isSlow(): boolean {
    let slow = 0;
    let judged = 0;
    for (const [task, latencies] of this.#latencies) {
      // Fewer tell nothing: they wait for the next window's.
      if (latencies.length < minSamples) continue;
      const median = middle(latencies);
      const baseline = this.#baselines.get(task);
      if (baseline !== undefined && median > 2 * baseline.ms + slackMs) slow += latencies.length;
      else this.#learn(task, baseline, median);
      judged += latencies.length;
      latencies.length = 0;
    }
    return slow > judged / 2;
  }

  /**
   * What is measured at no more attempts at a time than before is as good a measure: it is averaged in. At more it
   * counts only when it is clearly better, or the baseline would follow the limit upwards.
   */
  #learn(task: number, baseline: Baseline | undefined, median: number): void {
    if (baseline === undefined || (this.limit > baseline.limit && median < 0.9 * baseline.ms)) {
      this.#baselines.set(task, { ms: median, limit: this.limit });
    } else if (this.limit <= baseline.limit) {
      baseline.ms += 0.25 * (median - baseline.ms);
      baseline.limit = this.limit;
    }
  }

  #believe(): void {
    this.#baselines.clear();
    this.#isStarting = true;
  }

  #grow(now: number): void {
    if (this.limit >= this.#lostAt) this.#lostAt = Infinity;
    const next = Math.min(this.#max, this.#isStarting ? this.limit * 2 : this.limit + 1);
    if (next === this.limit || (next >= this.#lostAt && this.#calmWindows < calmBeforeLoss)) return;
    this.#change(now, next, "growth");
  }

  #shrink(now: number, factor: number, why: "loss" | "latency"): void {
    this.#latencies.clear();
    this.#isStarting = false;
    this.#shrunkAt = now;
    const next = Math.max(this.#min, Math.floor(this.limit * factor));
    if (next !== this.limit) this.#change(now, next, why);
  }

  #newWindow(now: number): void {
    this.#samples = 0;
    this.#losses = 0;
    this.#wasFull = false;
    this.#windowStart = now;
  }

  #change(now: number, limit: number, why: LimitChange["why"]): void {
    this.limit = limit;
    this.#calmWindows = 0;
    this.history.push({ at: now, limit, why });
    // The report shows how it settled: the beginning and the end tell.
    if (this.history.length > historyLength) this.history.splice(historyLength / 2, 1);
  }
}

/** The usual latency of a task. */
interface Baseline {
  ms: number;
  /** The limit that held when it was measured. */
  limit: number;
}

const startLimit = 4;
const minSamples = 10;
const minWindowMs = 100;
/** Windows without a change before the value that led to a loss is tried again. */
const calmBeforeLoss = 8;
/** Of the limit: a target that fails one attempt in a hundred for reasons of its own is not overloaded. */
const toleratedShare = 0.05;
/** Timers and scheduling make up this much: below it a doubled latency means nothing. */
const slackMs = 2;
const historyLength = 64;

/**
 * Where a limit settled: the one below which it was for half of the time, in the second half of its history (or in what is
 * kept of that). `endedAt` is when the last of them ceased to hold.
 */
export function settledLimit(history: readonly LimitChange[], endedAt: number): number {
  const from = Math.max(
    (history[0]!.at + endedAt) / 2,
    history.length < historyLength ? -Infinity : history[historyLength / 2]!.at,
  );
  const held = history.map(({ at, limit }, i) => ({
    limit,
    ms: Math.max(0, (history[i + 1]?.at ?? endedAt) - Math.max(at, from)),
  })).sort((a, b) => a.limit - b.limit);
  let left = held.reduce((sum, { ms }) => sum + ms, 0) / 2;
  for (const { limit, ms } of held) if ((left -= ms) < 0) return limit;
  return history.at(-1)!.limit;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
