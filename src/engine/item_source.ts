import type { Pulled, Source } from "./types.ts";

/** Items may come one at a time, and be promises. */
export type Items<T> = Iterable<T | PromiseLike<T>> | AsyncIterable<T>;

/** Items of any iterable as the engine wants them, no more at a time than may be begun and not yet taken. */
export interface ItemSource<P> extends Source<P> {
  stopped(): void;
  /** A result was taken. True when the source had been waiting for that. */
  taken(): boolean;
  /** @throws what the iterator threw, if it did */
  throwFailure(): void;
}

/** `limit`: items given whose results were not taken yet. The iterator is closed when it is not read to its end. */
export function itemSource<T, P>(
  items: Items<T>,
  { toRun, limit }: { toRun(item: T, index: number): P; readonly limit: number },
): ItemSource<P> {
  const iterator = iteratorOf(items);
  let given = 0;
  let takenCount = 0;
  let isWaiting = false;
  let isOver = false;
  let failure: { readonly error: unknown } | null = null;
  /** Answers a pull under way: an iterator that never answers must not hold up the end. */
  let answer: ((pulled: null) => void) | null = null;

  function pull(): Pulled<P> | null | undefined | Promise<Pulled<P> | null> {
    if (isOver) return null;
    isWaiting = given - takenCount >= limit;
    if (isWaiting) return undefined;
    let result: IteratorResult<T | PromiseLike<T>> | Promise<IteratorResult<T>>;
    try {
      result = iterator.next();
    } catch (error) {
      return fail(error);
    }
    return result instanceof Promise || isThenable(result.value)
      ? pullLater(result)
      : accept(result as IteratorResult<T>);
  }

  function pullLater(
    result: IteratorResult<T | PromiseLike<T>> | Promise<IteratorResult<T>>,
  ): Promise<Pulled<P> | null> {
    return new Promise((resolve) => {
      answer = resolve;
      readResult(result).then(accept, fail).then(resolve);
    });
  }

  async function readResult(
    pending: IteratorResult<T | PromiseLike<T>> | Promise<IteratorResult<T>>,
  ): Promise<IteratorResult<T>> {
    const result = await pending;
    return result.done ? result : { done: false, value: await result.value };
  }

  function accept(result: IteratorResult<T>): Pulled<P> | null {
    answer = null;
    if (isOver) return null;
    if (!result.done) return { payload: toRun(result.value, given++) };
    isOver = true;
    return null;
  }

  function fail(error: unknown): null {
    answer = null;
    if (!isOver) failure = { error };
    isOver = true;
    return null;
  }

  return {
    pull,
    stopped() {
      if (isOver) return;
      isOver = true;
      answer?.(null);
      closeIterator();
    },
    taken() {
      takenCount++;
      const wasWaiting = isWaiting;
      isWaiting = false;
      return wasWaiting;
    },
    throwFailure() {
      if (failure !== null) throw failure.error;
    },
  };

  /** What its clean-up says is nobody's business any more: why it was stopped matters more. */
  function closeIterator(): void {
    try {
      Promise.resolve(iterator.return?.()).catch(() => {});
    } catch {
      // The same, said at once.
    }
  }
}

function iteratorOf<T>(items: Items<T>): Iterator<T | PromiseLike<T>> | AsyncIterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

function isThenable(value: unknown): boolean {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value;
}
