import type { PoolPlan, RetryPlan, RunPolicy, TaskPlan } from "../model/plan.ts";
import { writtenBytes, writtenCount, writtenDuration } from "../model/written.ts";

const wholeUnits = new Map([[1_000, "s"], [60_000, "m"], [3_600_000, "h"], [86_400_000, "d"]]);

/** `100/s`, `600/1m`, with its burst when more than one attempt may start at once. */
export function writtenRate({ limit, perMs, burst }: NonNullable<PoolPlan["rate"]>): string {
  const pace = `${limit}/${wholeUnits.get(perMs) ?? writtenDuration(perMs)}`;
  return burst > 1 ? `${pace}, burst ${burst}` : pace;
}

/** `16`, or `2 to 16` for an adaptive limit. */
export function writtenConcurrency({ min, max }: PoolPlan["concurrency"]): string {
  return min === max ? String(max) : `${min} to ${max}`;
}

/** `30s`, or `none`. */
export function writtenTimeout(ms: number | null): string {
  return ms === null ? "none" : writtenDuration(ms);
}

/** `50% of 20 calls in 30s, rests 5s, gives up after 5m`. */
export function writtenBreaker(breaker: NonNullable<PoolPlan["breaker"]>): string {
  const { failureRate, windowMs, minCalls, openForMs, giveUpAfterMs } = breaker;
  return `at ${writtenShare(failureRate)} of ${minCalls} or more in ${writtenDuration(windowMs)}: ` +
    `rests ${writtenDuration(openForMs)}, gives up after ${writtenDuration(giveUpAfterMs)}`;
}

/** `200ms to 20s, full jitter`. */
export function writtenBackoff({ initialMs, maxMs, jitter }: RetryPlan["backoff"]): string {
  const range = `${writtenDuration(initialMs)} to ${writtenDuration(maxMs)}`;
  return jitter === "full" ? `${range}, full jitter` : `${range}, no jitter`;
}

/** `3`, or how a poll ends that names no number. */
export function writtenAttempts(attempts: number): string {
  return attempts === Number.MAX_SAFE_INTEGER ? "until it holds" : writtenCount(attempts);
}

/** `16KiB`, `failed`. */
export function writtenCapture(capture: TaskPlan["capture"]): string {
  return capture.mode === "size" ? writtenBytes(capture.bytes) : capture.mode;
}

/** `5%`, `3`, `any number`. */
export function writtenMaxFailures(maxFailures: RunPolicy["maxFailures"]): string {
  if (maxFailures === null) return "any number";
  return "count" in maxFailures ? writtenCount(maxFailures.count) : writtenShare(maxFailures.share);
}

/** `0.05` → `5%`. */
function writtenShare(share: number): string {
  return `${Number((share * 100).toPrecision(6))}%`;
}
