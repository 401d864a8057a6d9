/** One change of an adaptive limit. */
export interface LimitChange {
  readonly at: number;
  readonly limit: number;
  readonly why: "start" | "growth" | "loss" | "latency";
}

/**
 * Finds how many attempts at a time a target bears, by additive increase and multiplicative decrease, one step a window:
 *
 *     loss (5xx, timeout, refused, 429), at once:         limit ← max(min, ⌊limit · 0.7⌋)
 *     median latency > 2 · baseline:                      limit ← max(min, ⌊limit · 0.9⌋)
 *     otherwise, when the limit was reached:              limit ← min(max, limit + 1), doubled until the first decrease
 *
 * A window lasts until as many attempts as the limit (at least 10) have ended, and at least 100 ms. The baseline is the
 * lowest median seen, which creeps up by 2 % a window so that a target that became slower is believed at last. Losses of
 * attempts that began before the last decrease are its cause, not a reason for another one.
 *
 * Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989; the use of
 * latency follows TCP Vegas (Brakmo and Peterson, 1995).
 */
export class AdaptiveLimit {
  limit: number;
  readonly history: LimitChange[] = [];
  readonly #min: number;
  readonly #max: number;
  readonly #latencies: number[] = [];
  #windowStart = NaN;
  #shrunkAt = -Infinity;
  #wasFull = false;
  #baseline = Infinity;
  #isStarting = true;

  constructor(bounds: { readonly min: number; readonly max: number }) {
    this.#min = bounds.min;
    this.#max = bounds.max;
    this.limit = Math.min(bounds.max, Math.max(bounds.min, startLimit));
  }

  /** An attempt has ended. `running` counts it. Gives the limit that holds from now on. */
  record(durationMs: number, isLoss: boolean, running: number, now: number): number {
    if (Number.isNaN(this.#windowStart)) {
      this.#windowStart = now;
      this.#change(now, this.limit, "start");
    }
    if (running >= this.limit) this.#wasFull = true;
    if (!isLoss) this.#latencies.push(durationMs);
    else if (now - durationMs >= this.#shrunkAt) {
      this.#shrink(now, 0.7, "loss");
      this.#newWindow(now);
    }
    const isOver = this.#latencies.length >= Math.max(minSamples, this.limit) &&
      now - this.#windowStart >= minWindowMs;
    if (isOver) this.#step(now);
    return this.limit;
  }

  #step(now: number): void {
    const median = middle(this.#latencies);
    if (median > 2 * this.#baseline + slackMs) this.#shrink(now, 0.9, "latency");
    else if (this.#wasFull && this.limit < this.#max) {
      const next = this.#isStarting ? this.limit * 2 : this.limit + 1;
      this.#change(now, Math.min(this.#max, next), "growth");
    }
    this.#baseline = Math.min(this.#baseline * 1.02, median);
    this.#newWindow(now);
  }

  #newWindow(now: number): void {
    this.#latencies.length = 0;
    this.#wasFull = false;
    this.#windowStart = now;
  }

  #shrink(now: number, factor: number, why: "loss" | "latency"): void {
    this.#isStarting = false;
    this.#shrunkAt = now;
    const next = Math.max(this.#min, Math.floor(this.limit * factor));
    if (next !== this.limit) this.#change(now, next, why);
  }

  #change(now: number, limit: number, why: LimitChange["why"]): void {
    this.limit = limit;
    this.history.push({ at: now, limit, why });
    // The report shows how it settled: the beginning and the end tell.
    if (this.history.length > historyLength) this.history.splice(historyLength / 2, 1);
  }
}

const startLimit = 4;
const minSamples = 10;
const minWindowMs = 100;
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
