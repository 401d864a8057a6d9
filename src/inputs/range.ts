import type { Value } from "../model/json.ts";
import { end, type ItemSource, type Pulled } from "./items.ts";

/** Whole numbers from `first` to `last`, both included. */
export interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** Reads `1..100`; bounds of any size, also negative. Gives a message when the text is no range, or one that goes down. */
export function parseRange(text: string): Range | string {
  const match = /^\s*([-+]?\d+)\s*\.\.\s*([-+]?\d+)\s*$/.exec(text);
  if (match === null) {
    return `"${text}" is not a range: write its first and last number with two dots between, as in "1..100"`;
  }
  const [first, last] = [BigInt(match[1]!), BigInt(match[2]!)];
  if (first <= last) return { first, last };
  return `the range "${text}" goes down, and ranges only go up: write "${last}..${first}"`;
}

/** Gives the numbers of a range one by one; those that a double holds exactly are numbers, others `bigint`. */
export function rangeItems(range: Range): ItemSource {
  return isSafe(range.first) && isSafe(range.last)
    ? new SafeRangeItems(Number(range.first), Number(range.last))
    : new BigRangeItems(range.first, range.last);
}

class SafeRangeItems implements ItemSource {
  readonly count: number;

  constructor(public following: number, readonly last: number) {
    this.count = last - following + 1;
  }

  next(): Pulled {
    return this.following <= this.last ? this.following++ : end;
  }

  close(): void {
    this.following = Infinity;
  }
}

class BigRangeItems implements ItemSource {
  readonly count: number;

  constructor(public following: bigint, public last: bigint) {
    this.count = Number(last - following) + 1;
  }

  next(): Pulled {
    return this.following <= this.last ? exact(this.following++) : end;
  }

  close(): void {
    this.last = this.following - 1n;
  }
}

function exact(value: bigint): Value {
  return isSafe(value) ? Number(value) : value;
}

function isSafe(value: bigint): boolean {
  return Number.isSafeInteger(Number(value));
}
