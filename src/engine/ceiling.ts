import type { PoolState } from "./pool.ts";

/**
 * Shares the run's ceiling between pools. First come, first served would give a fast pool nothing while a slow one
 * holds every slot: each pool has a share, `ceiling × limit ÷ Σ limits`, at least 1. Beyond its share it gets a slot only
 * when no pool below its own waits, and one slot is kept for every live pool with nothing running.
 */
export class Ceiling<P> {
  total = 0;
  peak = 0;
  #limits = 0;
  readonly #pools = new Set<PoolState<P>>();
  /** Pools that wanted a slot and got none, oldest first. */
  readonly #waiting = new Set<PoolState<P>>();

  constructor(readonly limit: number) {}

  add(pool: PoolState<P>): void {
    this.#pools.add(pool);
    this.#limits += pool.limit;
  }

  remove(pool: PoolState<P>): void {
    if (this.#pools.delete(pool)) this.#limits -= pool.limit;
    this.#waiting.delete(pool);
  }

  /** An adaptive limit took a step. */
  resize(pool: PoolState<P>, limit: number): void {
    this.#limits += limit - pool.limit;
    pool.limit = limit;
  }

  /**
   * May this pool start one more? If not it is remembered until {@link next} names it. Every pool is first asked up to
   * its share, and only then for what is to spare.
   */
  admits(pool: PoolState<P>, upTo: "share" | "spare"): boolean {
    if (this.#limits <= this.limit) return true;
    const fits = pool.running < this.#share(pool) || (upTo === "spare" && this.#hasSpare(pool));
    if (this.total < this.limit && fits) {
      this.#waiting.delete(pool);
      return true;
    }
    this.#waiting.add(pool);
    return false;
  }

  /** Pools to look at now that a slot is free: those below their share first. */
  next(): PoolState<P>[] {
    if (this.#waiting.size === 0) return [];
    const below: PoolState<P>[] = [];
    const others: PoolState<P>[] = [];
    for (const pool of this.#waiting) (pool.running < this.#share(pool) ? below : others).push(pool);
    return below.concat(others);
  }

  forget(pool: PoolState<P>): void {
    this.#waiting.delete(pool);
  }

  #share(pool: PoolState<P>): number {
    return Math.max(1, Math.floor((this.limit * pool.limit) / this.#limits));
  }

  /** Those below their share were asked before. */
  #hasSpare(pool: PoolState<P>): boolean {
    return this.total + this.#keptFor(pool) < this.limit;
  }

  /** One slot for each other pool with nothing running: it may get work while all slots are held for minutes. */
  #keptFor(pool: PoolState<P>): number {
    if (this.#pools.size > this.limit) return 0;
    let count = 0;
    for (const other of this.#pools) if (other !== pool && other.running === 0) count++;
    return count;
  }
}
