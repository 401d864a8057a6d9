import type { GoingOut, Rule, Wrong } from "./rule.ts";

/**
 * Retries are a fifth of the first attempts of the last ten seconds, and 250 and one a second besides. Held against every
 * window that begins with one retry and ends with another.
 */
export class BudgetRule implements Rule {
  retries = 0;
  /** When each first attempt began, and each retry. */
  readonly #firsts: number[] = [];
  readonly #again: number[] = [];

  constructor(readonly wrong: Wrong) {}

  /** A first attempt begins. */
  begins(now: number): void {
    this.#firsts.push(now);
  }

  goesOut({ now, isRetry }: GoingOut): void {
    if (!isRetry) return;
    this.#again.push(now);
    this.retries++;
  }

  /** Once, when all is over. */
  check(): void {
    // Below the floor no window can be wrong.
    if (this.#again.length <= 250) return;
    this.#again.forEach((from, i) => {
      let next = this.#firsts.findIndex((at) => at >= from - 10_000);
      if (next < 0) next = this.#firsts.length;
      const before = next;
      for (let j = i + 250; j < this.#again.length; j++) {
        const to = this.#again[j]!;
        while (next < this.#firsts.length && this.#firsts[next]! <= to) next++;
        const allowed = 0.2 * (next - before) + 251 + (to - from) / 1_000;
        if (j - i + 1 > allowed + 1e-6) {
          return this.wrong(`${j - i + 1} retries from ${from} to ${to}, not ${allowed}`);
        }
      }
    });
  }
}
