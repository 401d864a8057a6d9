/** Rows asked for at a time take about as long as this to come. */
const [shortMs, longMs] = [50, 200];
const mostRows = 1_000;

/**
 * How many rows to ask for at a time. A server sends what it has when so many are there, or its buffer is full: few where
 * each takes long, so that none waits for others; many where they come fast, so that to ask costs little.
 */
export class FetchSize {
  rows = 1;
  private askedAt = 0;

  /** So many rows are asked for now. */
  asked(now: number): void {
    this.askedAt = now;
  }

  /** They have come. */
  came(now: number): void {
    const tookMs = now - this.askedAt;
    if (tookMs < shortMs) this.rows = Math.min(mostRows, this.rows * 2);
    else if (tookMs > longMs) this.rows = Math.ceil(this.rows / 2);
  }
}
