import { type Settled, startConcurrent } from "./concurrent_run.ts";
import type { Items } from "./item_source.ts";
import type { EngineClock } from "./types.ts";

/** The message of the `AggregateError` that {@link pooledMap} throws, the same as `@std/async`'s. */
export const mappingFailed = "Threw while mapping.";

/** `pooledMap` of the library, with the machine's clock passed in. */
export function pooledMap<T, R>(
  clock: EngineClock,
  poolLimit: number,
  items: Items<T>,
  fn: (item: T) => R | Promise<R>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<R> {
  if (!(Number.isSafeInteger(poolLimit) && poolLimit > 0)) {
    throw new RangeError(`Cannot map: the limit is ${poolLimit}; it has to be a whole number from 1 on`);
  }
  return mapItems(clock, poolLimit, items, fn, signal);
}

async function* mapItems<T, R>(
  clock: EngineClock,
  limit: number,
  items: Items<T>,
  fn: (item: T) => R | Promise<R>,
  signal: AbortSignal | undefined,
): AsyncGenerator<R> {
  signal?.throwIfAborted();
  const run = startConcurrent<T, R>({
    items,
    limit,
    order: "input",
    timeoutMs: null,
    retry: { attempts: 1, initialMs: 0, maxMs: 0, jitter: "none" },
    clock,
    random: () => 0,
    perform: (item) => fn(item),
    isRetryable: () => false,
    cancelError: ({ message }) => new DOMException(message, "AbortError"),
    onSettled: (settled: Settled<T, R>) => settled.ok || run.stop("drain", "another item failed"),
  });
  const onAbort = () => run.stop("drain", "aborted");
  signal?.addEventListener("abort", onAbort, { once: true });
  const errors: unknown[] = [];
  try {
    for (let settled = await run.next(); settled !== null; settled = await run.next()) {
      if (!settled.ok) errors.push(settled.error);
      else if (!signal?.aborted) yield settled.value;
    }
    signal?.throwIfAborted();
    if (errors.length > 0) throw new AggregateError(errors, mappingFailed);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await run.close();
  }
}
