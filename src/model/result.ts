import type { Value, ValueMap } from "./json.ts";
import type { Outcome, RunError, SkipReason } from "./outcome.ts";

/** One try of a task run, as journalled and reported. */
export interface AttemptRecord {
  /** From 1. */
  readonly number: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: "ok" | "failed" | "timed_out" | "cancelled";
  readonly error: RunError | null;
}

/**
 * One element of the report's `results`: a task run and how it ended. Secrets are gone, bytes are capped.
 * The journal keeps these very bytes; the report copies them.
 */
export interface Result {
  /** From 0, within the task. */
  readonly index: number;
  readonly task: string;
  readonly key: string | null;
  readonly item: Value;
  readonly matrix: ValueMap | null;
  readonly target: string | null;
  readonly kind: string;
  readonly outcome: Outcome;
  readonly reason: SkipReason | null;
  /** Present and true for a failure that `allowFailure` forgives. */
  readonly allowed?: true;
  /** From being pulled to its first slot. */
  readonly queuedMs: number;
  /** From its first attempt to its end, waits included; 0 when it never began. */
  readonly durationMs: number;
  readonly attempts: readonly AttemptRecord[];
  /** By kind; with `saved` where `save` wrote. */
  readonly output: ValueMap | null;
  readonly outputs: ValueMap | null;
  /** What `collect` gathers of an ok run, unless that is its outputs. */
  readonly collected?: Value;
  readonly error: RunError | null;
}
