import type { ErrorCode } from "../model/outcome.ts";
import type { Backpressure, Failure } from "../model/verdict.ts";
import type { HttpFailure } from "../runtime/http_port.ts";

/** What is known of the attempt besides its failure. */
export interface FailureContext {
  /** An earlier request of this attempt, before a redirect, has reached a server. */
  readonly sentBefore: boolean;
  /** Repeating what may have been done already does no harm. */
  readonly harmless: boolean;
}

/**
 * What a broken exchange means, by the two questions *was it sent?* and *may it be repeated?*
 * Never sent: repeated always. Perhaps sent: only when that is harmless. Wrong by itself: never.
 */
export function judgeFailure(failure: HttpFailure, context: FailureContext): Failure | Backpressure {
  const { reason, message } = failure;
  const retryable = mayPass(failure) && (context.harmless || !(failure.sent || context.sentBefore));
  switch (reason) {
    case "descriptors":
      return { kind: "backpressure", message };
    case "source":
      return failed(sourceCode(failure.code), message, false);
    case "headers_too_large":
      return failed("too_large", message, false);
    case "timeout":
      return { ...failed(reason, message, retryable), timedOut: true, unhealthy: true };
    case "connect":
    case "reset":
      return { ...failed(reason, message, retryable), unhealthy: true };
    case "dns":
    case "blocked_address":
    case "proxy":
    case "tls":
    case "truncated":
    case "protocol":
      return failed(reason, message, retryable);
  }
}

/** Whether the same may go well another time, nothing said of what was sent. */
function mayPass({ reason, code }: HttpFailure): boolean {
  switch (reason) {
    case "connect":
    case "timeout":
    case "reset":
    case "truncated":
      return true;
    case "dns":
      return code === "EAI_AGAIN";
    case "proxy":
      return proxyMayPass(code);
    case "source":
    case "blocked_address":
    case "tls":
    case "protocol":
    case "headers_too_large":
    case "descriptors":
      return false;
  }
}

/** It was not reached, or it did not reach the server; refusing to try (403, 407) is another matter. */
function proxyMayPass(code: string): boolean {
  return /^HTTP_50[0234]$|^E(CONN|HOST|NET|PIPE|TIMEDOUT|AI_AGAIN|OF)/.test(code);
}

function sourceCode(code: string): ErrorCode {
  switch (code) {
    case "ENOENT":
      return "not_found";
    case "EACCES":
    case "EPERM":
      return "permission";
    case "ENOTFILE":
      return "not_a_file";
    default:
      return "io";
  }
}

function failed(code: ErrorCode, message: string, retryable: boolean): Failure {
  return { kind: "failed", error: { code, message, retryable } };
}
