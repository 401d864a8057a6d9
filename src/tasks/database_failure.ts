import type { ErrorCode } from "../model/outcome.ts";
import type { Backpressure, CancelReason, Failure } from "../model/verdict.ts";
import type { Trouble } from "../runtime/databases.ts";

/** What has to be known of an attempt to judge its trouble. */
export interface TroubleContext {
  /** Whether codes speak of a server or of a file. */
  readonly of: "server" | "file";
  /** What it was done to, for the message. */
  readonly shown: string;
  /** What was sent, for the message. */
  readonly what: "statement" | "command";
  /** A statement was sent; else the connection was still being made. */
  readonly sent: boolean;
  /** It may be repeated though its fate is unknown. */
  readonly harmless: boolean;
  /** It changes nothing, going by its text: its fate is never unknown. */
  readonly onlyReads: boolean;
  /** Why the attempt was told to end, if it was. */
  readonly cancelled: CancelReason | undefined;
}

/** What an attempt's trouble means: a failure with its code, repeatable or not, or a machine or server that had nothing to spare. */
export function judgeTrouble(trouble: Trouble, context: TroubleContext): Failure | Backpressure {
  if (trouble.code === "CANCELLED" && context.cancelled !== undefined) {
    return cancelled(trouble, context, context.cancelled);
  }
  if (exhausted.has(trouble.code) && !context.sent) return { kind: "backpressure", message: trouble.message };
  if (trouble.lost) return lost(trouble, context);
  const failure = failureOf(trouble, context);
  if (!full.has(trouble.code) || context.sent) return failure;
  return { kind: "backpressure", message: failure.error.message, alone: failure };
}

function failureOf(trouble: Trouble, context: TroubleContext): Failure {
  const meaning = meaningOf(trouble, context);
  const where = context.sent
    ? ""
    : `Cannot ${context.of === "file" ? "open" : "connect to"} ${context.shown}: `;
  return {
    kind: "failed",
    error: {
      code: meaning.code,
      message: where + trouble.message + (meaning.hint ?? ""),
      retryable: meaning.retryable === "harmless" ? context.harmless : meaning.retryable ?? false,
    },
    ...(meaning.unhealthy ? { unhealthy: true } : {}),
    ...(meaning.code === "timeout" ? { timedOut: true } : {}),
  };
}

interface Meaning {
  readonly code: ErrorCode;
  /** True where it was never begun, or rolled back. */
  readonly retryable?: boolean | "harmless";
  readonly unhealthy?: boolean;
  /** What to do, after the server's own words. */
  readonly hint?: string;
}

/** Places or memory of this machine that others hold now: it is tried again when there are some. */
const exhausted: ReadonlySet<string> = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

/** The server takes no more connections: there will be one when one of ours is closed. With none of ours it has failed. */
const full: ReadonlySet<string> = new Set(["53300", "1040", "1203", "1226", "MAXCLIENTS"]);

function meaningOf({ code, message }: Trouble, { of, sent }: TroubleContext): Meaning {
  const own = meanings[code];
  if (code === "57014" && /timeout/.test(message)) return ranOut;
  if (full.has(code)) return sent ? rolledBack : notReady;
  if (own !== undefined) return own;
  if (of === "file") return fileMeanings[code] ?? { code: "query" };
  if (/^E[A-Z_]{3,}$/.test(code) && !sent) return { code: "connect", retryable: true, unhealthy: true };
  return { code: "query" };
}

const rolledBack: Meaning = { code: "query", retryable: true };
/** Somebody else stopped it, or its time ran out on the server. */
const cutOff: Meaning = { code: "query", retryable: "harmless" };
const ranOut: Meaning = { code: "timeout", retryable: "harmless" };
const readOnlyServer: Meaning = {
  code: "permission",
  hint: "; the task says readOnly, or the server takes no writes",
};
const notReady: Meaning = { code: "connect", retryable: true, unhealthy: true };

