/** How a task run ended. Exactly one for every input, always. */
export const outcomes = ["ok", "failed", "timed_out", "cancelled", "skipped", "not_run"] as const;

/** One of {@link outcomes}. */
export type Outcome = (typeof outcomes)[number];

/** Why a task run was `skipped`. */
export type SkipReason = "if" | "dependency" | "circuit_open";

/** Counts by outcome; the six add up to the number of task runs. */
export type OutcomeCounts = Record<Outcome, number>;

/** Six zeros. */
export function noOutcomes(): OutcomeCounts {
  return { ok: 0, failed: 0, timed_out: 0, cancelled: 0, skipped: 0, not_run: 0 };
}

/**
 * What went wrong, in words that stay (`code`) and words that may change (`message`).
 * The codes are listed in `error_code.ts`.
 */
export interface RunError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether another attempt was allowed by kind, method and policy; not whether there was one. */
  readonly retryable: boolean;
}

/** Stable error words. */
export const errorCodes = [
  "timeout",
  "run_timeout",
  "max_failures",
  "interrupted",
  "dns",
  "connect",
  "tls",
  "reset",
  "truncated",
  "protocol",
  "http_status",
  "too_large",
  "redirect",
  "decode",
  "spawn",
  "exit_code",
  "signal",
  "leaked",
  "not_found",
  "permission",
  "not_a_file",
  "io",
  "auth",
  "query",
  "expect",
  "until",
  "template",
  "source",
  "duplicate_key",
  "dependency",
  "circuit_open",
  "outcome_unknown",
  "blocked_address",
  "proxy",
  "save",
  "internal",
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/** How a task run ended, with what belongs to each ending. */
export type Ending =
  | { readonly outcome: "ok" }
  | { readonly outcome: "failed" | "timed_out"; readonly error: RunError }
  | { readonly outcome: "cancelled"; readonly error: RunError }
  | { readonly outcome: "skipped"; readonly reason: SkipReason; readonly error: RunError | null }
  | { readonly outcome: "not_run" };
