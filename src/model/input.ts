import type { Value, ValueMap } from "./json.ts";

/** One input of a task, as its source gives it. */
export interface Input {
  /** From 0, within the task, in input order. */
  readonly index: number;
  /** One element of `foreach`; null for a task without. */
  readonly item: Value;
  /** One combination of `matrix`; null for a task without. */
  readonly matrix: ValueMap | null;
}

/** A source that broke at this place (a ragged CSV line): one failed task run with code `source`. */
export interface BrokenInput {
  readonly index: number;
  readonly broken: string;
}
