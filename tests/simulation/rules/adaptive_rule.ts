import type { PoolSpec, PoolView } from "../../../src/engine/types.ts";
import type { ComingBack, Rule, Wrong } from "./rule.ts";

/** An adaptive limit stays within its bounds, takes one step a window at most, and grows only when it was in use. */
export class AdaptiveRule implements Rule {
  steps = 0;
  readonly #min: number;
  readonly #max: number;
  #limit: number;
  #hasShrunk = false;
  #shrunkAt = -Infinity;
  /** Every limit that has held. */
  readonly #held = new Set<number>();
  /** Since it last shrank. */
  #losses = 0;
  /** Since the last step. */
  #since = NaN;
  #ended = 0;
  #mostRunning = 0;
  #now = 0;

  constructor(spec: PoolSpec, readonly view: () => PoolView, readonly wrong: Wrong) {
    this.#min = spec.minLimit!;
    this.#max = spec.limit;
    this.#limit = view().limit;
    this.#held.add(this.#limit);
  }

  takesSlot(): void {
    const { running, limit } = this.view();
    if (running > limit) this.wrong(`a slot was taken beside ${running - 1}, at a limit of ${limit}`);
  }

  goesOut(): void {
    this.look();
  }

  comesBack({ now, verdict, slotAt, isHealthy }: ComingBack): void {
    this.look();
    if (isHealthy === null) return;
    if (Number.isNaN(this.#since)) this.#since = now;
    this.#now = now;
    this.#mostRunning = Math.max(this.#mostRunning, this.view().running);
    const isLoss = !isHealthy || (verdict.kind === "failed" && verdict.throttled === true);
    if (!isLoss) this.#ended++;
    else if (slotAt >= this.#shrunkAt) this.#losses++;
  }

  /** The limit moves when an attempt comes back: what came back last moved it. */
  look(): void {
    const { limit, limitHistory } = this.view();
    if (limit < this.#min || limit > this.#max) this.wrong(`a limit of ${limit} is out of its bounds`);
    if (limit === this.#limit) return;
    const step = `${this.#limit} → ${limit} after ${this.#ended} ended, ${this.#losses} lost`;
    const isWindow = this.#ended >= this.#limit &&
      (!this.#hasShrunk || (this.#ended >= 10 && this.#now - this.#since >= 100));
    const why = limitHistory.at(-1)?.why;
    if (why === "restored") this.#checkRestored(limit, isWindow, step);
    else if (limit > this.#limit) this.#checkGrowth(limit, isWindow, step);
    else this.#checkShrinking(limit, why === "latency" ? 0.5 : 0.8, isWindow, step);
    this.steps++;
    this.#limit = limit;
    this.#since = this.#now;
    this.#held.add(limit);
    this.#ended = this.#mostRunning = 0;
  }

  #checkGrowth(limit: number, isWindow: boolean, step: string): void {
    if (!isWindow) this.wrong(`the limit grew within a window: ${step}`);
    if (this.#mostRunning < this.#limit) this.wrong(`the limit grew and was not in use: ${step}`);
    const most = this.#hasShrunk ? this.#limit + 1 : 2 * this.#limit;
    if (limit > most) this.wrong(`the limit grew too fast: ${step}`);
  }

  /** It had shrunk for high latencies, and they did not fall with it. */
  #checkRestored(limit: number, isWindow: boolean, step: string): void {
    if (!isWindow) this.wrong(`the limit was restored within a window: ${step}`);
    if (limit <= this.#limit || !this.#held.has(limit)) this.wrong(`restored to what never held: ${step}`);
  }

  #checkShrinking(limit: number, most: number, isWindow: boolean, step: string): void {
    if (limit < Math.max(this.#min, Math.floor(this.#limit * most))) this.wrong(`too far down: ${step}`);
    if (!isWindow && this.#losses < 2) this.wrong(`the limit shrank within a window: ${step}`);
    this.#hasShrunk = true;
    this.#shrunkAt = this.#now;
    this.#losses = 0;
  }
}
