import type { Ending } from "../model/outcome.ts";
import type { Call, CancelReason, Output, Verdict } from "../model/verdict.ts";
import { runEngine } from "./engine.ts";
import { type Items, itemSource } from "./item_source.ts";
import type { EngineClock, RetryPolicy, TaskRun } from "./types.ts";

/** A function over items, for the engine: what `pooledMap` and `runConcurrent` have in common. */
export interface ConcurrentOptions<T, R> {
  readonly items: Items<T>;
  readonly limit: number;
  readonly order: "input" | "completion";
  readonly timeoutMs: number | null;
  readonly retry: RetryPolicy;
  readonly clock: EngineClock;
  /** Uniform in [0, 1). */
  random(): number;
  perform(item: T, call: ItemCall): R | Promise<R>;
  /** May an item that failed so be tried again? */
  isRetryable(error: unknown): boolean;
  /** What an item that was cut off failed with, and its signal's reason. */
  cancelError(reason: CancelReason): unknown;
  /** As soon as an item has ended, whenever its turn to be given comes. */
  onSettled(settled: Settled<T, R>): void;
}

/** How one item ended. */
export type Settled<T, R> = {
  /** From 0, in the order of the items. */
  readonly index: number;
  readonly item: T;
  /** Tries begun. */
  readonly attempts: number;
  /** From the first try to the end, waits between tries included. */
  readonly durationMs: number;
} & ({ readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown });

/** One try's line to whoever runs it. */
export interface ItemCall {
  /** Aborted when the try has to end: its timeout, or everything was stopped. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
  readonly index: number;
}

export interface ConcurrentRun<T, R> {
  /** The next result in order, or null after the last. Rejects with what the items' iterator threw. */
  next(): Promise<Settled<T, R> | null>;
  /** Nothing new begins; `now` aborts what runs as well. */
  stop(how: "drain" | "now", message: string): void;
  /** Stops now, and resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** Begun and not yet taken: results that wait for a slow item, or for a slow consumer, are so many times the limit. */
const lookAhead = 8;

interface ItemRun<T, R> {
  readonly index: number;
  readonly item: T;
  value?: R;
  error?: unknown;
}

/** Starts at once. Items are pulled when there is room for them, and no further ahead than 8 times the limit. */
export function startConcurrent<T, R>(options: ConcurrentOptions<T, R>): ConcurrentRun<T, R> {
  const { clock } = options;
  const results = options.order === "input"
    ? new InputOrder<Settled<T, R>>()
    : new CompletionOrder<Settled<T, R>>();
  let arrived = Promise.withResolvers<void>();
  let finished = false;
  const source = itemSource<T, ItemRun<T, R>>(options.items, {
    toRun: (item, index) => ({ index, item }),
    limit: lookAhead * options.limit,
  });
  const engine = runEngine<ItemRun<T, R>>({
    pools: [{ name: "items", limit: options.limit, retryBudget: false }],
    tasks: [{ source, pool: 0, attemptMs: options.timeoutMs, totalMs: null, retry: options.retry }],
    clock,
    hooks: { perform, ended, random: options.random },
  });
  const done = engine.done.finally(() => {
    finished = true;
    arrived.resolve();
  });
  // A hook that threw rejects `next`; whoever closes without asking again must not end the program.
  done.catch(() => {});

  return {
    async next() {
      for (;;) {
        const settled = results.take();
        if (settled !== undefined) {
          if (source.taken()) engine.wake();
          return settled;
        }
        if (finished) {
          await done;
          source.throwFailure();
          return null;
        }
        await arrived.promise;
        arrived = Promise.withResolvers();
      }
    },
    stop(how, message) {
      engine.stop({ how, code: "interrupted", message });
    },
    async close() {
      engine.stop({ how: "now", code: "interrupted", message: "nobody wants the results any more" });
      await done;
    },
  };

  async function perform({ payload }: TaskRun<ItemRun<T, R>>, call: Call): Promise<Verdict> {
    const itemCall = new CallView(call, payload.index, options.cancelError);
    let retryable = true;
    try {
      payload.value = await options.perform(payload.item, itemCall);
      // Too late is too late, also for work that would not be stopped. It has stopped now: its slot is free.
      if (call.cancelled?.code !== "timeout") return success;
      payload.error = itemCall.reason;
    } catch (error) {
      payload.error = call.cancelled === undefined ? error : itemCall.reason;
    }
    try {
      retryable = options.isRetryable(payload.error);
    } catch (error) {
      payload.error = error;
      retryable = false;
    }
    return { kind: "failed", error: { code: "internal", message: "the item failed", retryable } };
  }

  function ended(run: TaskRun<ItemRun<T, R>>, ending: Ending, _output: Output | null): void {
    const { index, item, value, error } = run.payload;
    if (ending.outcome === "not_run") results.leaveOut(index);
    else {
      const facts = { index, item, attempts: run.attemptCount, durationMs: clock.now() - run.startedAt };
      const settled: Settled<T, R> = ending.outcome === "ok"
        ? { ...facts, ok: true, value: value as R }
        : { ...facts, ok: false, error };
      results.add(settled);
      options.onSettled(settled);
    }
    arrived.resolve();
  }
}

const success: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };

/** Makes a signal only for those who look at it. */
class CallView implements ItemCall {
  readonly index: number;
  readonly #call: Call;
  readonly #toError: (reason: CancelReason) => unknown;
  #controller: AbortController | undefined;
  #reason: { readonly error: unknown } | undefined;

  constructor(call: Call, index: number, toError: (reason: CancelReason) => unknown) {
    this.#call = call;
    this.index = index;
    this.#toError = toError;
  }

  get attempt(): number {
    return this.#call.attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      if (this.#call.cancelled !== undefined) controller.abort(this.reason);
      else this.#call.onCancel = () => controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** The same error for the signal and for the result. */
  get reason(): unknown {
    this.#reason ??= { error: this.#toError(this.#call.cancelled!) };
    return this.#reason.error;
  }
}

/** Results as they come. */
class CompletionOrder<S> {
  readonly #results: S[] = [];

  add(settled: S): void {
    this.#results.push(settled);
  }

  leaveOut(_index: number): void {}

  take(): S | undefined {
    return this.#results.shift();
  }
}

/** Results in the order of the items; those that have to wait are at most as many as the look-ahead. */
class InputOrder<S extends { readonly index: number }> {
  readonly #results = new Map<number, S | null>();
  #following = 0;

  add(settled: S): void {
    this.#results.set(settled.index, settled);
  }

  leaveOut(index: number): void {
    this.#results.set(index, null);
  }

  take(): S | undefined {
    for (;;) {
      const settled = this.#results.get(this.#following);
      if (settled === undefined) return undefined;
      this.#results.delete(this.#following++);
      if (settled !== null) return settled;
    }
  }
}
