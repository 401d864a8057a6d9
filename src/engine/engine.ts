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
import type { CancelReason, Failure, Output, Verdict } from "../model/verdict.ts";
import { writtenDuration } from "../model/written.ts";
import { AttemptCall } from "./call.ts";
import { Ceiling } from "./ceiling.ts";
import { Deadlines } from "./deadlines.ts";
import { decide, type Lane, type PoolState, TaskState } from "./pool.ts";
import { PoolSet } from "./pool_set.ts";
import { WaitLimits } from "./wait_limits.ts";
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
import {
  attemptOf,
  cancelledBy,
  circuitOpen,
  didNotComeBack,
  internalFailure,
  judgeFailure,
  lastFailure,
  neverPerformed,
  noTimeLeft,
  notRecorded,
  speaksOfTrouble,
} from "./verdicts.ts";

/** How far a task that feeds many pools is read ahead. */
const familyLookAhead = 1_000;
/** After this long without giving up the thread, the next turn is a macrotask. */
const sliceMs = 10;
/** For so long answers are taken in before attempts are begun in their place, and so long that may go on in one slice. */
const takeInMs = 1;
const sliceOfManyMs = 50;
/**
 * A timer that comes later than this was held up with the whole program (Ctrl-Z, a debugger, a machine out of breath):
 * for a moment nothing is timed out, since what ended meanwhile is told only after the timer.
 */
const heldUpMs = 1_000;
const hearMs = 100;
/** Between two tries of an attempt for which the machine had no descriptor or process. */
const backpressureMs = 100;
/** With nothing else running, lack of descriptors or processes is taken for permanent after this long. */
const backpressureLimitMs = 30_000;

