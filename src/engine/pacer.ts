/**
 * Lets starts pass evenly: no window of any length sees more than rate × length + burst of them.
 *
 * It is the generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): one number, no queue, and what comes late
 * is never made up for by what comes after it.
 */
export class Pacer {
  /** Theoretical arrival time of the next one. */
  #arrival = 0;
  readonly #gapMs: number;
  readonly #headStartMs: number;

  /** `burst`: how many may pass at once; at least 1. */
  constructor(ratePerMs: number, burst: number) {
    this.#gapMs = 1 / ratePerMs;
    this.#headStartMs = (burst - 1) / ratePerMs;
  }

  /** When the next may pass; in the past when it may now. */
  get nextAt(): number {
    return this.#arrival - this.#headStartMs;
  }

  /** When nothing of what passed counts any more. */
  get forgottenAt(): number {
    return this.#arrival;
  }

  /** One passes. */
  take(now: number): void {
    this.#arrival = Math.max(this.#arrival, now) + this.#gapMs;
  }
}
