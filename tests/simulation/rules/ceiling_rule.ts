import type { TaskSpec } from "../../../src/engine/types.ts";
import type { Item } from "../random_source.ts";
import type { SimulatedPool } from "../simulated_pool.ts";
import type { Wrong } from "./rule.ts";

/**
 * No slot stays free that somebody waits for, and none beyond a pool's share goes out while another waits below its own.
 * A pool's share is ceiling × limit ÷ Σ limits. Only fixed pools can be looked into.
 */
export class CeilingRule {
  /** Pools that had waited for the ceiling alone when all was quiet. */
  #hungry: SimulatedPool[] = [];

  constructor(
    readonly ceiling: number,
    readonly pools: readonly SimulatedPool[],
    readonly tasks: readonly TaskSpec<Item>[],
    /** Those of each task that have a slot. */
    readonly slots: readonly ReadonlySet<Item>[],
    readonly wrong: Wrong,
  ) {}

  /** All that could be done at this time has been done. */
  quiet(now: number): void {
    this.#hungry = this.pools.filter((pool) => this.#couldStart(pool, now));
    const starving = this.#hungry.find((pool) => pool.view.running < this.#share(pool));
    const free = this.#free;
    for (const pool of this.#hungry) {
      const mayHave = pool === starving ? free > 0 : starving === undefined && free > this.#keptFrom(pool);
      if (this.#isAmple || mayHave) {
        this.wrong(`${pool.name} has work and room, and started nothing beside ${pool.view.running}`);
      }
    }
  }

  /** It has just taken it. */
  takesSlot(pool: SimulatedPool, now: number): void {
    // Under a rate it may have had it for a while.
    if (pool.pool.spec.ratePerMs !== undefined) return;
    if (this.#isAmple || pool.view.running <= this.#share(pool)) return;
    const robbed = this.#hungry.find((other) =>
      other !== pool && other.view.running < this.#share(other) && this.#couldStart(other, now)
    );
    const free = this.#free;
    if (free < this.#keptFrom(pool)) {
      this.wrong(`${pool.name} took a slot beyond its share, and left ${free} for those with none`);
    }
    if (robbed) {
      this.wrong(`${pool.name} took a slot beyond its share, and ${robbed.name} waits below its own`);
    }
  }

  /** Whether nothing but the ceiling keeps it from starting something; no for one of which that cannot be said. */
  #couldStart(pool: SimulatedPool, now: number): boolean {
    const { running, limit, pausedUntil } = pool.view;
    if (running >= limit || pausedUntil > now || pool.pool.spec.ratePerMs !== undefined) return false;
    if (pool.breaker?.isClosed === false) return false;
    const isSpent = pool.budget !== null && pool.budget.retries > 200;
    for (const { task, dueAt, mayBePutOff } of pool.waiting) {
      const hasRoom = this.slots[task]!.size < (this.tasks[task]!.limit ?? Infinity);
      if (hasRoom && dueAt <= now && !(mayBePutOff && isSpent)) return true;
    }
    return false;
  }

  get #free(): number {
    return this.ceiling - this.pools.reduce((sum, pool) => sum + pool.view.running, 0);
  }

  get #limits(): number {
    return this.pools.reduce((sum, pool) => sum + pool.view.limit, 0);
  }

  get #isAmple(): boolean {
    return this.#limits <= this.ceiling;
  }

  #share({ view }: SimulatedPool): number {
    return Math.max(1, Math.floor((this.ceiling * view.limit) / this.#limits));
  }

  /** One slot is kept for each other pool with nothing running, where there are enough. */
  #keptFrom(pool: SimulatedPool): number {
    if (this.pools.length > this.ceiling) return 0;
    return this.pools.filter((other) => other !== pool && other.view.running === 0).length;
  }
}
