import type { LatencySummary } from "./report.ts";

/** Each bucket is 2 % wider than the one before: a percentile is off by 1 % at most. */
const growth = Math.log(1.02);
/** Milliseconds; what is shorter counts as this. */
const least = 0.1;

/**
 * How long things took, in a few kilobytes whatever their number. (The published sketches bring a protobuf runtime that
 * costs several times the start-up time of this program, or WebAssembly; this is the counting and nothing else.)
 */
export class LatencySketch {
  #buckets = new Uint32Array(128);
  #count = 0;
  #sum = 0;
  #max = 0;

  add(ms: number): void {
    const bucket = ms <= least ? 0 : Math.ceil(Math.log(ms / least) / growth);
    if (bucket >= this.#buckets.length) this.#grow(bucket);
    this.#buckets[bucket]!++;
    this.#count++;
    this.#sum += ms;
    if (ms > this.#max) this.#max = ms;
  }

  get count(): number {
    return this.#count;
  }

  /** Milliseconds that this share (0 to 1) of all did not exceed; NaN without any. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    if (rank === this.#count) return this.#max;
    let seen = 0;
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      seen += this.#buckets[bucket]!;
      if (seen >= rank) return Math.min(this.#max, least * Math.exp((bucket - 0.5) * growth));
    }
    return NaN;
  }

  /** Null without any. */
  summary(): LatencySummary | null {
    if (this.#count === 0) return null;
    return {
      p50: threeDigits(this.quantile(0.5)),
      p90: threeDigits(this.quantile(0.9)),
      p99: threeDigits(this.quantile(0.99)),
      max: threeDigits(this.#max),
      mean: threeDigits(this.#sum / this.#count),
    };
  }

  #grow(bucket: number): void {
    const grown = new Uint32Array(Math.max(bucket + 1, this.#buckets.length * 2));
    grown.set(this.#buckets);
    this.#buckets = grown;
  }
}

/** A tenth of a millisecond at best, three digits below a second. */
function threeDigits(ms: number): number {
  return ms >= 100 ? Math.round(ms) : Math.round(ms * 10) / 10;
}
