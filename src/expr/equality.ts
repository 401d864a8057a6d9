import { Optional } from "@marcbachmann/cel-js";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import { charge } from "./evaluation.ts";
import { nanosOf } from "./durations.ts";

/** How many comparisons, each some nanoseconds, make one step. */
const PER_STEP = 8;

/**
 * CEL's equality: of numbers by their value, of lists and maps member by member, false for different types.
 * The library's own guesses the type of a list by its first element, and bounds neither work nor depth.
 */
export function areEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === "string") {
    charge(typeof b === "string" ? a.length >> 10 : 0);
    return false;
  }
  // A whole number and a double are compared by value: 1 == 1.0.
  if (typeof a === "bigint" || typeof a === "number") {
    return (typeof b === "bigint" || typeof b === "number") && a == b;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return areObjectsEqual(a, b);
}

/** Whether a list has an element, or a map a key, equal to `value`. */
export function isMember(value: unknown, of: readonly unknown[] | ReadonlyMap<unknown, unknown>): boolean {
  if (!Array.isArray(of)) return (of as ReadonlyMap<unknown, unknown>).has(value);
  charge(of.length / PER_STEP);
  return of.includes(value) || (typeof value !== "string" && of.some((element) => areEqual(value, element)));
}

function areObjectsEqual(a: object, b: object): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && areListsEqual(a, b);
  if (a instanceof Map) return b instanceof Map && areMapsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && areListsEqual(a, b);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Duration) return b instanceof Duration && nanosOf(a) === nanosOf(b);
  if (a instanceof Optional && b instanceof Optional) return areOptionalsEqual(a, b);
  return false;
}

function areListsEqual(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  charge(1 + a.length / PER_STEP);
  for (let position = 0; position < a.length; position++) {
    if (!areEqual(a[position], b[position])) return false;
  }
  return true;
}

function areMapsEqual(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  charge(1 + a.size / PER_STEP);
  for (const [key, value] of a) {
    if (!b.has(key) || !areEqual(value, b.get(key))) return false;
  }
  return true;
}

function areOptionalsEqual(a: Optional, b: Optional): boolean {
  if (!a.hasValue() || !b.hasValue()) return a.hasValue() === b.hasValue();
  return areEqual(a.value(), b.value());
}
