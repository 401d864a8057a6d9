import type { Ceiling } from "./ceiling.ts";
import { Lane, PoolState, type TaskState } from "./pool.ts";
import type { PoolSpec, PoolView } from "./types.ts";

/** A family has its idle pools looked through each time it has grown by so many. */
const sweepEvery = 1_000;

/** The pools of a run: those that were declared, and the members of families as they appear and go. */
export class PoolSet<P> {
  readonly all = new Set<PoolState<P>>();
  readonly #declared: (PoolState<P> | null)[];
  readonly #families = new Map<number, Map<string, PoolState<P>>>();
  /** What members of a family that are gone have left, by the family's position. */
  readonly #gone: {
    peak: number;
    throttled: number;
    retriesWithheld: number;
    pools: number;
  }[];

  constructor(readonly specs: readonly PoolSpec[], readonly ceiling: Ceiling<P>) {
    this.#declared = specs.map(() => null);
    this.#gone = specs.map(() => ({ peak: 0, throttled: 0, retriesWithheld: 0, pools: 0 }));
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
  laneOf(task: TaskState<P>, key: string, now: number): Lane<P> {
    const position = task.spec.pool;
    let family = this.#families.get(position);
    if (family === undefined) this.#families.set(position, family = new Map());
    let pool = family.get(key);
    if (pool === undefined) {
      if (family.size % sweepEvery === sweepEvery - 1) {
        for (const idle of [...family.values()]) this.dropIfIdle(idle, now);
      }
      family.set(key, pool = this.#add(new PoolState<P>(this.specs[position]!, key)));
    }
    return pool.lanes.find((lane) => lane.task === task) ?? addLane(task, pool);
  }

  /** A family's pool with nothing left is forgotten, so that a million origins are not a million pools. */
  dropIfIdle(pool: PoolState<P>, now: number): void {
    if (pool.running > 0 || pool.begun > 0 || Math.max(pool.pausedUntil, pool.arrival) > now) return;
    if (pool.breaker?.isProbing || pool.givenUp) return;
    if (pool.lanes.some((lane) => !lane.task.spec.family || lane.ready.length > 0)) return;
    const position = pool.lanes[0]?.task.spec.pool;
    if (position === undefined) return;
    this.#families.get(position)!.delete(pool.name);
    const gone = this.#gone[position]!;
    gone.peak = Math.max(gone.peak, pool.peak);
    gone.throttled += pool.throttled;
    gone.retriesWithheld += pool.retriesWithheld;
    gone.pools++;
    this.all.delete(pool);
    this.ceiling.remove(pool);
    for (const lane of pool.lanes) lane.task.lanes.splice(lane.task.lanes.indexOf(lane), 1);
  }

  /** By position of the declared pools; a family is one view. */
  views(): PoolView[] {
    return this.specs.map((spec, position) => {
      const declared = this.#declared[position];
      const members = [...(declared ? [declared] : []), ...(this.#families.get(position)?.values() ?? [])];
      const only = members.length === 1 ? members[0]! : null;
      const view = {
        name: spec.name,
        limit: only?.limit ?? spec.limit,
        running: 0,
        waiting: 0,
        pausedUntil: 0,
        limitHistory: only?.adaptive?.history ?? [],
        ...this.#gone[position]!,
      };
      for (const pool of members) {
        view.running += pool.running;
        view.peak = Math.max(view.peak, pool.peak);
        view.waiting += pool.waitingForRetry;
        view.pausedUntil = Math.max(view.pausedUntil, pool.pausedUntil);
        view.throttled += pool.throttled;
        view.retriesWithheld += pool.retriesWithheld;
        view.pools++;
      }
      return view;
    });
  }

  #add(pool: PoolState<P>): PoolState<P> {
    this.all.add(pool);
    this.ceiling.add(pool);
    return pool;
  }
}

function addLane<P>(task: TaskState<P>, pool: PoolState<P>): Lane<P> {
  const lane = new Lane(task, pool);
  task.lanes.push(lane);
  pool.lanes.push(lane);
  return lane;
}
