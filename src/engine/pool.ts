import { AdaptiveLimit } from "./adaptive_limit.ts";
import { Breaker } from "./breaker.ts";
import type { AttemptCall } from "./call.ts";
import { TimeHeap } from "./heap.ts";
import { Pacer } from "./pacer.ts";
import { putOffLimitMs, RetryBudget } from "./retry_budget.ts";
import type { PoolSpec, TaskRun, TaskSpec } from "./types.ts";

/** A task while its runs are handed out. */
export class TaskState<P> {
  readonly lanes: Lane<P>[] = [];
  running = 0;
  /** Pulled and waiting for a first slot, over all lanes. */
  readyCount = 0;
  /** A pull is under way. */
  pulling = false;
  exhausted = false;

  constructor(readonly position: number, readonly spec: TaskSpec<P>) {}

  get hasRoom(): boolean {
    return this.running < (this.spec.limit ?? Infinity);
  }
}

/** One task's runs in one pool. */
export class Lane<P> {
  /** Pulled, in input order, waiting for a first slot. */
  readonly ready: TaskRun<P>[] = [];
  /** Failed, to be tried again as far as the retry budget goes. */
  readonly retries = new TimeHeap<TaskRun<P>>();
  /** To be tried again whatever the budget: polls, failed probes, what the machine had no descriptor for. */
  readonly again = new TimeHeap<TaskRun<P>>();

  constructor(readonly task: TaskState<P>, readonly pool: PoolState<P>) {}
}

/** An attempt that has its slot but did not go out yet. */
export interface Unsent<P> {
  readonly lane: Lane<P>;
  readonly run: TaskRun<P>;
  readonly call: AttemptCall;
}

/** A pool while it runs. Invariant: `running` = `calls.length` ≤ `limit` at every start. */
export class PoolState<P> {
  readonly name: string;
  limit: number;
  readonly lanes: Lane<P>[] = [];
  readonly calls: AttemptCall[] = [];
  /** Attempts holding a slot. */
  running = 0;
  /** Task runs whose first attempt began and that have not ended. */
  begun = 0;
  peak = 0;
  throttled = 0;
  unavailable = 0;
  /** Runs that ended because the retry budget put them off for too long. */
  retriesWithheld = 0;
  pausedUntil = 0;
  /** The end of the last pause that a server asked for; what has its slot already stays in until then, too. */
  askedUntil = 0;
  /** After a server's pause starts come one by one until then, so that they do not all come back at once. */
  spreadUntil = 0;
  /** Between two starts while they are spread, on average. */
  spreadGapMs = 0;
  /** When attempts take a slot; null without a rate. */
  readonly starts: Pacer | null = null;
  /** When they go out, which is later for those whose begin had to be recorded first. */
  readonly sends: Pacer | null = null;
  /** Begun, and waiting for their turn to go out; in order. */
  readonly unsent: Unsent<P>[] = [];
  /** Null: retries are never put off. */
  readonly budget: RetryBudget | null;
  readonly breaker: Breaker | null;
  readonly adaptive: AdaptiveLimit | null;
  /** Which lane is asked first. */
  turn = 0;
  /** In the engine's list of pools to look at. */
  dirty = false;

  constructor(readonly spec: PoolSpec, name = spec.name) {
    this.name = name;
    this.adaptive = spec.minLimit === undefined || spec.minLimit === spec.limit
      ? null
      : new AdaptiveLimit({ min: spec.minLimit, max: spec.limit });
    this.limit = this.adaptive?.limit ?? spec.limit;
    this.breaker = spec.breaker === undefined ? null : new Breaker(spec.breaker);
    this.budget = spec.retryBudget === false ? null : new RetryBudget();
    if (spec.ratePerMs !== undefined) {
      this.starts = new Pacer(spec.ratePerMs, spec.burst ?? 1);
      this.sends = new Pacer(spec.ratePerMs, spec.burst ?? 1);
    }
  }

  /**
   * Runs that have begun and not ended are bounded, or a storm of failures with long waits would put every input in
   * memory: past this no first attempt starts until a retry has ended. The bound is wide, since retries that the budget
   * puts off are among them, and hold up everything behind them for half a minute once it is reached.
   */
  get begunLimit(): number {
    return Math.max(4_096, 16 * this.limit);
  }

  /** The breaker gave up: what is left is skipped. */
  get givenUp(): boolean {
    return this.breaker !== null && this.breaker.hasGivenUp;
  }

  get waitingForRetry(): number {
    let count = 0;
    for (const lane of this.lanes) count += lane.retries.size + lane.again.size;
    return count;
  }
}

/** What a pool should do now. */
export type Decision<P> =
  | { readonly start: Lane<P>; readonly from: "ready" | "retries" | "again" }
  /** Its earliest retry was put off for too long: end it. */
  | { readonly withhold: Lane<P> }
  /** Nothing to start before this time; Infinity: until something happens. */
  | { readonly lookAgainAt: number };

const whenSomethingHappens = { lookAgainAt: Infinity };

/**
 * Pure: retries that are due come first, then new runs, the lanes in turn. But while the breaker doubts the target, new
 * runs come first: to find out takes twenty failures, which may cost one run no more than one of its attempts.
 */
export function decide<P>(pool: PoolState<P>, now: number): Decision<P> {
  const { breaker, budget } = pool;
  if (pool.running >= pool.limit) return whenSomethingHappens;
  if (breaker !== null && pool.running >= breaker.allowance(now, pool.limit)) {
    return breaker.openUntil > now ? { lookAgainAt: breaker.openUntil } : whenSomethingHappens;
  }
  // Until then it was not the budget that put retries off.
  const heldUntil = Math.max(pool.pausedUntil, breaker?.openUntil ?? 0);
  let due: Lane<P> | undefined;
  let dueFrom: "again" | "retries" = "again";
  let fresh: Lane<P> | undefined;
  let spared: Lane<P> | undefined;
  let earliest = Infinity;
  const count = pool.lanes.length;
  for (let i = 0; i < count && due === undefined; i++) {
    const lane = pool.lanes[(pool.turn + i) % count]!;
    if (!lane.task.hasRoom) continue;
    const againAt = lane.again.earliest;
    const retryAt = lane.retries.earliest;
    if (againAt <= now) due = lane;
    else if (retryAt <= now) {
      if (budget === null || budget.hasRoom(now)) {
        if (breaker?.isDoubting) spared ??= lane;
        else [due, dueFrom] = [lane, "retries"];
      } else if (now - Math.max(retryAt, heldUntil) > putOffLimitMs) return { withhold: lane };
      else earliest = Math.min(earliest, againAt, budget.nextChange(now));
    } else earliest = Math.min(earliest, againAt, retryAt);
    if (fresh === undefined && lane.ready.length > 0 && pool.begun < pool.begunLimit) fresh = lane;
  }
  const start = due ?? fresh ?? spared;
  if (start === undefined) return { lookAgainAt: earliest };
  if (now < pool.pausedUntil) return { lookAgainAt: pool.pausedUntil };
  if (pool.starts !== null && pool.starts.nextAt > now) return { lookAgainAt: pool.starts.nextAt };
  return { start, from: start === due ? dueFrom : start === fresh ? "ready" : "retries" };
}
