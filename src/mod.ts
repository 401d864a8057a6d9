/**
 * fanout as a library: slow calls over many inputs, a few at a time.
 *
 * {@link pooledMap} maps and fails as a whole; {@link runConcurrent} tries, times out, retries and tells of every item
 * how it ended. Both pull their items as there is room for them, from arrays, generators and streams alike, and leave
 * nothing running behind.
 *
 * @module
 */
import type { ItemCall, Settled } from "./engine/concurrent_run.ts";
import type { Items } from "./engine/item_source.ts";
import { pooledMap as pooledMapWith } from "./engine/pooled_map.ts";
import { runConcurrent as runConcurrentWith, type RunConcurrentOptions } from "./engine/run_concurrent.ts";
import { engineClock } from "./run/engine_clock.ts";
import { realClock } from "./runtime/clock.ts";
import { realRandom } from "./runtime/random.ts";

export type { ItemCall, Settled } from "./engine/concurrent_run.ts";
export type { Items } from "./engine/item_source.ts";
export type { Progress, RetryOptions, RunConcurrentOptions } from "./engine/run_concurrent.ts";

/**
 * Maps items with at most `poolLimit` calls of `fn` at a time, and yields the results in the order of the items. The same
 * call as `pooledMap` of `@std/async`, with back-pressure and a signal.
 *
 * It begins when it is first asked for a result. Items are pulled one by one when there is room for them; those begun and
 * not yet taken by the consumer are at most 8 times the limit.
 *
 * When a call fails, nothing new begins; the calls under way may finish and those that succeed are still yielded; then
 * the iterator throws one `AggregateError` with every error, in the order of the items. An iterable that throws ends it
 * the same way, with its own error.
 *
 * When the signal is aborted, or the consumer leaves its loop, nothing new begins and the calls under way are waited for
 * (stop them by a signal of your own); then the iterator throws the signal's reason, or the loop is left. The iterable is
 * closed.
 *
 * @param poolLimit calls at a time, at least 1
 * @param items an iterable, of promises too, or an async iterable; it may be endless
 * @param fn called once for each item
 * @returns an iterator; to be read only once
 * @throws {RangeError} when the limit is no whole number from 1 on
 *
 * @example In order, two at a time
 * ```ts
 * import assert from "node:assert/strict";
 * import { pooledMap } from "./mod.ts";
 *
 * const lengths = pooledMap(2, ["a", "bb", "ccc"], async (word) => {
 *   await Promise.resolve();
 *   return word.length;
 * });
 * assert.deepEqual(await Array.fromAsync(lengths), [1, 2, 3]);
 * ```
 *
 * @example Every error, once what was running has ended
 * ```ts
 * import assert from "node:assert/strict";
 * import { pooledMap } from "./mod.ts";
 *
 * const results = pooledMap(2, [1, 2, 3], async (n) => {
 *   if (n === 2) throw new Error("two");
 *   return n;
 * });
 * await assert.rejects(Array.fromAsync(results), (error: AggregateError) => error.errors[0].message === "two");
 * ```
 */
export function pooledMap<T, R>(
  poolLimit: number,
  items: Items<T>,
  fn: (item: T) => R | Promise<R>,
  options: { readonly signal?: AbortSignal } = {},
): AsyncIterableIterator<R> {
  return pooledMapWith(engineClock(realClock), poolLimit, items, fn, options.signal);
}

/**
 * Runs `fn` over items, a few at a time, and yields how each ended. It never throws for an item: a failure is a result
 * like any other, `{ ok: false, error }`, and touches no other item.
 *
 * It begins when it is first asked for a result. Items are pulled one by one when there is room for them; those begun and
 * not yet taken by the consumer are at most 8 times the concurrency.
 *
 * A try that takes longer than `timeoutMs` has its signal aborted and fails with a `TimeoutError`, whatever it still
 * gives; its place is free only when it has really ended. A retry waits outside its place, a random share of
 * `initialMs` · 2ⁿ up to `maxMs`.
 *
 * When `options.signal` is aborted, nothing new begins, the calls under way have their signals aborted and are yielded as
 * they end, then the iterator throws the signal's reason. A consumer that leaves its loop aborts the calls under way too,
 * and waits for them. An iterable that throws lets what began end, then the iterator throws its error.
 *
 * @param fn gets an item and its `{ signal, attempt, index }`; what it throws is the item's error
 * @param items an iterable, of promises too, or an async iterable; it may be endless
 * @returns an iterator of `{ index, item, ok, value | error, attempts, durationMs }`; to be read only once
 * @throws {RangeError} when a number among the options makes no sense
 *
 * @example Failures are results
 * ```ts
 * import assert from "node:assert/strict";
 * import { runConcurrent } from "./mod.ts";
 *
 * const parse = (text: string) => JSON.parse(text);
 * const results = await Array.fromAsync(runConcurrent(parse, ["1", "{", "[]"], { concurrency: 2 }));
 * assert.deepEqual(results.map((result) => result.ok), [true, false, true]);
 * assert.equal(results[1]!.item, "{");
 * ```
 *
 * @example Timeouts and retries
 * ```ts
 * import assert from "node:assert/strict";
 * import { runConcurrent } from "./mod.ts";
 *
 * async function flaky(name: string, { attempt, signal }: { attempt: number; signal: AbortSignal }) {
 *   if (attempt === 1) await new Promise((_, reject) => signal.onabort = () => reject(signal.reason));
 *   return `${name} at last`;
 * }
 * const options = { timeoutMs: 20, retry: { attempts: 2, initialMs: 1 } };
 * for await (const result of runConcurrent(flaky, ["here"], options)) {
 *   assert.equal(result.ok && result.value, "here at last");
 *   assert.equal(result.attempts, 2);
 * }
 * ```
 */
export function runConcurrent<T, R>(
  fn: (item: T, call: ItemCall) => R | Promise<R>,
  items: Items<T>,
  options: RunConcurrentOptions = {},
): AsyncIterableIterator<Settled<T, R>> {
  return runConcurrentWith({ clock: engineClock(realClock), random: realRandom }, fn, items, options);
}
