import type { PoolView } from "../../src/engine/types.ts";
import type { Item } from "./random_source.ts";
import type { RandomPool } from "./random_world.ts";
import { AdaptiveRule } from "./rules/adaptive_rule.ts";
import { BreakerRule } from "./rules/breaker_rule.ts";
import { BudgetRule } from "./rules/budget_rule.ts";
import { PauseRule } from "./rules/pause_rule.ts";
import { RateRule } from "./rules/rate_rule.ts";
import type { ComingBack, GoingOut, Rule, Wrong } from "./rules/rule.ts";

/** One pool as the simulation sees it: what is out, what waits, and the rules it has to keep to. */
export class SimulatedPool {
  /** Attempts that are out. */
  out = 0;
  /** Of fixed pools: pulled, and not yet begun for the first time or to be tried again. */
  readonly waiting = new Set<Item>();
  readonly pause: PauseRule;
  readonly breaker: BreakerRule | null;
  readonly adaptive: AdaptiveRule | null;
  readonly budget: BudgetRule | null;
  readonly #rules: Rule[];

  /** `look`: null for a member of a family, which the engine shows only summed up. */
  constructor(
    readonly name: string,
    readonly pool: RandomPool,
    readonly look: (() => PoolView) | null,
    readonly wrong: Wrong,
  ) {
    const { spec } = pool;
    this.pause = new PauseRule(wrong);
    const limit = look === null ? () => spec.limit : () => look().limit;
    const isFixed = spec.minLimit === undefined || spec.minLimit === spec.limit;
    this.breaker = spec.breaker === undefined ? null : new BreakerRule(spec.breaker, limit, wrong);
    this.adaptive = look === null || isFixed ? null : new AdaptiveRule(spec, look, wrong);
    // Under a rate an attempt goes out later than the budget was asked.
    this.budget = spec.retryBudget === false || spec.ratePerMs !== undefined ? null : new BudgetRule(wrong);
    const rate = spec.ratePerMs === undefined ? null : new RateRule(spec.ratePerMs, spec.burst!, wrong);
    this.#rules = [this.pause, this.breaker, this.adaptive, this.budget, rate].filter((rule) =>
      rule !== null
    );
  }

  /** @throws for a member of a family */
  get view(): PoolView {
    return this.look!();
  }

  takesSlot(now: number): void {
    for (const rule of this.#rules) rule.takesSlot?.(now);
  }

  goesOut(out: GoingOut): void {
    if (++this.out > this.pool.spec.limit) this.wrong(`${this.name} is over its limit`);
    for (const rule of this.#rules) rule.goesOut?.(out);
  }

  comesBack(back: ComingBack): void {
    this.out--;
    for (const rule of this.#rules) rule.comesBack?.(back);
  }
}