/** Without an entry: `query`, not to be repeated. */
const meanings: { readonly [code: string]: Meaning } = {
  TIMEOUT: { code: "timeout", retryable: true, unhealthy: true },
  TLS: { code: "tls" },
  NO_TLS: { code: "tls" },
  PROTOCOL: { code: "protocol" },
  TOO_LARGE: { code: "too_large" },
  ENOTFOUND: { code: "dns" },
  EAI_AGAIN: { code: "dns", retryable: true, unhealthy: true },
  EACCES: { code: "permission" },
  EPERM: { code: "permission" },
  SQLITE_PERM: { code: "permission" },
  SQLITE_READONLY: { code: "permission" },
  SQLITE_CANTOPEN: { code: "permission" },
  SQLITE_BUSY: { ...rolledBack, hint: ": another process holds it" },
  SQLITE_LOCKED: rolledBack,
  SQLITE_TOOBIG: { code: "too_large" },
  SQLITE_FULL: { code: "io" },
  SQLITE_IOERR: { code: "io" },
  "08001": notReady,
  "08004": notReady,
  "25006": readOnlyServer,
  "28000": { code: "auth" },
  "28P01": { code: "auth" },
  "3D000": { code: "not_found" },
  "40001": rolledBack,
  "40P01": rolledBack,
  "42501": { code: "permission" },
  "53100": { code: "io" },
  "53200": { code: "io" },
  "55P03": rolledBack,
  "57014": cutOff,
  "57P03": notReady,
  "1021": { code: "io" },
  "1044": { code: "auth" },
  "1045": { code: "auth" },
  "1049": { code: "not_found" },
  "1114": { code: "io" },
  "1130": { code: "auth" },
  "1142": { code: "permission" },
  "1143": { code: "permission" },
  "1153": { code: "too_large" },
  "1205": rolledBack,
  "1213": rolledBack,
  "1227": { code: "permission" },
  "1290": readOnlyServer,
  "1317": cutOff,
  "1370": { code: "permission" },
  "1698": { code: "auth" },
  "1792": readOnlyServer,
  "1836": readOnlyServer,
  "1969": ranOut,
  "3024": ranOut,
  // MySQL 8 had closed the connection, which was idle for too long.
  "4031": notReady,
  BUSY: rolledBack,
  CLUSTERDOWN: notReady,
  LOADING: notReady,
  MASTERDOWN: notReady,
  MISCONF: { code: "io" },
  MOVED: { code: "query", hint: "; it is a node of a cluster: name the one that has the key" },
  NOAUTH: { code: "auth" },
  DENIED: { code: "auth" },
  NOPERM: { code: "permission" },
  READONLY: readOnlyServer,
  TRYAGAIN: rolledBack,
  WRONGPASS: { code: "auth" },
};

const fileMeanings: { readonly [code: string]: Meaning } = {
  ENOENT: { code: "not_found", hint: "; it is made only where neither readOnly nor ?mode=rw forbids that" },
  ENOTDIR: { code: "not_found" },
  EISDIR: { code: "not_a_file" },
};

function cancelled(trouble: Trouble, context: TroubleContext, reason: CancelReason): Failure {
  if (trouble.lost && isUnknown(context)) return unknownOutcome(reason.message, context);
  return {
    kind: "failed",
    error: { code: reason.code, message: reason.message, retryable: context.harmless || !context.sent },
  };
}

function lost(trouble: Trouble, context: TroubleContext): Failure {
  if (isUnknown(context)) return { ...unknownOutcome(trouble.message, context), unhealthy: true };
  return {
    kind: "failed",
    error: { code: "reset", message: trouble.message, retryable: context.harmless },
    unhealthy: true,
  };
}

function isUnknown({ sent, harmless, onlyReads }: TroubleContext): boolean {
  return sent && !harmless && !onlyReads;
}

function unknownOutcome(why: string, { what }: TroubleContext): Failure {
  return {
    kind: "failed",
    error: {
      code: "outcome_unknown",
      message: `${why}; whether the ${what} was carried out is unknown, so it is not repeated: ` +
        "write `idempotent: true` if doing it twice does no harm",
      retryable: false,
    },
  };
}