/** After a pause that a server asked for, what waited comes back over a tenth of its length. */
const spreadShare = 0.1;
const spreadLimitMs = 10_000;

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
  const waitLimits = new WaitLimits<P>();
  const ceiling = new Ceiling<P>(options.ceiling ?? Infinity);
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();

  const pools = new PoolSet<P>(options.pools, ceiling);
  const tasks = options.tasks.map((spec, position) => new TaskState(position, spec));

  let dirty: PoolState<P>[] = [];
  let turnQueued = false;
  let laterTurnQueued = false;
  let sliceStart = clock.now();
  let manySince = -Infinity;
  let lastOfMany = -Infinity;
  let armedAt = Infinity;
  let live = 0;
  let openTasks = tasks.length;
  let finished = false;
  let stopped: Stop | undefined;
  let hardAt = Infinity;
  /** No deadline is looked at before: what ended while the program was held up is heard of first. */
  let hearUntil = 0;
  /** Pools whose `lookAgainAt` is ahead. */
  const sleeping = new Map<PoolState<P>, number>();

  for (const task of tasks) if (!task.spec.family) mark(pools.addFixed(task).pool);
  queueTurn();
  return { done, wake, stop, pools: () => pools.views(clock.now()) };

  // ── turns ──────────────────────────────────────────────────────────────────────────────────────────────────────

  function wake(): void {
    for (const pool of pools.all) mark(pool);
    queueTurn();
  }

  function mark(pool: PoolState<P>): void {
    if (pool.dirty) return;
    pool.dirty = true;
    dirty.push(pool);
  }

  function queueTurn(): void {
    if (turnQueued || finished) return;
    if (clock.now() - sliceStart >= sliceMs) queueLaterTurn();
    else queueTurnAtOnce();
  }

  /** A turn once everything that is there to be heard has been heard. */
  function queueLaterTurn(): void {
    if (laterTurnQueued || finished) return;
    laterTurnQueued = true;
    clock.soon(() => {
      laterTurnQueued = false;
      sliceStart = clock.now();
      if (!turnQueued) guardedTurn();
    });
  }

  /**
   * While most of a pool is at work, the answers at hand are taken in first and then several attempts begun at once: to
   * read, write, read, write costs a tenth more than to read, read, write, write. But an answer takes long to take in while
   * the program is young and not yet compiled: those that came first do not wait for a hundred others.
   */
  function queueTurnOfMany(now: number): void {
    if (!laterTurnQueued) {
      manySince = lastOfMany = now;
      queueLaterTurn();
    } else if (now - lastOfMany > takeInMs && now - manySince < sliceOfManyMs) {
      lastOfMany = now;
      queueTurnAtOnce();
    }
  }

  function queueTurnAtOnce(): void {
    if (turnQueued || finished) return;
    turnQueued = true;
    queueMicrotask(guardedTurn);
  }

  function guardedTurn(): void {
    turnQueued = false;
    try {
      turn();
    } catch (error) {
      fail(error);
    }
  }

  function guardedTick(): void {
    try {
      tick();
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
    const now = clock.now();
    sliceStart = now;
    const wasHeldUp = now - armedAt > heldUpMs;
    armedAt = Infinity;
    if (wasHeldUp) {
      hearUntil = now + hearMs;
      return rearm();
    }
    deadlines.expire(now, (call) => call.cancel(expiry(call)));
    for (const { lane, run, putOff } of waitLimits.takeExpired(pools.all, now)) {
      if (putOff) lane.pool.retriesWithheld++;
      const why = putOff ? `the target's retry budget put it off, and ${noTimeLeft}` : noTimeLeft;
      endBegun(lane.pool, run, endOfWait(run, why), null);
      mark(lane.pool);
    }
    for (const [pool, at] of sleeping) {
      if (at > now) continue;
      sleeping.delete(pool);
      if (pools.all.has(pool)) mark(pool);
    }
    if (hardAt <= now) cancelAll(stopped!);
    guardedTurn();
  }

  function rearm(): void {
    let at = Math.min(deadlines.earliest, waitLimits.earliest, hardAt);
    for (const time of sleeping.values()) if (time < at) at = time;
    at = Math.max(at, hearUntil);
    // A timer that is armed too early costs one look in vain; to move it for each attempt that ends costs more.
    if (at >= armedAt) return;
    armedAt = at;
    clock.arm(at, guardedTick);
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
      const lane = task.spec.family ? pools.laneOf(task, got.poolKey ?? "") : task.lanes[0]!;
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

  // ── starting ───────────────────────────────────────────────────────────────────────────────────────────────────

  function startWhatFits(pool: PoolState<P>, upTo: "share" | "spare"): void {
    while (!stopped) {
      if (pool.running < pool.limit) {
        for (const lane of pool.lanes) if (!lane.task.spec.family) pullInto(lane);
      }
      const now = clock.now();
      const nextSendAt = sendWhatMay(pool, now);
      const decision = decide(pool, now);
      if ("lookAgainAt" in decision) {
        const lookAgainAt = Math.min(decision.lookAgainAt, nextSendAt);
        if (lookAgainAt === Infinity) sleeping.delete(pool);
        else sleeping.set(pool, lookAgainAt);
        ceiling.forget(pool);
        return;
      }
      if ("withhold" in decision) {
        withhold(decision.withhold);
        continue;
      }
      if (!ceiling.admits(pool, upTo)) {
        if (nextSendAt !== Infinity) sleeping.set(pool, nextSendAt);
        return;
      }
      pool.turn = (pool.lanes.indexOf(decision.start) + 1) % pool.lanes.length;
      pool.starts?.take(now);
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
      return endBegun(lane.pool, run, lastFailure(last, noTimeLeft), null);
    }
    if (from === "retries") lane.pool.budget?.noteRetry(now);
    start(lane, run, now);
  }

  /** Gives the time when the next of those that have their slot may go out; Infinity for none. */
  function sendWhatMay(pool: PoolState<P>, now: number): number {
    const { sends, unsent } = pool;
    if (sends === null) return Infinity;
    while (unsent.length > 0) {
      const { lane, run, call } = unsent[0]!;
      if (!mustStay(pool, call, now)) {
        if (sends.nextAt > now) return sends.nextAt;
        sends.take(now);
      }
      unsent.shift();
      call.onCancel = undefined;
      sendOrPutBack(lane, run, call, now);
    }
    return Infinity;
  }

  function withhold(lane: Lane<P>): void {
    const run = lane.retries.pop();
    lane.pool.retriesWithheld++;
    const why = "the target's retry budget put off another attempt for too long";
    endBegun(lane.pool, run, lastFailure(run.attempts.at(-1)!, why), null);
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

    const call = new AttemptCall(now, run.attemptCount, pool);
    call.slot = pool.calls.push(call) - 1;
    call.isProbe = pool.breaker?.isProbing ?? false;
    if (now < pool.spreadUntil) pool.pausedUntil = now + 2 * hooks.random(run, 0) * pool.spreadGapMs;
    watchTime(call, task.spec, run);

    const begun = isFirst ? hooks.begin?.(run) : undefined;
    if (begun !== undefined) {
      begun.then(
        () => sendRecorded(lane, run, call),
        (error) => settle(lane, run, call, notRecorded(error)),
      ).catch(fail);
    } else if (pool.sends === null) perform(lane, run, call);
    else sendInTurn(lane, run, call);
  }

  /** Much may have come while its begin was on the way to the disk: a stop, its timeout, a pause. */
  function sendRecorded(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall): void {
    if (stopped) call.cancel({ code: stopped.code, message: stopped.message });
    if (call.cancelled !== undefined) settle(lane, run, call, neverPerformed(call.cancelled));
    else if (lane.pool.sends === null) sendOrPutBack(lane, run, call, clock.now());
    else sendInTurn(lane, run, call);
  }

  /** Begins are recorded several at a time, and what they were recorded for must not go out in one burst. */
  function sendInTurn(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall): void {
    const { pool } = lane;
    const unsent = { lane, run, call };
    pool.unsent.push(unsent);
    call.onCancel = (reason) => {
      pool.unsent.splice(pool.unsent.indexOf(unsent), 1);
      settle(lane, run, call, neverPerformed(reason));
    };
    mark(pool);
    queueTurn();
  }

  function sendOrPutBack(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall, now: number): void {
    if (mustStay(lane.pool, call, now)) putBack(lane, run, call, now);
    else perform(lane, run, call);
  }

  /** Since it got its slot a server has asked for a pause, or the breaker has opened. */
  function mustStay({ breaker, askedUntil }: PoolState<P>, call: AttemptCall, now: number): boolean {
    return now < askedUntil || (breaker !== null && breaker.holdsBack(call.startedAt));
  }

  /** It never went out: its slot is free again, and it waits as if it had not begun. */
  function putBack(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall, now: number): void {
    release(lane.pool, lane.task, call);
    run.attemptCount--;
    waitAgain(lane, run, "again", now);
    afterRelease(lane);
    queueTurn();
  }

  function watchTime(call: AttemptCall, spec: TaskSpec<P>, run: TaskRun<P>): void {
    const attemptMs = spec.attemptMs ?? Infinity;
    const totalLeft = spec.totalMs === null ? Infinity : run.startedAt + spec.totalMs - call.startedAt;
    call.isCutShort = totalLeft < attemptMs;
    if (call.isCutShort) deadlines.add(call, totalLeft, call.startedAt === run.startedAt);
    else if (attemptMs !== Infinity) deadlines.add(call, attemptMs, true);
  }

  function expiry(call: AttemptCall): CancelReason {
    const ms = Math.round(call.deadline - call.startedAt);
    const message = `timed out after ${writtenDuration(ms)}${
      call.isCutShort ? ", when its total time was up" : ""
    }`;
    return { code: "timeout", message };
  }

  function perform(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall): void {
    call.isOut = true;
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

  function settle(lane: Lane<P>, run: TaskRun<P>, call: AttemptCall, found: Verdict): void {
    const { pool, task } = lane;
    const now = clock.now();
    const isAlone = found.kind === "backpressure" && pool.running === 1 && stopped === undefined;
    const verdict = isAlone ? found.alone ?? found : found;
    noteHealth(lane, call, verdict, now);
    release(pool, task, call);
    if (verdict.kind === "backpressure") waitForMachine(lane, run, verdict.message, now);
    else {
      const attempt = attemptOf(call, verdict, now);
      run.attempts.push(attempt);
      if (verdict.kind === "ok") {
        hooks.attempted?.(run, attempt, null);
        endBegun(pool, run, { outcome: "ok" }, verdict.output);
      } else settleFailure(lane, run, call, attempt, verdict, now);
    }
    afterRelease(lane);
    if (task.spec.family) pools.restIfIdle(pool, now);
    if (pool.running * 2 > pool.limit) queueTurnOfMany(now);
    else queueTurn();
  }

  function afterRelease({ pool, task }: Lane<P>): void {
    if (pool.givenUp) skipRest(pool);
    mark(pool);
    if (task.spec.limit !== undefined) { for (const other of task.lanes) mark(other.pool); }
  }

  /** Tells the breaker and the adaptive limit; an attempt that the run cut off, or kept in, says nothing of the target. */
  function noteHealth({ pool, task }: Lane<P>, call: AttemptCall, verdict: Verdict, now: number): void {
    if (!call.isOut || verdict.kind === "backpressure") return;
    if (call.cancelled !== undefined && call.cancelled.code !== "timeout") return;
    const isHealthy = verdict.kind === "ok" || !speaksOfTrouble(call, verdict);
    pool.breaker?.record(isHealthy, call.startedAt, now, pool.limit);
    if (pool.adaptive === null) return;
    const isLoss = !isHealthy || (verdict.kind === "failed" && verdict.throttled === true);
    const limit = pool.adaptive.record(now - call.startedAt, isLoss, pool.running, now, task.position);
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

  function settleFailure(
    lane: Lane<P>,
    run: TaskRun<P>,
    call: AttemptCall,
    attempt: Attempt,
    failure: Failure,
    now: number,
  ): void {
    const { pool, task: { spec } } = lane;
    if (failure.throttled) pool.throttled++;
    if (failure.throttled && failure.unhealthy && failure.retryAfterMs === undefined) pool.unavailable++;
    if (failure.retryAfterMs !== undefined) pause(pool, now, failure.retryAfterMs);
    // One that was on its way when the breaker opened found what a probe finds: it cannot help it either.
    const isProbe = (call.isProbe || (pool.breaker?.isProbing === true && speaksOfTrouble(call, failure))) &&
      attempt.outcome !== "cancelled" && attempt.error!.retryable;
    if (isProbe) run.attemptCount--;
    const judged = judgeFailure({
      attempt,
      attemptCount: run.attemptCount,
      retry: spec.retry,
      retryAfterMs: failure.retryAfterMs,
      stopped: stopped !== undefined,
      givenUp: pool.givenUp,
      now,
      deadline: deadlineOf(run, spec),
      random: () => hooks.random(run, run.attemptCount),
    });
    if ("end" in judged) {
      hooks.attempted?.(run, attempt, null);
      return endBegun(pool, run, judged.end, failure.output ?? null);
    }
    const waitMs = Math.max(judged.waitMs, (pool.breaker?.openUntil ?? 0) - now);
    hooks.attempted?.(run, attempt, waitMs);
    waitAgain(lane, run, failure.isPoll || isProbe ? "again" : "retries", now + waitMs);
  }

  function waitAgain(lane: Lane<P>, run: TaskRun<P>, among: "retries" | "again", until: number): void {
    lane[among].push(until, run);
    waitLimits.note(lane, run);
  }

  function deadlineOf(run: TaskRun<P>, spec: TaskSpec<P>): number {
    return Math.min(runDeadline, spec.totalMs === null ? Infinity : run.startedAt + spec.totalMs);
  }

  /** The whole target waits; a run whose time is up before that is over ends now. */
  function pause(pool: PoolState<P>, now: number, ms: number): void {
    const until = now + ms;
    pool.askedUntil = Math.max(pool.askedUntil, until);
    if (until <= pool.pausedUntil) return;
    pool.pausedUntil = until;
    const spreadMs = Math.min(spreadShare * ms, spreadLimitMs);
    pool.spreadUntil = until + spreadMs;
    pool.spreadGapMs = spreadMs / pool.limit;
    for (const lane of pool.lanes) {
      const isTooLate = (run: TaskRun<P>) => deadlineOf(run, lane.task.spec) <= until;
      for (const run of [...lane.retries.takeWhere(isTooLate), ...lane.again.takeWhere(isTooLate)]) {
        endBegun(pool, run, endOfWait(run, `the server asked for a pause, and ${noTimeLeft}`), null);
      }
    }
  }

  /** How a run ends that waited for its next attempt; one that the machine put back may have had none yet. */
  function endOfWait(run: TaskRun<P>, why: string): Ending {
    const last = run.attempts.at(-1);
    if (last?.error) return lastFailure(last, why);
    return { outcome: "failed", error: { code: "timeout", message: why, retryable: false } };
  }

  /** The breaker has waited long enough: everything that is left for this pool is skipped. */
  function skipRest(pool: PoolState<P>): void {
    for (const lane of pool.lanes) {
      for (const run of lane.ready.splice(0)) {
        lane.task.readyCount--;
        end(run, circuitOpen);
      }
      for (const run of takeWaiting(lane)) {
        const ending = run.attempts.length > 0 ? endOfWait(run, didNotComeBack) : circuitOpen;
        endBegun(pool, run, ending, null);
      }
    }
  }

  /** No descriptor, no process: not the input's fault, so it waits its turn again and the pool holds back a little. */
  function waitForMachine(lane: Lane<P>, run: TaskRun<P>, message: string, now: number): void {
    const { pool } = lane;
    run.attemptCount--;
    if (stopped) {
      if (run.attempts.length > 0) return endBegun(pool, run, cancelledBy(stopped), null);
      pool.begun--;
      return end(run, { outcome: "not_run" });
    }
    if (ceiling.total === 0 && now - run.startedAt > backpressureLimitMs) {
      const error: RunError = { code: "io", message, retryable: false };
      return endBegun(pool, run, { outcome: "failed", error }, null);
    }
    pool.pausedUntil = Math.max(pool.pausedUntil, now + backpressureMs);
    waitAgain(lane, run, "again", now);
  }

  function endBegun(pool: PoolState<P>, run: TaskRun<P>, ending: Ending, output: Output | null): void {
    pool.begun--;
    end(run, ending, output);
  }

  function end(run: TaskRun<P>, ending: Ending, output: Output | null = null): void {
    live--;
    hooks.ended(run, ending, output);
  }

  // ── stopping ───────────────────────────────────────────────────────────────────────────────────────────────────

  function stop(next: Stop): void {
    if (finished) return;
    if (stopped === undefined) {
      stopped = next;
      dropWaits(next);
      for (const pool of [...pools.all]) dropUnsent(pool, next);
      sleeping.clear();
      waitLimits.earliest = Infinity;
      for (const task of tasks) task.spec.source.stopped?.();
    } else if (hardness[next.how] <= hardness[stopped.how]) return;
    else stopped = next;
    if (next.how === "grace") hardAt = clock.now() + (next.graceMs ?? 0);
    if (next.how === "now") cancelAll(next);
    queueTurn();
    rearm();
  }

  function dropWaits(why: Stop): void {
    for (const pool of pools.all) {
      for (const lane of pool.lanes) {
        for (const run of lane.ready.splice(0)) end(run, { outcome: "not_run" });
        lane.task.readyCount = 0;
        for (const run of takeWaiting(lane)) {
          // Put back by the machine before it could try even once: it never ran.
          if (run.attempts.length === 0) {
            pool.begun--;
            end(run, { outcome: "not_run" });
          } else endBegun(pool, run, cancelledBy(why), null);
        }
      }
    }
  }

  /** They have not gone out: after a stop they do not. */
  function dropUnsent(pool: PoolState<P>, why: Stop): void {
    for (const { call } of [...pool.unsent]) call.cancel({ code: why.code, message: why.message });
  }

  function cancelAll(why: Stop): void {
    hardAt = Infinity;
    const reason: CancelReason = { code: why.code, message: why.message };
    for (const pool of pools.all) for (const call of [...pool.calls]) call.cancel(reason);
  }
}

const hardness = { drain: 0, grace: 1, now: 2 } as const;

/** Everything that waits to be tried again. */
function takeWaiting<P>(lane: Lane<P>): TaskRun<P>[] {
  const runs: TaskRun<P>[] = [];
  for (const heap of [lane.retries, lane.again]) while (heap.size > 0) runs.push(heap.pop());
  return runs;
}
