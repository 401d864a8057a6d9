import type { BrokenInput, Input, InputSource } from "../../model/input.ts";

/** Inputs without end. */
export interface CycledInputs extends InputSource {
  /** How many were given, those that were skipped too. */
  readonly position: number;
}

/**
 * The inputs of a source that can be read again, over and over, until `isOver`. The first `skip` are left out, so that
 * one measurement does not repeat the inputs of the one before it. Ends at once when there are none.
 */
export function cycleInputs(open: () => InputSource, skip: number, isOver: () => boolean): CycledInputs {
  let source = open();
  let position = 0;
  let inThisPass = 0;
  let given = 0;
  let left = skip;

  function accept(got: Input | BrokenInput | null): ReturnType<InputSource["next"]> {
    if (isOver()) return null;
    if (got === null) {
      source.close();
      if (inThisPass === 0 || !source.repeatable) return null;
      // What is left to skip may be many passes: only the rest matters.
      left %= position;
      inThisPass = 0;
      source = open();
      return next();
    }
    position++;
    inThisPass++;
    if (left > 0) {
      left--;
      return next();
    }
    return { ...got, index: given++ };
  }

  function next(): ReturnType<InputSource["next"]> {
    for (;;) {
      if (isOver()) return null;
      const got = source.next();
      if (got instanceof Promise) return got.then(accept);
      // Without a call for each input that is skipped.
      if (got === null || left === 0) return accept(got);
      position++;
      inThisPass++;
      left--;
    }
  }

  return {
    next,
    close: () => source.close(),
    get repeatable() {
      return source.repeatable;
    },
    get position() {
      return position;
    },
  };
}
