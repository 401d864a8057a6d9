import { LatencyBaselines, minSamples } from "./latency_baselines.ts";
import { type LimitChange, noteChange } from "./limit_history.ts";

/**
 * Finds how many attempts at a time a target bears, by additive increase and multiplicative decrease, one step a window:
 *
 *     losses (5xx, timeout, refused, 429) overflow, at once:            limit ← max(min, ⌊limit · 0.8⌋)
 *     most latencies > 2 · baseline, by a factor f on average:          limit ← max(min, ⌊limit · max(½, min(0.9, 2/f))⌋)
 *     otherwise, when the limit was reached and little was lost:        limit ← min(max, limit + 1)
 *
 * The increase is a doubling until the first decrease, which takes back the last one when latencies ask for it. A window
 * lasts until as many attempts as the limit have ended; after the first decrease at least 10, and 100 ms. What began before a decrease is its cause, and says nothing about
 * what holds since.
 *
 * *Losses* fill a bucket, one each, from which every attempt that ends takes a tenth out; more than three overflow it. So
 * a target that fails one attempt in fifty for reasons of its own is not overloaded, one that fails one in nine for long
 * is. The value that led to a loss is tried again after eight windows, and two losses are enough then; when it fails
 * again, after sixteen. So a capacity that stays costs few errors, and one that rises is soon found.
 *
 * *Latencies*: see {@link LatencyBaselines}. They count from the second window in a row that finds the same: while a
 * change is under way, what is measured is partly of before. In a queue the latency is proportional to the limit (Little's
 * law), so the limit falls as far as would make it double the baseline. When the limit has been halved (or is at its least)
 * and they did not fall with it, by half as much at least, it is not the limit that makes them high: it is restored, and
 * what is measured now is the baseline.
 *
 * Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989; the use of
 * latency follows TCP Vegas (Brakmo and Peterson, 1995), the caution near the last loss CUBIC (Ha, Rhee and Xu, 2008);
 * the bucket is a cumulative sum (Page, "Continuous Inspection Schemes", 1954).
 */
export class AdaptiveLimit {
  limit: number;
  readonly history: LimitChange[] = [];
  readonly #min: number;
  readonly #max: number;
  readonly #latencies = new LatencyBaselines();
  /** Of this window. */
  #samples = 0;
  #windowStart = NaN;
  #wasFull = false;
  #isStarting = true;
  #shrunkAt = -Infinity;
  /** What is in the bucket. */
  #losses = 0;
  /** Where it last lost; Infinity once that has been passed unharmed. */
  #lostAt = Infinity;
  /** How many windows it stays below that. */
  #caution = minCaution;
  /** Windows that ended since the last change. */
  #calmWindows = 0;
  /** How slow the last window was at this limit; 0 when it was not. */
  #slowBefore = 0;
  /** What held when latencies became high, or when the limit had last been halved for them. */
  #slowSince: { readonly limit: number; readonly slowdown: number } | null = null;

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
    if (now - durationMs < this.#shrunkAt) return this.limit;
    this.#losses = Math.max(0, this.#losses - toleratedShare);
    if (isLoss) this.#addLoss(now);
    else {
      this.#latencies.add(task, durationMs);
      this.#samples++;
    }
    if (this.#isWindowOver(now)) this.#step(now);
    return this.limit;
  }

  #addLoss(now: number): void {
    this.#losses++;
    const isTriedAgain = this.limit >= this.#lostAt;
    if (this.#losses <= (isTriedAgain ? 1 : 3)) return;
    this.#caution = isTriedAgain ? Math.min(maxCaution, 2 * this.#caution) : minCaution;
    this.#lostAt = this.limit;
    this.#slowSince = null;
    this.#shrink(now, 0.8, "loss");
    this.#newWindow(now);
  }

  #isWindowOver(now: number): boolean {
    if (this.#isStarting) return this.#samples >= this.limit;
    return this.#samples >= Math.max(minSamples, this.limit) && now - this.#windowStart >= minWindowMs;
  }

  #step(now: number): void {
    this.#calmWindows++;
    const slowdown = this.#latencies.slowdown(this.limit);
    if (slowdown > 1) {
      const hasJustDoubled = this.#isStarting && this.#calmWindows === 1;
      if (hasJustDoubled) this.#shrink(now, 0.5, "latency");
      else this.#slowDown(now, slowdown);
    } else {
      this.#slowBefore = 0;
      this.#slowSince = null;
      if (this.#wasFull && this.#losses <= 1) this.#grow(now);
    }
    this.#newWindow(now);
  }

  #slowDown(now: number, slowdown: number): void {
    const isSame = slowdown < sameFactor * this.#slowBefore;
    this.#slowBefore = slowdown;
    if (!isSame) return;
    let since = this.#slowSince;
    if (since === null || slowdown > sameFactor * since.slowdown) {
      this.#slowSince = since = { limit: this.limit, slowdown };
    }
    if (this.limit > this.#min && 2 * this.limit > since.limit) return this.#shrinkBy(slowdown, now);
    const hasHelped = (since.slowdown / slowdown) ** 2 > since.limit / this.limit;
    if (hasHelped && this.limit > this.#min) {
      this.#slowSince = { limit: this.limit, slowdown };
      return this.#shrinkBy(slowdown, now);
    }
    this.#slowSince = null;
    this.#latencies.forget();
    if (!hasHelped && since.limit > this.limit) this.#change(now, since.limit, "restored");
  }

  #shrinkBy(slowdown: number, now: number): void {
    this.#shrink(now, Math.max(0.5, Math.min(0.9, 2 / slowdown)), "latency");
  }

  #grow(now: number): void {
    if (this.limit >= this.#lostAt) {
      this.#lostAt = Infinity;
      this.#caution = minCaution;
    }
    const next = Math.min(this.#max, this.#isStarting ? this.limit * 2 : this.limit + 1);
    if (next === this.limit || (next >= this.#lostAt && this.#calmWindows < this.#caution)) return;
    this.#change(now, next, "growth");
  }

  #shrink(now: number, factor: number, why: "loss" | "latency"): void {
    this.#latencies.restartWindow();
    this.#losses = 0;
    this.#isStarting = false;
    this.#shrunkAt = now;
    const next = Math.max(this.#min, Math.floor(this.limit * factor));
    if (next !== this.limit) this.#change(now, next, why);
  }

  #newWindow(now: number): void {
    this.#samples = 0;
    this.#wasFull = false;
    this.#windowStart = now;
  }

  #change(now: number, limit: number, why: LimitChange["why"]): void {
    this.limit = limit;
    this.#slowBefore = 0;
    this.#calmWindows = 0;
    noteChange(this.history, { at: now, limit, why });
  }
}

const startLimit = 4;
/** By more than this factor what is measured is not the same. */
const sameFactor = 1.25;
const minWindowMs = 100;
/** Windows without a change before the value that led to a loss is tried again. */
const minCaution = 8;
const maxCaution = 16;
/** Well above what a healthy target loses, or chance would overflow the bucket now and then. */
const toleratedShare = 0.1;
