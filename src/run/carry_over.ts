import type { EarlierRuns } from "../journal/earlier_runs.ts";
import { parseJson, type Value, type ValueMap } from "../model/json.ts";
import type { Ending, Outcome } from "../model/outcome.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { Output } from "../model/verdict.ts";
import { shortHash } from "../runtime/hash.ts";

/** A task run that need not run, since it did in an earlier run. */
export interface Carried {
  readonly ending: Ending;
  /** What others read of it, as far as the journal has it. */
  readonly output: Output | null;
  /** Its result of then; null where nobody knows how it ended, so that it gets a result now. */
  readonly kept: KeptResult | null;
}

/** @see Carried */
export interface KeptResult {
  readonly result: Result;
  /** The bytes of then, but for the index: inputs may have changed places. */
  readonly json: string;
  /** Lists that other tasks go through, as they stand in the journal. */
  readonly lists: readonly { readonly id: string; readonly json: string }[];
}

/** What a resume takes over from the runs before it, and what it counted meanwhile. */
export interface CarryOver {
  /** How this input ended before; null when it has to run, for the first time or again. Counts it: called once for each. */
  take(task: number, index: number, id: string): Carried | null;
  /** As {@link take}, without counting. */
  look(task: number, index: number, id: string): Look;
  /** Runs of these tasks (positions) that are not whole run again; without this call those of all tasks do. */
  repeat(tasks: ReadonlySet<number>): void;
  /** By position of the task. */
  readonly tallies: readonly Tally[];
}

/** What there is of an earlier run. `isWhole` is false where others may need more of it than the journal keeps. */
export type Look = { readonly carried: Carried; readonly isWhole: boolean } | "again" | "new";

/** How the inputs of one task fared, as far as they were seen. */
export interface Tally {
  kept: number;
  /** Known, and run again. */
  again: number;
  /** Never seen before. */
  added: number;
  /** Kept, at another place among the inputs. */
  moved: number;
  /** Nobody knows how they ended, and they may not be repeated. */
  unknown: number;
  /** All inputs were seen: what else is known of the task is gone from them. */
  isComplete: boolean;
}

export interface CarryOptions {
  readonly plan: Plan;
  readonly earlier: EarlierRuns;
  /** Names of tasks that run again, whatever became of them. */
  readonly rerun: ReadonlySet<string>;
  /** Names of tasks whose outputs, secret ones too, are read by expressions of other tasks. */
  readonly readByOthers: ReadonlySet<string>;
}

/**
 * Decides by identity. What was `ok`, an allowed failure, or left out by its `if` stands; what failed, timed out, was
 * cancelled, did not run or was skipped for another reason runs again. A run whose end nobody knows stays failed unless
 * it may be repeated.
 *
 * The journal has no secret outputs, nor anything else a secret was masked in. A run whose outputs are read by others
 * and are not all there is not *whole*; who uses this says by `repeat` which of those are needed again.
 */
export function makeCarryOver({ plan, earlier, rerun, readByOthers }: CarryOptions): CarryOver {
  const tallies = plan.tasks.map((): Tally => ({
    kept: 0,
    again: 0,
    added: 0,
    moved: 0,
    unknown: 0,
    isComplete: false,
  }));
  const consumers = plan.tasks.map(({ name }) => consumersOf(name, plan));
  const isGoneThrough = plan.tasks.map(({ name }) =>
    plan.tasks.some(({ foreach }) => foreach?.source === "from" && foreach.from === name)
  );
  let repeated: ReadonlySet<number> | null = null;

  function look(position: number, index: number, id: string): Look {
    const task = plan.tasks[position]!;
    const found = earlier.find(id);
    if (found === null) return "new";
    if (found.kind === "lost") return task.harmless ? "again" : { carried: lost, isWhole: true };
    if (!mayStand(found.outcome)) return "again";
    const result = parseJson(found.resultJson) as unknown as Result;
    if (!stands(result, task, rerun.has(task.name))) return "again";
    const lists = consumers[position]!.map(({ consumer, task }) => {
      const listId = idOfList(id, task);
      return { consumer, id: listId, json: result.outcome === "ok" ? earlier.findList(listId) : null };
    });
    const isWhole = result.outcome !== "ok" ||
      lists.every(({ json }) => json !== null && json !== keptFromJournal) &&
        (!isGoneThrough[position] || hasOutputs(result, task, "open")) &&
        (!readByOthers.has(task.name) || hasOutputs(result, task, "all"));
    return { carried: carriedOf(result, found.resultJson, index, lists), isWhole };
  }

  return {
    tallies,
    look,
    take(position, index, id) {
      const tally = tallies[position]!;
      const found = look(position, index, id);
      if (found === "new") {
        tally.added++;
        return null;
      }
      if (found === "again" || (!found.isWhole && (repeated === null || repeated.has(position)))) {
        tally.again++;
        return null;
      }
      const { kept } = found.carried;
      if (kept === null) tally.unknown++;
      else {
        tally.kept++;
        if (kept.result.index !== index) tally.moved++;
      }
      return found.carried;
    },
    repeat: (tasks) => void (repeated = tasks),
  };
}

