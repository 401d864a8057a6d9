import type { RetryPolicy } from "./types.ts";

/**
 * How long to wait before the attempt that follows number `attempt`: full jitter, `U(0, min(max, initial·2ⁿ))`
 * with n = attempt − 1; `jitter: "none"` waits the whole of it.
 *
 * Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * A server's Retry-After is a lower bound, with up to 10 % on top so that those it was told to do not come back together.
 *
 * @param attempt the attempt that failed, from 1
 * @param random uniform in [0, 1)
 * @param retryAfterMs what the server asked for; undefined when it did not
 * @returns milliseconds
 */
export function backoffMs(
  policy: RetryPolicy,
  attempt: number,
  random: number,
  retryAfterMs?: number,
): number {
  const ceiling = Math.min(policy.maxMs, policy.initialMs * 2 ** (attempt - 1));
  const backoff = policy.jitter === "none" ? ceiling : random * ceiling;
  if (retryAfterMs === undefined) return backoff;
  return Math.max(backoff, retryAfterMs) + random * 0.1 * retryAfterMs;
}
