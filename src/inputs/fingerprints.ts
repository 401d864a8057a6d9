/**
 * A number for each of many fingerprints: 64 bits of a hash that is given in hex. 12 bytes an entry, 16 to 33 with the
 * room it keeps; two different values share a fingerprint with a chance of 3 in 10⁸ among a million, 3 in 10⁴ among 10⁸.
 */
export class FingerprintMap {
  #capacity = 1_024;
  #used = 0;
  #high = new Uint32Array(this.#capacity);
  #low = new Uint32Array(this.#capacity);
  /** Shifted by one: 0 marks a free place. */
  #numbers = new Uint32Array(this.#capacity);

  /** Remembers `number` (below 2^32 - 1) unless there is one already; gives the earlier one. */
  add(hex: string, number: number): number | undefined {
    const [high, low] = [parseInt(hex.slice(0, 8), 16), parseInt(hex.slice(8, 16), 16)];
    const place = this.#find(high, low);
    const earlier = this.#numbers[place]!;
    if (earlier !== 0) return earlier - 1;
    this.#high[place] = high;
    this.#low[place] = low;
    this.#numbers[place] = number + 1;
    if (++this.#used > this.#capacity * 0.75) this.#grow();
    return undefined;
  }

  /** Counts how often a fingerprint came: 1 the first time. */
  count(hex: string): number {
    const earlier = this.add(hex, 1);
    if (earlier === undefined) return 1;
    const place = this.#find(parseInt(hex.slice(0, 8), 16), parseInt(hex.slice(8, 16), 16));
    return this.#numbers[place]!++;
  }

  /** How often {@link count} came upon it. */
  counted(hex: string): number {
    const [high, low] = [parseInt(hex.slice(0, 8), 16), parseInt(hex.slice(8, 16), 16)];
    return Math.max(0, this.#numbers[this.#find(high, low)]! - 1);
  }

  /** The place of this fingerprint, or the free one where it belongs. */
  #find(high: number, low: number): number {
    const mask = this.#capacity - 1;
    let place = low & mask;
    while (this.#numbers[place] !== 0 && (this.#high[place] !== high || this.#low[place] !== low)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): void {
    const [high, low, numbers] = [this.#high, this.#low, this.#numbers];
    this.#capacity *= 2;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#numbers = new Uint32Array(this.#capacity);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === 0) continue;
      const place = this.#find(high[i]!, low[i]!);
      this.#high[place] = high[i]!;
      this.#low[place] = low[i]!;
      this.#numbers[place] = numbers[i]!;
    }
  }
}
