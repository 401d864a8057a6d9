import type { Result } from "../model/result.ts";
import type { LostRun, ResultStore, RunClosing, RunHeader } from "../model/run_record.ts";

/** A run, ended or killed, as its journal holds it. */
export interface ReportSource {
  readonly header: RunHeader;
  /** Null for a run that did not end in order: inputs without a result are then filled in. */
  readonly closing: RunClosing | null;
  readonly results: ResultStore;
  /** How many inputs each task has, in file order; null where that was never known. */
  readonly totals: readonly (number | null)[];
  readonly lost: readonly LostRun[];
}

/**
 * Goes through every place that has a result, or should have one, in input order: `next`, then `task` and `index`, until it
 * gives false. It moves in place, since something for each of a million places would be a lot of garbage.
 */
export class Places {
  task = 0;
  index = -1;
  readonly #source: ReportSource;
  /** Places of the present task. */
  #size = 0;

  constructor(source: ReportSource) {
    this.#source = source;
    if (source.header.tasks.length > 0) this.#size = placesOfTask(source, 0);
  }

  next(): boolean {
    const { header: { tasks }, closing, results } = this.#source;
    while (this.task < tasks.length) {
      if (++this.index >= this.#size) {
        this.index = -1;
        if (++this.task < tasks.length) this.#size = placesOfTask(this.#source, this.task);
        // Where a run ended in order, a place without a result is an input that was not chosen (`--only task/KEY`).
      } else if (closing === null || results.has(this.task, this.index)) return true;
    }
    return false;
  }
}

/** A task whose inputs were never known counts as one task run. */
function placesOfTask(source: ReportSource, task: number): number {
  const size = source.results.size(task);
  if (source.closing !== null) return size;
  const begun = source.lost.filter((lost) => lost.task === task).map((lost) => lost.index + 1);
  return Math.max(size, source.totals[task] ?? 0, ...begun) || (source.totals[task] === null ? 1 : 0);
}

/**
 * What is known of an input whose end was never recorded: it did not run, unless it was begun and may not be repeated;
 * then nobody knows.
 */
export function missingResult(
  source: ReportSource,
  task: number,
  index: number,
  lost: LostRun | undefined,
): Result {
  const { name, kind, target } = source.header.tasks[task]!;
  return {
    index,
    task: name,
    key: lost?.input.key ?? null,
    item: lost?.input.item ?? null,
    matrix: lost?.input.matrix ?? null,
    target,
    kind,
    outcome: lost ? "failed" : "not_run",
    reason: null,
    queuedMs: 0,
    durationMs: 0,
    attempts: [],
    output: null,
    outputs: null,
    error: lost ? { code: "outcome_unknown", message: lostMessage, retryable: false } : null,
  };
}

const lostMessage =
  "the run was killed while this was under way: it may or may not have happened, and is not repeated by itself";

/** What was lost at a place, by task and index. */
export function lostPlaces(source: ReportSource): (task: number, index: number) => LostRun | undefined {
  const lost = new Map(source.lost.map((run) => [`${run.task}/${run.index}`, run]));
  return (task, index) => lost.size === 0 ? undefined : lost.get(`${task}/${index}`);
}
