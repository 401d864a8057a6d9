import type { LimitChange } from "./limit_history.ts";
import type { BreakerAccount, BreakerSpec } from "./breaker.ts";
import type { Ending, RunError } from "../model/outcome.ts";
import type { Call, Output, Verdict } from "../model/verdict.ts";

/** One task run while the engine holds it: from being pulled to its end. */
export interface TaskRun<P> {
  /** Position of its task in the engine's list. */
  readonly task: number;
  /** What the source gave: the engine never looks inside. */
  readonly payload: P;
  /** Monotonic milliseconds. */
  readonly pulledAt: number;
  /** First slot; NaN before. */
  startedAt: number;
  /** Attempts begun so far. */
  attemptCount: number;
  readonly attempts: Attempt[];
}

/** One try, ended. Times are monotonic milliseconds. */
export interface Attempt {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly outcome: "ok" | "failed" | "timed_out" | "cancelled";
  readonly error: RunError | null;
  /** It speaks of the target's load or health (5xx, timeout, refused, 429), not of this one input. */
  readonly isLoss: boolean;
}

/** What a source gives: an input to run, or one that has ended already (skipped, broken). */
export interface Pulled<P> {
  readonly payload: P;
  readonly ending?: Ending;
  /** Which pool of the task's family it belongs to; the pool is made when first seen. */
  readonly poolKey?: string;
}

/**
 * Inputs of one task, in order. `null`: no more. `undefined`: nothing now, and `engine.wake()` will follow.
 * A source never blocks and never calls the engine from within `pull`.
 */
export interface Source<P> {
  pull(): Pulled<P> | null | undefined | Promise<Pulled<P> | null | undefined>;
  /** The run was stopped: what is still pulled will not run. A source that cannot be read again gives null from here on. */
  stopped?(): void;
}

/** Limits of one pool. */
export interface PoolSpec {
  readonly name: string;
  /** Attempts at a time, at least 1; the most for an adaptive limit. */
  readonly limit: number;
  /** The least for an adaptive limit; undefined or equal for a fixed one. */
  readonly minLimit?: number;
  readonly breaker?: BreakerSpec;
  /** Attempts begun per millisecond, evenly; undefined for no rate. */
  readonly ratePerMs?: number;
  /** Attempts that may begin at once under a rate; at least 1. */
  readonly burst?: number;
  /** Whether retries are put off when there are many; default true. */
  readonly retryBudget?: boolean;
}

/** One task: where its inputs come from, where they run, and how long and how often. */
export interface TaskSpec<P> {
  readonly source: Source<P>;
  /** Position of its pool; for a family, of the pool that is its pattern. */
  readonly pool: number;
  /** True: `Pulled.poolKey` chooses a pool of the family. */
  readonly family?: boolean;
  /** Attempts at a time within the pool; undefined for no limit of its own. */
  readonly limit?: number;
  readonly attemptMs: number | null;
  readonly totalMs: number | null;
  readonly retry: RetryPolicy;
}

export interface RetryPolicy {
  /** Tries in all, at least 1. */
  readonly attempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
  readonly jitter: "full" | "none";
}

/** The engine's way out; it knows nothing else. */
export interface EngineHooks<P> {
  /** One attempt. Settles only when its work has really stopped. A rejection is taken for a failure, code `internal`. */
  perform(run: TaskRun<P>, call: Call): Verdict | Promise<Verdict>;
  /** Before the first attempt of a run that may not be repeated: resolves when its begin is on disk. Rejects: it fails with `io`. */
  begin?(run: TaskRun<P>): Promise<void> | undefined;
  /** Exactly once for every pulled run. */
  ended(run: TaskRun<P>, ending: Ending, output: Output | null): void;
  /** After every attempt, `retryInMs` when another one follows. */
  attempted?(run: TaskRun<P>, attempt: Attempt, retryInMs: number | null): void;
  /** Uniform in [0, 1), the same for the same run and attempt whatever the order. Attempt 0 spreads starts. */
  random(run: TaskRun<P>, attempt: number): number;
}

/** What the engine asks of time. */
export interface EngineClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `wake` once at or after `at`; a later call replaces it. */
  arm(at: number, wake: () => void): void;
  disarm(): void;
  /** Calls back in a macrotask, so that signals and sockets are heard. */
  soon(wake: () => void): void;
}

/** Why the run is stopped, and how. */
export interface Stop {
  /**
   * `drain`: nothing new starts, what runs may finish. `grace`: the same, then `now` after `graceMs`. `now`: what runs is
   * cancelled. A later stop can only be harder.
   */
  readonly how: "drain" | "grace" | "now";
  readonly graceMs?: number;
  readonly code: "interrupted" | "run_timeout" | "max_failures" | "io";
  readonly message: string;
}

/** A pool as the progress view and the report see it. */
export interface PoolView {
  readonly name: string;
  readonly limit: number;
  readonly running: number;
  readonly peak: number;
  /** Task runs waiting for a retry. */
  readonly waiting: number;
  /** Monotonic; in the past when it is not paused. */
  readonly pausedUntil: number;
  readonly throttled: number;
  /** Those of `throttled` that may as well be an outage: 503, without a word on when to come again. */
  readonly unavailable: number;
  readonly retriesWithheld: number;
  /** How many pools this one stands for: a family may have several. */
  readonly pools: number;
  /** What its breaker did; null without one. */
  readonly breaker: BreakerAccount | null;
  /** How an adaptive limit got where it is; empty for a fixed one. Times are monotonic. */
  readonly limitHistory: readonly LimitChange[];
}
