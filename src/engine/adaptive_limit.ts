import { LatencyBaselines } from "./latency_baselines.ts";

/** One change of an adaptive limit. */
export interface LimitChange {
  readonly at: number;
  readonly limit: number;
  readonly why: "start" | "growth" | "loss" | "latency";
}

export class AdaptiveLimit {
  limit: number;
  readonly history: LimitChange[] = [];
  readonly #min: number;
  readonly #max: number;
  readonly #latencies = new LatencyBaselines();
  /** A bucket: every loss adds one, every attempt that ends takes its tolerated share out. */
  #losses = 0;
  /** Of this window. */
  #samples = 0;
  #windowStart = NaN;
  #shrunkAt = -Infinity;
  #wasFull = false;
  #isStarting = true;
  /** Where it last lost; Infinity once that has been passed unharmed. */
  #lostAt = Infinity;
  /** How many windows it stays below that. */
  #caution = minCaution;
  /** Windows that ended since the last change. */
  #calmWindows = 0;
  /** What held when latencies began to be high, or when the limit had last been halved for it. */
  #slowSince: { readonly limit: number; slowdown: number } | null = null;

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

  #isWindowOver(now: number): boolean {
    if (this.#isStarting) return this.#samples >= this.limit;
    return this.#samples >= Math.max(minSamples, this.limit) && now - this.#windowStart >= minWindowMs;
  }

  #addLoss(now: number): void {
    this.#losses++;
    const isProbing = this.limit >= this.#lostAt;
    if (this.#losses <= (isProbing ? 1 : 2)) return;
    this.#caution = isProbing ? Math.min(maxCaution, 2 * this.#caution) : minCaution;
    this.#lostAt = this.limit;
    this.#slowSince = null;
    this.#shrink(now, 0.8, "loss");
    this.#newWindow(now);
  }

  #step(now: number): void {
    this.#calmWindows++;
    const slowdown = this.#latencies.slowdown(this.limit);
    if (slowdown > 1) this.#slowDown(now, slowdown);
    else {
      this.#slowSince = null;
      if (this.#wasFull && this.#losses <= 1) this.#grow(now);
    }
    this.#newWindow(now);
  }

  #slowDown(now: number, slowdown: number): void {
    const since = this.#slowSince ??= { limit: this.limit, slowdown };
    since.slowdown = Math.max(since.slowdown, slowdown);
    if (this.limit > this.#min && 2 * this.limit > since.limit) return this.#shrink(now, 0.9, "latency");
    const hasHelped = (since.slowdown / slowdown) ** 2 > since.limit / this.limit;
    if (hasHelped && this.limit > this.#min) {
      this.#slowSince = { limit: this.limit, slowdown };
      return this.#shrink(now, 0.9, "latency");
    }
    this.#latencies.forget();
    this.#slowSince = null;
    if (!hasHelped && since.limit > this.limit) this.#change(now, since.limit, "growth");
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
    this.#isStarting = false;
    this.#shrunkAt = now;
    this.#losses = 0;
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
    this.#calmWindows = 0;
    this.history.push({ at: now, limit, why });
    // The report shows how it settled: the beginning and the end tell.
    if (this.history.length > historyLength) this.history.splice(historyLength / 2, 1);
  }
}

const startLimit = 4;
const minSamples = 10;
const minWindowMs = 100;
/** Windows without a change before the value that led to a loss is tried again. */
const minCaution = 8;
const maxCaution = 64;
const toleratedShare = 0.1;
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
