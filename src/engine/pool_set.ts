import type { Ceiling } from "./ceiling.ts";
import { Lane, PoolState, type TaskState } from "./pool.ts";
import type { PoolSpec, PoolView } from "./types.ts";

/** So many idle pools of a family keep what they have learnt; of those idle for longest only the sums stay. */
const restingLimit = 1_000;

/** The pools of a run: those that were declared, and the members of families as they appear and go. */
export class PoolSet<P> {
  readonly all = new Set<PoolState<P>>();
  readonly #declared: (PoolState<P> | null)[];
  readonly #families: (Family<P> | null)[];

  constructor(readonly specs: readonly PoolSpec[], readonly ceiling: Ceiling<P>) {
    this.#declared = specs.map(() => null);
    this.#families = specs.map(() => null);
  }

  /** The task's lane in its own pool. */
  addFixed(task: TaskState<P>): Lane<P> {
    const position = task.spec.pool;
    let pool = this.#declared[position];
    if (pool === null || pool === undefined) {
      this.#declared[position] = pool = this.#add(new PoolState<P>(this.specs[position]!));
    }
    return addLane(task, pool);
  }

  /** The task's lane in the family's pool of this key, which is made when it is not there. */
  laneOf(task: TaskState<P>, key: string): Lane<P> {
    const position = task.spec.pool;
    const family: Family<P> = this.#families[position] ??= {
      busy: new Map(),
      resting: new Map(),
      gone: nothing,
    };
    const pool = family.busy.get(key) ?? this.#wake(family, key, this.specs[position]!);
    return pool.lanes.find((lane) => lane.task === task) ?? addLane(task, pool);
  }

  /**
   * A family's pool with nothing to do takes no part any more, and its place under the ceiling goes to others. It keeps
   * what it knows of its target for a while; a million origins are not a million pools.
   */
  restIfIdle(pool: PoolState<P>, now: number): void {
    if (pool.running > 0 || pool.begun > 0) return;
    if (Math.max(pool.pausedUntil, pool.starts?.forgottenAt ?? 0) > now) return;
    if (pool.breaker?.isProbing || pool.givenUp) return;
    if (pool.lanes.some((lane) => !lane.task.spec.family || lane.ready.length > 0)) return;
    const position = pool.lanes[0]?.task.spec.pool;
    if (position === undefined) return;
    this.all.delete(pool);
    this.ceiling.remove(pool);
    for (const lane of pool.lanes.splice(0)) lane.task.lanes.splice(lane.task.lanes.indexOf(lane), 1);
    const family = this.#families[position]!;
    family.busy.delete(pool.name);
    family.resting.set(pool.name, pool);
    if (family.resting.size <= restingLimit) return;
    const [oldestName, oldest] = family.resting.entries().next().value!;
    family.resting.delete(oldestName);
    family.gone = addSums(family.gone, sumsOf(oldest, now));
  }

  /** By position of the declared pools; a family is one view. */
  views(now: number): PoolView[] {
    return this.specs.map((spec, position) => {
      const declared = this.#declared[position];
      const family = this.#families[position];
      const members = [
        ...(declared ? [declared] : []),
        ...(family?.busy.values() ?? []),
        ...(family?.resting.values() ?? []),
      ];
      const sums = members.reduce((sum, pool) => addSums(sum, sumsOf(pool, now)), family?.gone ?? nothing);
      const only = sums.pools === 1 ? members[0]! : null;
      return {
        name: spec.name,
        limit: only?.limit ?? spec.limit,
        running: members.reduce((sum, pool) => sum + pool.running, 0),
        waiting: members.reduce((sum, pool) => sum + pool.waitingForRetry, 0),
        pausedUntil: members.reduce((latest, pool) => Math.max(latest, pool.pausedUntil), 0),
        limitHistory: only?.adaptive?.history ?? [],
        ...sums,
      };
    });
  }

  #wake(family: Family<P>, key: string, spec: PoolSpec): PoolState<P> {
    const pool = this.#add(family.resting.get(key) ?? new PoolState<P>(spec, key));
    family.resting.delete(key);
    family.busy.set(key, pool);
    return pool;
  }

  #add(pool: PoolState<P>): PoolState<P> {
    this.all.add(pool);
    this.ceiling.add(pool);
    return pool;
  }
}

/** Pools of one shape, by key. Invariant: `busy` are those in {@link PoolSet.all}. */
interface Family<P> {
  readonly busy: Map<string, PoolState<P>>;
  /** Without lanes; the one that is idle for longest first. */
  readonly resting: Map<string, PoolState<P>>;
  /** What those left that are forgotten. */
  gone: Sums;
}

/** What a pool's past comes to. */
type Sums = Pick<PoolView, "peak" | "throttled" | "unavailable" | "retriesWithheld" | "pools" | "breaker">;

const nothing: Sums = { peak: 0, throttled: 0, unavailable: 0, retriesWithheld: 0, pools: 0, breaker: null };

function sumsOf<P>(pool: PoolState<P>, now: number): Sums {
  const { peak, throttled, unavailable, retriesWithheld, breaker } = pool;
  return { peak, throttled, unavailable, retriesWithheld, pools: 1, breaker: breaker?.account(now) ?? null };
}

function addSums(a: Sums, b: Sums): Sums {
  return {
    peak: Math.max(a.peak, b.peak),
    throttled: a.throttled + b.throttled,
    unavailable: a.unavailable + b.unavailable,
    retriesWithheld: a.retriesWithheld + b.retriesWithheld,
    pools: a.pools + b.pools,
    breaker: a.breaker && b.breaker
      ? { openings: a.breaker.openings + b.breaker.openings, openMs: a.breaker.openMs + b.breaker.openMs }
      : a.breaker ?? b.breaker,
  };
}

function addLane<P>(task: TaskState<P>, pool: PoolState<P>): Lane<P> {
  const lane = new Lane(task, pool);
  task.lanes.push(lane);
  pool.lanes.push(lane);
  return lane;
}