/** The id in the journal of the list that a task run gives to the task `consumer`: another `each` is another list. */
export function idOfList(runId: string, { name, foreach }: TaskPlan): string {
  const each = foreach?.source === "from" ? foreach.each : null;
  return shortHash(`${runId} ${name} ${each}`);
}

/** Stands in the journal for a list that must not be there: it holds a secret. */
export const keptFromJournal = "null";

interface Consumer {
  readonly consumer: number;
  readonly task: TaskPlan;
}

/** Tasks that go through a list of each of this one's runs. */
function consumersOf(name: string, plan: Plan): Consumer[] {
  return plan.tasks.flatMap((task, consumer) => {
    const { foreach } = task;
    return foreach?.source === "from" && foreach.from === name && foreach.each !== null
      ? [{ consumer, task }]
      : [];
  });
}

/** What can be told without parsing the result. */
function mayStand(outcome: Outcome): boolean {
  return outcome !== "cancelled" && outcome !== "not_run";
}

function stands(result: Result, task: TaskPlan, isRerun: boolean): boolean {
  // It may have happened: no flag makes it safe to do it again, only the task's own word.
  if (result.error?.code === "outcome_unknown") return !task.harmless;
  if (isRerun) return false;
  switch (result.outcome) {
    case "ok":
      return true;
    case "skipped":
      return result.reason === "if";
    case "failed":
    case "timed_out":
      return result.allowed === true && task.allowFailure;
    default:
      return false;
  }
}

function hasOutputs(result: Result, task: TaskPlan, which: "all" | "open"): boolean {
  const kept = result.outputs ?? {};
  return Object.entries(task.outputs).every(([name, { secret }]) =>
    secret ? which === "open" : Object.hasOwn(kept, name) && !holdsMask(kept[name]!)
  );
}

/** True where masking left its mark, or something that looks like it. */
function holdsMask(value: Value): boolean {
  if (typeof value === "string") return value.includes("***");
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return Object.entries(value).some(([key, member]) => key.includes("***") || holdsMask(member));
}

function carriedOf(
  result: Result,
  json: string,
  index: number,
  lists: readonly { readonly consumer: number; readonly id: string; readonly json: string | null }[],
): Carried {
  const there = lists.flatMap(({ consumer, id, json }) =>
    json === null || json === keptFromJournal ? [] : [{ consumer, id, json }]
  );
  const saved = (result.output as ValueMap | null)?.saved;
  return {
    ending: endingOf(result),
    output: {
      fields: {},
      outputs: result.outputs,
      saved: typeof saved === "string" ? saved : null,
      feeds: new Map(there.map((list) => [list.consumer, parseJson(list.json) as readonly Value[]])),
    },
    kept: { result, json: withIndex(json, index), lists: there },
  };
}

function endingOf(result: Result): Ending {
  const { outcome, error, reason } = result;
  if (outcome === "skipped") return { outcome, reason: reason!, error };
  return outcome === "ok" ? { outcome } : { outcome, error } as Ending;
}

/** Results begin with their index. */
function withIndex(json: string, index: number): string {
  return `{"index":${index}${json.slice(json.indexOf(","))}`;
}

const lost: Carried = {
  ending: {
    outcome: "failed",
    error: {
      code: "outcome_unknown",
      message:
        "an earlier run was killed while this was under way: it may or may not have happened; if it may be repeated, " +
        "say idempotent: true and resume again",
      retryable: false,
    },
  },
  output: null,
  kept: null,
};
