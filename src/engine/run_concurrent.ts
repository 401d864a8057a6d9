import type { CancelReason } from "../model/verdict.ts";
import { type ConcurrentRun, type ItemCall, type Settled, startConcurrent } from "./concurrent_run.ts";
import type { Items } from "./item_source.ts";
import type { EngineClock, RetryPolicy } from "./types.ts";

/** How {@link runConcurrent} runs. Durations are milliseconds. */
export interface RunConcurrentOptions {
  /** Items at a time, at least 1. @default {16} */
  readonly concurrency?: number;
  /** One try, from its start: then its signal is aborted. @default {undefined} none */
  readonly timeoutMs?: number;
  /** Tries in all, or in detail. @default {1} no retry */
  readonly retry?: number | RetryOptions;
  /** Stops everything. */
  readonly signal?: AbortSignal;
  /** The order of the items, or that in which they end. @default {"input"} */
  readonly order?: "input" | "completion";
  /** After each item that ended. What it throws stops everything and is thrown by the iterator. */
  readonly onProgress?: (progress: Progress) => void;
}

/** @see RunConcurrentOptions.retry */
export interface RetryOptions {
  /** Tries in all, at least 1. */
  readonly attempts: number;
  /** Before the first retry; it doubles with each. @default {200} */
  readonly initialMs?: number;
  /** The longest wait. @default {20_000} */
  readonly maxMs?: number;
  /** `full`: a random share of the wait, so that those who failed together do not come back together. @default {"full"} */
  readonly jitter?: "full" | "none";
  /** Whether an error is worth another try. @default every error is */
  readonly when?: (error: unknown) => boolean;
}

/** @see RunConcurrentOptions.onProgress */
export interface Progress {
  readonly ended: number;
  readonly ok: number;
  readonly failed: number;
  /** How many items there are; null when only reading them tells. */
  readonly total: number | null;
}

/** `runConcurrent` of the library, with the machine's clock and chance passed in. */
export function runConcurrent<T, R>(
  ports: { readonly clock: EngineClock; random(): number },
  fn: (item: T, call: ItemCall) => R | Promise<R>,
  items: Items<T>,
  options: RunConcurrentOptions,
): AsyncIterableIterator<Settled<T, R>> {
  const { concurrency = 16, timeoutMs = null, order = "input" } = options;
  const retry = typeof options.retry === "object" ? options.retry : { attempts: options.retry ?? 1 };
  requireCount("concurrency", concurrency);
  requireCount("retry.attempts", retry.attempts);
  if (timeoutMs !== null && !(timeoutMs > 0)) refuse("timeoutMs", timeoutMs, "more than 0");
  const policy: RetryPolicy = {
    attempts: retry.attempts,
    initialMs: retry.initialMs ?? 200,
    maxMs: retry.maxMs ?? 20_000,
    jitter: retry.jitter ?? "full",
  };
  return settleItems({
    ...ports,
    fn,
    items,
    concurrency,
    timeoutMs,
    order,
    retry: policy,
    when: retry.when,
    options,
  });
}

interface Job<T, R> {
  readonly clock: EngineClock;
  random(): number;
  readonly fn: (item: T, call: ItemCall) => R | Promise<R>;
  readonly items: Items<T>;
  readonly concurrency: number;
  readonly timeoutMs: number | null;
  readonly order: "input" | "completion";
  readonly retry: RetryPolicy;
  readonly when: ((error: unknown) => boolean) | undefined;
  readonly options: RunConcurrentOptions;
}

async function* settleItems<T, R>(job: Job<T, R>): AsyncGenerator<Settled<T, R>> {
  const { signal, onProgress } = job.options;
  signal?.throwIfAborted();
  const progress = { ended: 0, ok: 0, failed: 0, total: countOf(job.items) };
  let misuse: { readonly error: unknown } | null = null;
  const run: ConcurrentRun<T, R> = startConcurrent<T, R>({
    ...job,
    limit: job.concurrency,
    perform: job.fn,
    isRetryable: job.when ?? (() => true),
    cancelError: (reason) => cancelError(reason, signal),
    onSettled(settled) {
      if (onProgress === undefined) return;
      progress.ended++;
      if (settled.ok) progress.ok++;
      else progress.failed++;
      try {
        onProgress({ ...progress });
      } catch (error) {
        misuse ??= { error };
        run.stop("now", "onProgress threw");
      }
    },
  });
  const onAbort = () => run.stop("now", "aborted");
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (let settled = await run.next(); settled !== null; settled = await run.next()) yield settled;
    if (misuse !== null) throw (misuse as { error: unknown }).error;
    signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await run.close();
  }
}

function cancelError({ code, message }: CancelReason, signal: AbortSignal | undefined): unknown {
  if (code === "timeout") return new DOMException(message, "TimeoutError");
  return signal?.aborted ? signal.reason : new DOMException(message, "AbortError");
}

function countOf(items: unknown): number | null {
  if (Array.isArray(items)) return items.length;
  return items instanceof Set || items instanceof Map ? items.size : null;
}

function requireCount(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0)) refuse(name, value, "a whole number from 1 on");
}

function refuse(name: string, value: number, wanted: string): never {
  throw new RangeError(`Cannot run: ${name} is ${value}; it has to be ${wanted}`);
}
