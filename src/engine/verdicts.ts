import type { Ending, RunError } from "../model/outcome.ts";
import type { CancelReason, Failure, Verdict } from "../model/verdict.ts";
import { writtenDuration } from "../model/written.ts";
import { backoffMs } from "./backoff.ts";
import type { AttemptCall } from "./call.ts";
import type { Attempt, RetryPolicy, Stop } from "./types.ts";

/** What an attempt becomes in its run's account. */
export function attemptOf(
  call: AttemptCall,
  verdict: Exclude<Verdict, { kind: "backpressure" }>,
  now: number,
): Attempt {
  const { startedAt, cancelled } = call;
  const durationMs = now - startedAt;
  if (verdict.kind === "ok") return { startedAt, durationMs, outcome: "ok", error: null, isLoss: false };
  const outcome = isTimeout(call, verdict) ? "timed_out" : cancelled !== undefined ? "cancelled" : "failed";
  const isLoss = outcome !== "cancelled" && (speaksOfTrouble(call, verdict) || verdict.throttled === true);
  return { startedAt, durationMs, outcome, error: errorOf(call, verdict), isLoss };
}

/** The target's trouble, not the input's. */
export function speaksOfTrouble(call: AttemptCall, failure: Failure): boolean {
  return failure.unhealthy === true || isTimeout(call, failure);
}

/** A timeout ended it: the engine's, or one that the kind itself keeps. */
export function isTimeout(call: AttemptCall, failure: Failure): boolean {
  return call.cancelled === undefined ? failure.timedOut === true : call.cancelled.code === "timeout";
}

/**
 * A cancelled attempt's own error says only that it was cut off: the reason it was given says why. But that it may have
 * been carried out all the same only the kind can know, and whoever runs it again has to.
 */
function errorOf({ cancelled }: AttemptCall, { error }: Failure): RunError {
  if (cancelled === undefined || error.code === "outcome_unknown") return error;
  return { ...cancelled, retryable: error.retryable };
}

/** What is known when a failed attempt is judged. Times are monotonic milliseconds. */
export interface FailedAttempt {
  readonly attempt: Attempt;
  /** Attempts that count so far, this one included. */
  readonly attemptCount: number;
  readonly retry: RetryPolicy;
  readonly retryAfterMs: number | undefined;
  readonly stopped: boolean;
  /** Its target's breaker has given up. */
  readonly givenUp: boolean;
  readonly now: number;
  /** The earlier of the run's deadline and this task run's total timeout; Infinity for none. */
  readonly deadline: number;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Pure: the end of the task run, or how long it waits for its next attempt. */
export function judgeFailure(failed: FailedAttempt): { readonly end: Ending } | { readonly waitMs: number } {
  const { attempt, now, deadline, retryAfterMs } = failed;
  const error = attempt.error!;
  if (attempt.outcome === "cancelled") return { end: { outcome: "cancelled", error } };
  const outcome = attempt.outcome === "timed_out" ? "timed_out" : "failed";
  if (!error.retryable || failed.attemptCount >= failed.retry.attempts) return { end: { outcome, error } };
  // The stop took its next attempt away: nobody knows how it would have ended.
  if (failed.stopped) return { end: { outcome: "cancelled", error } };
  if (failed.givenUp) return { end: lastFailure(attempt, didNotComeBack) };
  const waitMs = backoffMs(failed.retry, failed.attemptCount, failed.random(), retryAfterMs);
  if (now + waitMs < deadline) return { waitMs };
  const asksTooMuch = retryAfterMs !== undefined && now + retryAfterMs >= deadline;
  return {
    end: lastFailure(
      attempt,
      asksTooMuch
        ? `the server asked to wait ${writtenDuration(retryAfterMs)}, longer than the time left`
        : noTimeLeft,
    ),
  };
}

/** Why a run ends whose next attempt would come too late. */
export const noTimeLeft = "no time was left for another attempt";

/** Why a run ends whose target was given up. */
export const didNotComeBack = "the target did not come back";

/** How a run ends that may not go on: by its last attempt. */
export function lastFailure(attempt: Attempt, why: string): Ending {
  const error = attempt.error!;
  return {
    outcome: attempt.outcome === "timed_out" ? "timed_out" : "failed",
    error: { ...error, message: `${error.message}; ${why}` },
  };
}

/** How a run ends that waited when the whole was stopped. */
export function cancelledBy({ code, message }: Stop): Ending {
  return { outcome: "cancelled", error: { code, message, retryable: false } };
}

/** How what is left ends when the breaker gives up. */
export const circuitOpen: Ending = {
  outcome: "skipped",
  reason: "circuit_open",
  error: { code: "circuit_open", message: "the target was given up: it did not come back", retryable: false },
};

/** The verdict on an attempt that was cancelled before it could begin. */
export function neverPerformed({ code, message }: CancelReason): Failure {
  return { kind: "failed", error: { code, message, retryable: true } };
}

/** The verdict on an attempt that did not begin, since that could not be recorded before. */
export function notRecorded(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", error: { code: "io", message, retryable: false } };
}

/** The verdict when the code that performs attempts is broken. */
export function internalFailure(error: unknown): Failure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: "failed", error: { code: "internal", message, retryable: false } };
}
