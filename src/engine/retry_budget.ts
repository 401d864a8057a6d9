/**
 * How many retries a target bears: a share of its recent first attempts, plus a floor for quiet times. When it is spent,
 * retries are put off, so that a server in trouble sees little more load than a healthy one.
 *
 * The share is 20 % of the first attempts of the last 10 s, as in Finagle's retry budget (Twitter, 2016). The floor is a
 * bucket of 250 that fills by 1 a second: a small run is never held back, a large one gains little by it.
 */
export class RetryBudget {
  readonly #firsts = new Float64Array(windowSeconds);
  readonly #retries = new Float64Array(windowSeconds);
  #second = 0;
  #floor = floorSize;
  #filledAt = 0;
  /** When it last had no room for a retry that was due. */
  spentAt = -Infinity;

  /** A first attempt begins. */
  noteFirst(now: number): void {
    this.#firsts[this.#slot(now)]!++;
  }

  /** A retry begins. */
  noteRetry(now: number): void {
    const slot = this.#slot(now);
    if (this.#hasShare()) this.#retries[slot]!++;
    else this.#floor--;
  }

  hasRoom(now: number): boolean {
    this.#slot(now);
    const hasRoom = this.#hasShare() || this.#floor >= 1;
    if (!hasRoom) this.spentAt = now;
    return hasRoom;
  }

  /** When there may be room again, at the earliest. */
  nextChange(now: number): number {
    return now + 1_000 / floorPerSecond;
  }

  #hasShare(): boolean {
    return sum(this.#retries) + 1 <= share * sum(this.#firsts);
  }

  /** The slot of this second; the slots of seconds that have left the window are emptied. */
  #slot(now: number): number {
    this.#floor = Math.min(floorSize, this.#floor + ((now - this.#filledAt) / 1_000) * floorPerSecond);
    this.#filledAt = now;
    const second = Math.floor(now / 1_000);
    const passed = Math.min(windowSeconds, second - this.#second);
    for (let i = 0; i < passed; i++) {
      const slot = (second - i) % windowSeconds;
      this.#firsts[slot] = 0;
      this.#retries[slot] = 0;
    }
    if (passed > 0) this.#second = second;
    return this.#second % windowSeconds;
  }
}

/** A retry put off for longer than this ends its run. */
export const putOffLimitMs = 30_000;

const windowSeconds = 10;
const share = 0.2;
const floorSize = 250;
const floorPerSecond = 1;

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
