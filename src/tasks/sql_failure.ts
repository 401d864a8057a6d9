import type { ErrorCode } from "../model/outcome.ts";
import type { Backpressure, CancelReason, Failure } from "../model/verdict.ts";
import type { Trouble } from "../runtime/databases.ts";

/** What has to be known of an attempt to judge its trouble. */
export interface TroubleContext {
  /** What it was done to, for the message. */
  readonly shown: string;
  /** A statement was sent; else the connection was still being made. */
  readonly sent: boolean;
  /** It may be repeated though its fate is unknown. */
  readonly harmless: boolean;
  /** It changes nothing, going by its text: its fate is never unknown. */
  readonly onlyReads: boolean;
  /** Why the attempt was told to end, if it was. */
  readonly cancelled: CancelReason | undefined;
}

/** What an attempt's trouble means: a failure with its code, repeatable or not, or a machine that had nothing to spare. */
export function judgeTrouble(trouble: Trouble, context: TroubleContext): Failure | Backpressure {
  if (trouble.code === "CANCELLED" && context.cancelled !== undefined) {
    return cancelled(trouble, context, context.cancelled);
  }
  if (exhausted.has(trouble.code)) return { kind: "backpressure", message: trouble.message };
  if (trouble.lost) return lost(trouble, context);
  const meaning = meanings[trouble.code];
  const where = context.sent ? "" : `Cannot open ${context.shown}: `;
  return {
    kind: "failed",
    error: {
      code: meaning?.code ?? "query",
      message: where + trouble.message + (meaning?.hint ?? ""),
      retryable: meaning?.retryable ?? false,
    },
    ...(meaning?.unhealthy ? { unhealthy: true } : {}),
  };
}

interface Meaning {
  readonly code: ErrorCode;
  /** It was never begun, or rolled back. */
  readonly retryable?: boolean;
  readonly unhealthy?: boolean;
  /** What to do, after the server's own words. */
  readonly hint?: string;
}

/** Without an entry: `query`, not to be repeated. */
const meanings: { readonly [code: string]: Meaning } = {
  ENOENT: { code: "not_found", hint: "; to have it made, write ?mode=rwc after the path" },
  ENOTDIR: { code: "not_found" },
  EISDIR: { code: "not_a_file" },
  EACCES: { code: "permission" },
  EPERM: { code: "permission" },
  SQLITE_PERM: { code: "permission" },
  SQLITE_READONLY: { code: "permission" },
  SQLITE_CANTOPEN: { code: "permission" },
  SQLITE_BUSY: { code: "query", retryable: true, hint: ": another process holds it" },
  SQLITE_LOCKED: { code: "query", retryable: true },
  SQLITE_TOOBIG: { code: "too_large" },
  SQLITE_FULL: { code: "io" },
  SQLITE_IOERR: { code: "io" },
};

/** The machine has no process or descriptor to give. */
const exhausted: ReadonlySet<string> = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

function cancelled(trouble: Trouble, context: TroubleContext, reason: CancelReason): Failure {
  if (trouble.lost && isUnknown(context)) return unknownOutcome(reason.message);
  return {
    kind: "failed",
    error: { code: reason.code, message: reason.message, retryable: context.harmless || !context.sent },
  };
}

function lost(trouble: Trouble, context: TroubleContext): Failure {
  if (isUnknown(context)) return { ...unknownOutcome(trouble.message), unhealthy: true };
  return {
    kind: "failed",
    error: { code: "reset", message: trouble.message, retryable: context.harmless },
    unhealthy: true,
  };
}

function isUnknown({ sent, harmless, onlyReads }: TroubleContext): boolean {
  return sent && !harmless && !onlyReads;
}

function unknownOutcome(what: string): Failure {
  return {
    kind: "failed",
    error: {
      code: "outcome_unknown",
      message: `${what}; whether the statement was carried out is unknown, so it is not repeated: ` +
        "write `idempotent: true` if doing it twice does no harm",
      retryable: false,
    },
  };
}
