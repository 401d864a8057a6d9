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

/** An input that could not be made (a ragged CSV line, a `where` that fails): one failed task run. */
export interface BrokenInput {
  readonly index: number;
  /** The item whose `where` failed; null when the source itself broke. */
  readonly item: Value;
  /**
   * `source`: nothing follows. `template`: an expression failed on this item, the others follow. `if`, `dependency`,
   * `not_run`: the run it comes from was left out, did not end ok, or was kept from it by the end of the whole run.
   */
  readonly code: "source" | "template" | "if" | "dependency" | "not_run";
  /** What failed, where (file and line), what to do. */
  readonly broken: string;
}

/** The inputs of one task, in order, each made when it is asked for. */
export interface InputSource {
  /**
   * The next input, or null when there are no more: at once whenever it is already there, else a promise.
   * Never throws and never rejects for what a source does; is not called again before its promise has settled.
   */
  next(): Input | BrokenInput | null | Promise<Input | BrokenInput | null>;
  /** Lets go of files and stdin; what is still asked gives null. May be called at any time, more than once. */
  close(): void;
  /** Opened again it gives the same inputs; false for stdin. */
  readonly repeatable: boolean;
}
