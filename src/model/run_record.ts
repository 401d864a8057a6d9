/** A run as its journal keeps it and its report shows it. Plain JSON, secrets gone. */
import type { Value, ValueMap } from "./json.ts";
import type { Outcome } from "./outcome.ts";
import type { KindName } from "./plan.ts";
import type { Result } from "./result.ts";

/** What is known when a run begins. */
export interface RunHeader {
  readonly runId: string;
  readonly name: string;
  /** `path`: absolute. `sha256`: hex. */
  readonly config: { readonly path: string; readonly sha256: string };
  readonly params: ValueMap;
  /** What a resume compares with its own plan; the journal does not look inside. */
  readonly identity: Value;
  /** Name and version of the program. */
  readonly tool: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly startedAt: string;
  /** How many CPUs the run may use. */
  readonly cpus: number;
  /** The run that this one goes on with; null for a run from the start. */
  readonly resumes: string | null;
  /** In file order. */
  readonly tasks: readonly RecordedTask[];
  readonly targets: readonly RecordedTarget[];
}

/** @see RunHeader.tasks */
export interface RecordedTask {
  readonly name: string;
  readonly kind: KindName;
  readonly target: string;
  /** How many inputs it has; null where only reading them tells. */
  readonly total: number | null;
}

/** @see RunHeader.targets */
export interface RecordedTarget {
  readonly name: string;
  readonly kind: KindName | null;
  /** Attempts at a time. */
  readonly limit: number;
}

/** What is known when a run has ended in order. */
export interface RunClosing {
  readonly finishedAt: string;
  /** By the monotonic clock, from process start. */
  readonly durationMs: number;
  readonly status: RunStatus;
  readonly stoppedBy: "max_failures" | "timeout" | "signal" | null;
  readonly exitCode: number;
  /** Every input of every source was read. */
  readonly totalKnown: boolean;
  /** What only the pools know, by the target's name. */
  readonly targets: { readonly [name: string]: TargetClosing };
}

export type RunStatus = "passed" | "failed" | "interrupted" | "timed_out" | "incomplete";

/** @see RunClosing.targets */
export interface TargetClosing {
  /** Where the limit stood at the end. */
  readonly limit: number;
  /** The most attempts there were at a time. */
  readonly peak: number;
  /** How often the server said "too many". */
  readonly throttled: number;
  /** Those of `throttled` that were a 503 without `retry-after`; absent in the journal of an earlier version. */
  readonly unavailable?: number;
  /** Retries that the target's budget put off for too long, and that ended their task runs. */
  readonly retriesWithheld: number;
  /** How many pools it stood for: one, or as many as its family had. */
  readonly pools: number;
  /** What its breaker did; null without one. */
  readonly breaker: {
    readonly openings: number;
    /** Milliseconds during which it was not closed. */
    readonly openMs: number;
  } | null;
  /** How its limit found its value; null for a fixed one, and for a family of several pools. */
  readonly adaptive: AdaptiveAccount | null;
}

/** The life of a limit that adapts itself. */
export interface AdaptiveAccount {
  readonly min: number;
  readonly max: number;
  /** Half of the time, in the second half of the run, it was at this or below. */
  readonly settled: number;
  /** Each change with its reason, at milliseconds since the process started. Of a long one the middle is left out. */
  readonly history: readonly {
    readonly atMs: number;
    readonly limit: number;
    readonly why: "start" | "growth" | "loss" | "latency" | "restored";
  }[];
}

/** Encoded results by their place in input order, wherever they are kept. */
export interface ResultStore {
  /** One past the greatest index that has a result. */
  size(task: number): number;
  has(task: number, index: number): boolean;
  /**
   * Hands over a result's JSON in pieces that are valid only during the call.
   * Gives false when there is none. @throws Error when the disk fails.
   */
  copy(task: number, index: number, put: PutBytes): boolean;
}

/**
 * Where the inputs of a task come from that goes through another one's runs: from the input that came as the `index`-th on,
 * until the next change, the run of the producer whose index is `origin`.
 */
export interface OriginChange {
  readonly index: number;
  readonly origin: number;
}

/** By position of a task, in the order of their indices. */
export type Origins = ReadonlyMap<number, readonly OriginChange[]>;

/** Takes bytes `from` to `to` (exclusive). */
export type PutBytes = (bytes: Uint8Array, from: number, to: number) => void;

/** A task run that may not be repeated and was begun, but whose end was never recorded. */
export interface LostRun {
  readonly task: number;
  readonly index: number;
  readonly id: string;
  readonly input: NamedInput;
}

/** What tells an input from others, secrets masked. */
export type NamedInput = Pick<Result, "key" | "item" | "matrix">;

/** What became of a task run in an earlier run. */
export type EarlierEnd =
  | { readonly kind: "ended"; readonly outcome: Outcome; readonly resultJson: string }
  | { readonly kind: "lost" };
