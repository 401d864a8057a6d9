/**
 * The heart: one loop that gives every pool what it has room for, over lazy sources, and ends every task run exactly once.
 *
 * It is event-driven: something ends, a time comes, a source wakes up; the pools concerned are marked and looked at
 * together in one turn. What to do is decided by `decide` (pure); only this file acts. A retry waits outside its slot, a
 * timed-out attempt keeps its slot until its work has really stopped.
 *
 * Deliberately absent: HTTP, YAML, files, journals, processes, real time.
 */
import type { Ending, RunError } from "../model/outcome.ts";
import type { CancelReason, Failure, Verdict } from "../model/verdict.ts";
import { writtenDuration } from "../model/written.ts";
import { backoffMs } from "./backoff.ts";
import { AttemptCall } from "./call.ts";
import { Ceiling } from "./ceiling.ts";
import { Deadlines } from "./deadlines.ts";
import { decide, Lane, PoolState, TaskState } from "./pool.ts";
import type {
  Attempt,
  EngineClock,
  EngineHooks,
  PoolSpec,
  PoolView,
  Pulled,
  Stop,
  TaskRun,
  TaskSpec,
} from "./types.ts";

/** How far a task that feeds many pools is read ahead. */
const familyLookAhead = 1_000;
/** After this long without giving up the thread, the next turn is a macrotask. */
const sliceMs = 10;
/** Between two tries of an attempt for which the machine had no descriptor or process. */
const backpressureMs = 100;
/** With nothing else running, lack of descriptors or processes is taken for permanent after this long. */
const backpressureLimitMs = 30_000;

export interface EngineOptions<P> {
  readonly pools: readonly PoolSpec[];
  readonly tasks: readonly TaskSpec<P>[];
  /** Attempts in flight over all pools; default none. */
  readonly ceiling?: number;
  /** Monotonic; no retry is begun whose wait would end after it. Default none. */
  readonly deadline?: number;
  readonly clock: EngineClock;
  readonly hooks: EngineHooks<P>;
}

export interface Engine {
  /** Resolves when every source is exhausted and every pulled run has ended. Rejects only for a source or hook that threw. */
  readonly done: Promise<void>;
  /** A source that gave `undefined` has something now. */
  wake(): void;
  /** May be called again with a harder way; never waits. */
  stop(stop: Stop): void;
  /** By position in `options.pools`; a family is one view, summed over its pools. */
  pools(): PoolView[];
}

