import type { GoingOut, Rule, Wrong } from "./rule.ts";

/**
 * No window from one attempt to another sees more than rate × length + burst of them. For attempts i ≤ j this is
 * j − i + 1 ≤ rate · (tⱼ − tᵢ) + burst: to hold j against every i it is enough to know the least of i − rate · tᵢ.
 */
export class RateRule implements Rule {
  #count = 0;
  #least = Infinity;

  constructor(readonly perMs: number, readonly burst: number, readonly wrong: Wrong) {}

  goesOut({ now, name }: GoingOut): void {
    const place = this.#count++ - this.perMs * now;
    this.#least = Math.min(this.#least, place);
    if (place - this.#least + 1 > this.burst + 1e-6) this.wrong(`${name} went out beyond the rate`);
  }
}
