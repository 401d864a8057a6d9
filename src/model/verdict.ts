import type { Value, ValueMap } from "./json.ts";
import type { RunError } from "./outcome.ts";

/** What one attempt found. Facts only: the engine alone decides about retries, pauses and the end of the task run. */
export type Verdict = Success | Failure | Backpressure;

/** The attempt did what was asked. */
export interface Success {
  readonly kind: "ok";
  readonly output: Output;
}

/** The attempt failed; `error.retryable` says whether another one is allowed at all. */
export interface Failure {
  readonly kind: "failed";
  readonly error: RunError;
  /** A timeout that the kind itself keeps (connect, first byte, idle) ended the attempt. */
  readonly timedOut?: boolean;
  /** What was received before it failed (an error page, the output of a failed subprocess). */
  readonly output?: Output;
  /** The server asked to wait this long before the next attempt. */
  readonly retryAfterMs?: number;
  /** Speaks of the target's health (5xx, connect, timeout), not of this one input. */
  readonly unhealthy?: boolean;
  /** Nothing failed: what is polled for is not there yet. Another attempt costs nothing of the retry budget. */
  readonly isPoll?: boolean;
  /** The server said "too many" (429, 503). */
  readonly throttled?: boolean;
  /** What of the target's answer was ignored, and why: the user is told once a target. */
  readonly warning?: string;
}

/** The machine had no file descriptor or process to give, or a server no connection: try again later, this was no attempt. */
export interface Backpressure {
  readonly kind: "backpressure";
  readonly message: string;
  /** What it is instead when nothing else of the pool runs, at whose end there would be something. */
  readonly alone?: Failure;
}

/** What the report keeps of an attempt. Plain data; capped, not yet masked. */
export interface Output {
  /** `output` of the result, by kind. */
  readonly fields: ValueMap;
  /** Evaluated `outputs`; null when the task has none. */
  readonly outputs: { readonly [name: string]: Value } | null;
  /** The value of `collect`; undefined without, or when it is the outputs. */
  readonly collected?: Value;
  /** Where `save` wrote, relative as in the config; null when it did not. */
  readonly saved: string | null;
  /** Elements for the tasks that go through this one's results with `each`, by their position in the plan. */
  readonly feeds?: ReadonlyMap<number, Feed>;
  /** Why there are none, for those whose `each` this result does not suit: their failure, not this run's. */
  readonly brokenFeeds?: ReadonlyMap<number, string>;
}

/** Elements for another task: all of them, or in pieces that are read when their turn comes. */
export type Feed = readonly Value[] | { readonly pieces: readonly FeedPiece[] };

/** @see Feed */
export interface FeedPiece {
  readonly count: number;
  read(): readonly Value[];
}

/** An attempt's line to the engine. */
export interface Call {
  /** Aborted when the attempt has to end: its timeout, or the run was stopped. Made when first read: prefer `onCancel`. */
  readonly signal: AbortSignal;
  /** Why the attempt has to end; undefined while it may go on. */
  readonly cancelled: CancelReason | undefined;
  /** Called once, when the attempt has to end. Set by the task while it runs; costs nothing. */
  onCancel: ((reason: CancelReason) => void) | undefined;
  /** Which attempt of its task run this is, from 1. */
  readonly attempt: number;
  /** How many attempts its pool takes at a time by now: no more connections than that are kept. */
  readonly limit: number;
}

/** Why an attempt was told to end. */
export interface CancelReason {
  readonly code: "timeout" | "run_timeout" | "interrupted" | "max_failures" | "io";
  readonly message: string;
}