/** Starts at once (in a microtask). */
export function runEngine<P>(options: EngineOptions<P>): Engine {
  const { clock, hooks } = options;
  const runDeadline = options.deadline ?? Infinity;
  const deadlines = new Deadlines();
  const ceiling = new Ceiling<P>(options.ceiling ?? Infinity);
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();

  const fixedPools = options.pools.map((spec) => new PoolState<P>(spec));
  const families = new Map<number, Map<string, PoolState<P>>>();
  const tasks = options.tasks.map((spec, position) => new TaskState(position, spec));
  const pools = new Set<PoolState<P>>();
  const familySums = options.pools.map(() => ({ peak: 0, fullMs: 0, throttled: 0, retriesWithheld: 0 }));

  let dirty: PoolState<P>[] = [];
  let turnQueued = false;
  let sliceStart = clock.now();
  let armedAt = Infinity;
  let live = 0;
  let openTasks = tasks.length;
  let finished = false;
  let stopped: Stop | undefined;
  let hardAt = Infinity;
  /** Pools whose `lookAgainAt` is ahead. */
  const sleeping = new Map<PoolState<P>, number>();

  for (const task of tasks) {
    if (task.spec.family) {
      if (!families.has(task.spec.pool)) families.set(task.spec.pool, new Map());
      continue;
    }
    const pool = fixedPools[task.spec.pool]!;
    addPool(pool);
    addLane(task, pool);
  }
  queueTurn();
  return { done, wake, stop, pools: view };

  // ── turns ──────────────────────────────────────────────────────────────────────────────────────────────────────

  function wake(): void {
    for (const pool of pools) mark(pool);
    queueTurn();
  }

  function mark(pool: PoolState<P>): void {
    if (pool.dirty) return;
    pool.dirty = true;
    dirty.push(pool);
  }

  function queueTurn(): void {
    if (turnQueued || finished) return;
    turnQueued = true;
    if (clock.now() - sliceStart < sliceMs) queueMicrotask(guardedTurn);
    else {
      clock.soon(() => {
        sliceStart = clock.now();
        guardedTurn();
      });
    }
  }

  function guardedTurn(): void {
    turnQueued = false;
    try {
      turn();
    } catch (error) {
      fail(error);
    }
  }

  function turn(): void {
    if (finished) return;
    if (stopped) {
      for (const task of tasks) if (!task.exhausted && !task.pulling) pullRest(task);
    } else {
      for (const task of tasks) if (task.spec.family) pullFamily(task);
      while (dirty.length > 0 && !stopped) {
        const batch = dirty;
        dirty = [];
        for (const pool of batch) {
          pool.dirty = false;
          startWhatFits(pool, "share");
        }
        for (const task of tasks) if (task.spec.family) pullFamily(task);
        if (clock.now() - sliceStart > sliceMs) break;
      }
      if (dirty.length > 0) queueTurn();
      else for (const pool of ceiling.next()) startWhatFits(pool, "spare");
    }
    rearm();
    if (openTasks === 0 && live === 0) finish();
  }

  function tick(): void {
    armedAt = Infinity;
    const now = clock.now();
    sliceStart = now;
    deadlines.expire(now, (call) => call.cancel(expiry(call)));
    for (const [pool, at] of sleeping) {
      if (at > now) continue;
      sleeping.delete(pool);
      mark(pool);
    }
    if (hardAt <= now) cancelAll(stopped!);
    guardedTurn();
  }

  function rearm(): void {
    let at = Math.min(deadlines.earliest, hardAt);
    for (const time of sleeping.values()) if (time < at) at = time;
    if (at === armedAt) return;
    armedAt = at;
    if (at === Infinity) clock.disarm();
    else clock.arm(at, tick);
  }

  function finish(): void {
    finished = true;
    clock.disarm();
    resolve();
  }

  function fail(error: unknown): void {
    if (finished) return;
    finished = true;
    clock.disarm();
    reject(error);
  }

  // ── pulling ────────────────────────────────────────────────────────────────────────────────────────────────────

  function pullInto(lane: Lane<P>): void {
    pullWhile(lane.task, () => lane.ready.length === 0 && lane.task.hasRoom);
  }

  function pullFamily(task: TaskState<P>): void {
    pullWhile(task, () => task.readyCount < familyLookAhead);
  }

  /** After a stop: what was never pulled is named, so that every input has an outcome. */
  function pullRest(task: TaskState<P>): void {
    pullWhile(task, () => true);
  }

  function pullWhile(task: TaskState<P>, wanted: () => boolean): void {
    while (!task.exhausted && !task.pulling && wanted()) {
      const got = task.spec.source.pull();
      if (got instanceof Promise) return waitFor(task, got);
      if (!accept(task, got)) return;
      if (clock.now() - sliceStart > sliceMs) {
        for (const lane of task.lanes) mark(lane.pool);
        return queueTurn();
      }
    }
  }

  function waitFor(task: TaskState<P>, promise: Promise<Pulled<P> | null | undefined>): void {
    task.pulling = true;
    promise.then((got) => {
      task.pulling = false;
      accept(task, got);
      for (const lane of task.lanes) mark(lane.pool);
      queueTurn();
    }).catch(fail);
  }

  /** False when there is nothing (now, or any more). */
  function accept(task: TaskState<P>, got: Pulled<P> | null | undefined): boolean {
    if (got === undefined) return false;
    if (got === null) {
      task.exhausted = true;
      openTasks--;
      if (openTasks === 0 && live === 0) queueTurn();
      return false;
    }
    const run: TaskRun<P> = {
      task: task.position,
      payload: got.payload,
      pulledAt: clock.now(),
      startedAt: NaN,
      attemptCount: 0,
      attempts: [],
    };
    live++;
    if (got.ending !== undefined) end(run, got.ending);
    else if (stopped) end(run, { outcome: "not_run" });
    else {
      const lane = laneFor(task, got.poolKey);
      if (lane.pool.givenUp) {
        end(run, circuitOpen);
        return true;
      }
      lane.ready.push(run);
      task.readyCount++;
      if (task.spec.family) mark(lane.pool);
    }
    return true;
  }

  function laneFor(task: TaskState<P>, key: string | undefined): Lane<P> {
    if (!task.spec.family) return task.lanes[0]!;
    const family = families.get(task.spec.pool)!;
    const name = key ?? "";
    let pool = family.get(name);
    if (pool === undefined) {
      if (family.size % familyLookAhead === familyLookAhead - 1) {
        for (const idle of [...family.values()]) dropIfIdle(idle);
      }
      const spec = options.pools[task.spec.pool]!;
      family.set(name, pool = new PoolState<P>(spec, name));
      addPool(pool);
    }
    return pool.lanes.find((lane) => lane.task === task) ?? addLane(task, pool);
  }

  function addPool(pool: PoolState<P>): void {
    if (pools.has(pool)) return;
    pools.add(pool);
    ceiling.add(pool);
    mark(pool);
  }

  function addLane(task: TaskState<P>, pool: PoolState<P>): Lane<P> {
    const lane = new Lane(task, pool);
    task.lanes.push(lane);
    pool.lanes.push(lane);
    return lane;
  }

  /** A family's pool with nothing left is forgotten, so that a million origins are not a million pools. */
  function dropIfIdle(pool: PoolState<P>): void {
    if (pool.running > 0 || pool.begun > 0) return;
    if (Math.max(pool.pausedUntil, pool.arrival) > clock.now()) return;
    if (pool.lanes.some((lane) => !lane.task.spec.family || lane.ready.length > 0)) return;
    const patternPosition = pool.lanes[0]?.task.spec.pool;
    if (patternPosition === undefined) return;
    families.get(patternPosition)!.delete(pool.name);
    const sums = familySums[patternPosition]!;
    sums.peak = Math.max(sums.peak, pool.peak);
    sums.fullMs += pool.fullMs;
    sums.throttled += pool.throttled;
    sums.retriesWithheld += pool.retriesWithheld;
    pools.delete(pool);
    ceiling.remove(pool);
    sleeping.delete(pool);
    for (const lane of pool.lanes) lane.task.lanes.splice(lane.task.lanes.indexOf(lane), 1);
  }

  // ── starting ───────────────────────────────────────────────────────────────────────────────────────────────────

  function startWhatFits(pool: PoolState<P>, upTo: "share" | "spare"): void {
    while (!stopped) {
      if (pool.running < pool.limit) {
        for (const lane of pool.lanes) if (!lane.task.spec.family) pullInto(lane);
      }
      const now = clock.now();
      const decision = decide(pool, now);
      if ("lookAgainAt" in decision) {
        if (decision.lookAgainAt === Infinity) sleeping.delete(pool);
        else sleeping.set(pool, decision.lookAgainAt);
        ceiling.forget(pool);
        noteFull(pool, now);
        return;
      }
      if ("withhold" in decision) {
        withhold(decision.withhold);
        continue;
      }
      if (!ceiling.admits(pool, upTo)) return;
      pool.turn = (pool.lanes.indexOf(decision.start) + 1) % pool.lanes.length;
      if (pool.ratePerMs > 0) pool.arrival = Math.max(pool.arrival, now) + 1 / pool.ratePerMs;
      const lane = decision.start;
      if (decision.from !== "ready") startAgain(lane, decision.from, now);
      else {
        pool.budget?.noteFirst(now);
        lane.task.readyCount--;
        start(lane, lane.ready.shift()!, now);
      }
    }
  }

  /** It may have waited for a slot past its total timeout. */
  function startAgain(lane: Lane<P>, from: "retries" | "again", now: number): void {
    const run = lane[from].pop();
    const { totalMs } = lane.task.spec;
    const last = run.attempts.at(-1);
    if (last?.error && totalMs !== null && now >= run.startedAt + totalMs) {
      return endBegun(lane.pool, run, lastFailure(last, "no time was left for another attempt"), null);
    }
    if (from === "retries") lane.pool.budget?.noteRetry(now);
    start(lane, run, now);
  }

  function withhold(lane: Lane<P>): void {
    const run = lane.retries.pop();
    lane.pool.retriesWithheld++;
    const why = "the target's retry budget put off another attempt for too long";
    endBegun(lane.pool, run, lastFailure(run.attempts.at(-1)!, why), null);
  }

  function noteFull(pool: PoolState<P>, now: number): void {
    const isFull = pool.running >= pool.limit && pool.lanes.some((lane) => lane.ready.length > 0);
    if (isFull && Number.isNaN(pool.fullSince)) pool.fullSince = now;
    else if (!isFull && !Number.isNaN(pool.fullSince)) {
      pool.fullMs += now - pool.fullSince;
      pool.fullSince = NaN;
    }
  }

  function start(lane: Lane<P>, run: TaskRun<P>, now: number): void {
    const { pool, task } = lane;
    const isFirst = run.attemptCount === 0;
    if (Number.isNaN(run.startedAt)) {
      run.startedAt = now;
      pool.begun++;
    }
    run.attemptCount++;
    pool.running++;
    task.running++;
    ceiling.total++;
    if (pool.running > pool.peak) pool.peak = pool.running;
    if (ceiling.total > ceiling.peak) ceiling.peak = ceiling.total;

    const call = new AttemptCall(now, run.attemptCount);
    call.slot = pool.calls.push(call) - 1;
    call.isProbe = pool.breaker?.isProbing ?? false;
    watchTime(call, task.spec, run);

    const begun = isFirst ? hooks.begin?.(run) : undefined;
    if (begun === undefined) return perform(lane, run, call);
    begun.then(() => {
      if (call.cancelled === undefined) perform(lane, run, call);
      else settle(lane, run, call, neverPerformed(call.cancelled));
    }).catch(fail);
  }

  function watchTime(call: AttemptCall, spec: TaskSpec<P>, run: TaskRun<P>): void {
    const attemptMs = spec.attemptMs ?? Infinity;
    const totalLeft = spec.totalMs === null ? Infinity : run.startedAt + spec.totalMs - call.startedAt;
    if (attemptMs <= totalLeft) {
      if (attemptMs !== Infinity) deadlines.add(call, attemptMs, true);
    } else deadlines.add(call, totalLeft, run.attemptCount === 1);
  }

  function expiry(call: AttemptCall): CancelReason {
    const ms = Math.round(call.deadline - call.startedAt);
    return { code: "timeout", message: `the attempt was ended after ${writtenDuration(ms)}` };
  }

  function perform(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall): void {
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = hooks.perform(run, call);
    } catch (error) {
      verdict = internalFailure(error);
    }
    if (verdict instanceof Promise) {
      verdict.then(
        (settled) => settle(lane, run, call, settled),
        (error) => settle(lane, run, call, internalFailure(error)),
      ).catch(fail);
    } else {
      const settled = verdict;
      queueMicrotask(() => {
        try {
          settle(lane, run, call, settled);
        } catch (error) {
          fail(error);
        }
      });
    }
  }

  // ── settling ───────────────────────────────────────────────────────────────────────────────────────────────────

  function settle(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall, verdict: Verdict): void {
    const { pool, task } = lane;
    const now = clock.now();
    noteHealth(pool, call, verdict, now);
    release(pool, task, call);
    if (verdict.kind === "backpressure") waitForMachine(lane, run, verdict.message, now);
    else {
      const attempt = recordAttempt(run, call, verdict, now);
      if (verdict.kind === "ok") {
        hooks.attempted?.(run, attempt, null);
        endBegun(pool, run, { outcome: "ok" }, verdict.output);
      } else judgeFailure(lane, run, call, attempt, verdict, now);
    }
    mark(pool);
    if (task.spec.limit !== undefined) { for (const other of task.lanes) mark(other.pool); }
    if (task.spec.family) dropIfIdle(pool);
    queueTurn();
  }

  /** Tells the breaker and the adaptive limit; an attempt that the run cut off says nothing of the target. */
  function noteHealth(pool: PoolState<P>, call: AttemptCall, verdict: Verdict, now: number): void {
    if (
      verdict.kind === "backpressure" || (call.cancelled !== undefined && call.cancelled.code !== "timeout")
    ) return;
    const isHealthy = verdict.kind === "ok" || !(verdict.unhealthy || isTimeout(call, verdict));
    pool.breaker?.record(isHealthy, call.isProbe, now, pool.limit);
    if (pool.adaptive === null) return;
    const isLoss = !isHealthy || (verdict.kind === "failed" && verdict.throttled === true);
    const limit = pool.adaptive.record(now - call.startedAt, isLoss, pool.running, now);
    if (limit !== pool.limit) {
      ceiling.resize(pool, limit);
      mark(pool);
    }
  }

  function release(pool: PoolState<P>, task: TaskState<P>, call: AttemptCall): void {
    call.settled = true;
    deadlines.remove(call);
    const last = pool.calls.pop()!;
    if (last !== call) {
      pool.calls[call.slot] = last;
      last.slot = call.slot;
    }
    pool.running--;
    task.running--;
    ceiling.total--;
  }

  function recordAttempt(
    run: TaskRun<P>,
    call: AttemptCall,
    verdict: Exclude<Verdict, { kind: "backpressure" }>,
    now: number,
  ): Attempt {
    const error = verdict.kind === "ok" ? null : errorOf(call, verdict);
    const outcome = verdict.kind === "ok"
      ? "ok"
      : call.cancelled !== undefined && call.cancelled.code !== "timeout"
      ? "cancelled"
      : isTimeout(call, verdict)
      ? "timed_out"
      : "failed";
    const attempt: Attempt = { startedAt: call.startedAt, durationMs: now - call.startedAt, outcome, error };
    run.attempts.push(attempt);
    return attempt;
  }

  function judgeFailure(
    lane: Lane<P>,
    run: TaskRun<P>,
    call: AttemptCall,
    attempt: Attempt,
    failure: Failure,
    now: number,
  ): void {
    const { pool } = lane;
    const spec = lane.task.spec;
    if (failure.throttled) pool.throttled++;
    if (failure.retryAfterMs !== undefined) {
      pool.pausedUntil = Math.max(pool.pausedUntil, now + failure.retryAfterMs);
    }
    const error = attempt.error!;
    const output = failure.output ?? null;
    const finish = (ending: Ending) => {
      hooks.attempted?.(run, attempt, null);
      endBegun(pool, run, ending, output);
    };
    if (attempt.outcome === "cancelled") return finish({ outcome: "cancelled", error });
    if (call.isProbe && error.retryable && !stopped) return afterProbe(lane, run, attempt, failure, now);
    const outcome = attempt.outcome === "timed_out" ? "timed_out" : "failed";
    if (!error.retryable || run.attemptCount >= spec.retry.attempts) return finish({ outcome, error });
    if (stopped) return finish({ outcome: "cancelled", error });

    const random = hooks.random(run, run.attemptCount);
    const wait = backoffMs(spec.retry, run.attemptCount, random, failure.retryAfterMs);
    const limit = Math.min(runDeadline, spec.totalMs === null ? Infinity : run.startedAt + spec.totalMs);
    if (now + wait >= limit) {
      const why = failure.retryAfterMs !== undefined && now + failure.retryAfterMs >= limit
        ? `the server asked to wait ${writtenDuration(failure.retryAfterMs)}, longer than the time left`
        : `no time was left for another attempt`;
      return finish({ outcome, error: { ...error, message: `${error.message}; ${why}` } });
    }
    hooks.attempted?.(run, attempt, wait);
    (failure.isPoll ? lane.again : lane.retries).push(now + wait, run);
  }

  /** A probe that failed: its run waits for the next one, unless the breaker has given up. */
  function afterProbe(lane: Lane<P>, run: TaskRun<P>, attempt: Attempt, failure: Failure, now: number): void {
    const { pool } = lane;
    if (pool.breaker!.hasGivenUp(now)) {
      hooks.attempted?.(run, attempt, null);
      endBegun(pool, run, lastFailure(attempt, "the target did not come back"), failure.output ?? null);
      return giveUp(pool);
    }
    run.attemptCount--;
    hooks.attempted?.(run, attempt, Math.max(0, pool.breaker!.openUntil - now));
    lane.again.push(now, run);
  }

  /** The breaker has waited long enough: everything that is left for this pool is skipped. */
  function giveUp(pool: PoolState<P>): void {
    pool.givenUp = true;
    for (const lane of pool.lanes) {
      for (const run of lane.ready.splice(0)) {
        lane.task.readyCount--;
        end(run, circuitOpen);
      }
      for (const run of takeWaiting(lane)) {
        endBegun(
          pool,
          run,
          run.attempts.length > 0
            ? lastFailure(run.attempts.at(-1)!, "the target did not come back")
            : circuitOpen,
          null,
        );
      }
    }
  }

  /** No descriptor, no process: not the input's fault, so it waits its turn again and the pool holds back a little. */
  function waitForMachine(lane: Lane<P>, run: TaskRun<P>, message: string, now: number): void {
    const { pool } = lane;
    run.attemptCount--;
    if (stopped) {
      const error = stopError(stopped);
      if (run.attemptCount > 0) return endBegun(pool, run, { outcome: "cancelled", error }, null);
      pool.begun--;
      return end(run, { outcome: "not_run" });
    }
    if (ceiling.total === 0 && now - run.startedAt > backpressureLimitMs) {
      const error: RunError = { code: "io", message, retryable: false };
      return endBegun(pool, run, { outcome: "failed", error }, null);
    }
    pool.pausedUntil = Math.max(pool.pausedUntil, now + backpressureMs);
    lane.again.push(now, run);
  }

  function endBegun(
    pool: PoolState<P>,
    run: TaskRun<P>,
    ending: Ending,
    output: Parameters<EngineHooks<P>["ended"]>[2],
  ): void {
    pool.begun--;
    end(run, ending, output);
  }

  function end(run: TaskRun<P>, ending: Ending, output: Parameters<EngineHooks<P>["ended"]>[2] = null): void {
    live--;
    hooks.ended(run, ending, output);
  }

  // ── stopping ───────────────────────────────────────────────────────────────────────────────────────────────────

  function stop(next: Stop): void {
    if (finished) return;
    if (stopped === undefined) {
      stopped = next;
      dropWaits(next);
      sleeping.clear();
      for (const task of tasks) task.spec.source.stopped?.();
    } else if (hardness[next.how] <= hardness[stopped.how]) return;
    else stopped = next;
    if (next.how === "grace") hardAt = clock.now() + (next.graceMs ?? 0);
    if (next.how === "now") cancelAll(next);
    queueTurn();
    rearm();
  }

  function dropWaits(why: Stop): void {
    for (const pool of pools) {
      for (const lane of pool.lanes) {
        for (const run of lane.ready.splice(0)) end(run, { outcome: "not_run" });
        lane.task.readyCount = 0;
        for (const run of takeWaiting(lane)) {
          // Put back by the machine before it could try even once: it never ran.
          if (run.attemptCount === 0) {
            pool.begun--;
            end(run, { outcome: "not_run" });
          } else endBegun(pool, run, { outcome: "cancelled", error: stopError(why) }, null);
        }
      }
    }
  }

  function cancelAll(why: Stop): void {
    hardAt = Infinity;
    const reason: CancelReason = { code: why.code, message: why.message };
    for (const pool of pools) for (const call of [...pool.calls]) call.cancel(reason);
  }

  // ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────

  function view(): PoolView[] {
    const now = clock.now();
    return options.pools.map((spec, position) => {
      const family = families.get(position);
      const members = [
        ...(family?.values() ?? []),
        ...(pools.has(fixedPools[position]!) ? [fixedPools[position]!] : []),
      ];
      const sums = familySums[position]!;
      const result = {
        name: spec.name,
        limit: members.length === 1 ? members[0]!.limit : spec.limit,
        running: 0,
        peak: sums.peak,
        waiting: 0,
        pausedUntil: 0,
        fullMs: sums.fullMs,
        throttled: sums.throttled,
        retriesWithheld: sums.retriesWithheld,
        limitHistory: members.length === 1 ? members[0]!.adaptive?.history ?? [] : [],
      };
      for (const pool of members) {
        result.running += pool.running;
        result.peak = Math.max(result.peak, pool.peak);
        result.waiting += pool.waitingForRetry;
        result.pausedUntil = Math.max(result.pausedUntil, pool.pausedUntil);
        result.fullMs += pool.fullMs + (Number.isNaN(pool.fullSince) ? 0 : now - pool.fullSince);
        result.throttled += pool.throttled;
        result.retriesWithheld += pool.retriesWithheld;
      }
      return result;
    });
  }
}

const circuitOpen: Ending = {
  outcome: "skipped",
  reason: "circuit_open",
  error: { code: "circuit_open", message: "the target was given up: it did not come back", retryable: false },
};

/** How a run ends that may not go on: by its last attempt. */
function lastFailure(attempt: Attempt, why: string): Ending {
  const error = attempt.error!;
  return {
    outcome: attempt.outcome === "timed_out" ? "timed_out" : "failed",
    error: { ...error, message: `${error.message}; ${why}` },
  };
}

function isTimeout(call: AttemptCall, failure: Failure): boolean {
  return call.cancelled?.code === "timeout" || failure.timedOut === true;
}

const hardness = { drain: 0, grace: 1, now: 2 } as const;

/** A cancelled attempt's own error says only that it was cut off: the reason it was given says why. */
function errorOf(call: AttemptCall, failure: Failure): RunError {
  const reason = call.cancelled;
  if (reason === undefined) return failure.error;
  return { code: reason.code, message: reason.message, retryable: failure.error.retryable };
}

/** Everything that waits to be tried again. */
function takeWaiting<P>(lane: Lane<P>): TaskRun<P>[] {
  const runs: TaskRun<P>[] = [];
  for (const heap of [lane.retries, lane.again]) while (heap.size > 0) runs.push(heap.pop());
  return runs;
}

function stopError(stop: Stop): RunError {
  return { code: stop.code, message: stop.message, retryable: false };
}

function neverPerformed(reason: CancelReason): Failure {
  return { kind: "failed", error: { code: reason.code, message: reason.message, retryable: true } };
}

function internalFailure(error: unknown): Failure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: "failed", error: { code: "internal", message, retryable: false } };
}
