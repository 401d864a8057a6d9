import type { EarlierRuns } from "../journal/earlier_runs.ts";
import { parseJson } from "../model/json.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import {
  type Carried,
  carriedOf,
  hasOutput,
  idOfList,
  keptFromJournal,
  lost,
  mayStand,
  overwritten,
  stands,
} from "./earlier_result.ts";
import type { SaveOwner } from "../tasks/save_register.ts";
import type { OutputsRead } from "./outputs_read.ts";
import { openOutputs } from "./secret_outputs.ts";

/** What a resume takes over from the runs before it, and what it counted meanwhile. */
export interface CarryOver {
  /** How this input ended before; null when it has to run, for the first time or again. Counts it: called once for each. */
  take(task: number, index: number, id: string): Carried | null | Promise<Carried | null>;
  /** As {@link take}, without counting. */
  look(task: number, index: number, id: string): Look | "again" | "new";
  /** By position of the task. */
  readonly tallies: readonly Tally[];
}

/** What there is of an earlier run. `isWhole` is false where others may need more of it than the journal keeps. */
export interface Look {
  readonly carried: Carried;
  readonly isWhole: boolean;
}

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
  /** Outputs that expressions of other tasks read, secret ones too. */
  readonly outputsRead: OutputsRead;
  /** Takes the place where a kept result was saved, so that nothing else is saved there. Gives why it cannot. */
  claimSaved(owner: SaveOwner, shown: string): string | null;
  /** Tells whether anything that reads the outputs of a task (by position) is still to run. Made only where it matters. */
  neededAgain(look: CarryOver["look"]): (task: number) => Promise<boolean>;
}

/**
 * Decides by identity. What was `ok`, an allowed failure, or left out by its `if` stands; what failed, timed out, was
 * cancelled, did not run or was skipped for another reason runs again. A run whose end nobody knows stays failed unless
 * it may be repeated.
 *
 * The journal has no secret outputs, nor anything else that a secret was masked in. An `ok` run whose outputs are read by
 * others and are not all there is not *whole*: it stands when nothing that reads them is still to run, else it runs again.
 */
export function makeCarryOver(options: CarryOptions): CarryOver {
  const { plan, earlier, rerun, outputsRead } = options;
  const tallies = plan.tasks.map((): Tally => ({
    kept: 0,
    again: 0,
    added: 0,
    moved: 0,
    unknown: 0,
    isComplete: false,
  }));
  let isNeededAgain: ReturnType<CarryOptions["neededAgain"]> | undefined;
  const consumers = plan.tasks.map(({ name }) => consumersOf(name, plan));
  const needed = plan.tasks.map((task) => [
    ...outputsRead.get(task.name) ?? [],
    ...(isGoneThrough(task, plan) ? Object.keys(openOutputs(task, task.outputs)) : []),
  ]);

  function look(position: number, index: number, id: string): Look | "again" | "new" {
    const task = plan.tasks[position]!;
    const found = earlier.find(id);
    if (found === null) return "new";
    if (found.kind === "lost") return task.harmless ? "again" : { carried: lost, isWhole: true };
    if (!mayStand(found.outcome)) return "again";
    const result = parseJson(found.resultJson) as unknown as Result;
    if (!stands(result, task, rerun.has(task.name))) return "again";
    // It was cut off before it was known what it did: this run, which nobody cut off, calls it failed.
    if (result.outcome === "cancelled") return { carried: lost, isWhole: true };
    const lists = consumers[position]!.map(({ consumer, task }) => {
      const listId = idOfList(id, task);
      return { consumer, id: listId, json: result.outcome === "ok" ? earlier.findList(listId) : null };
    });
    const isWhole = result.outcome !== "ok" ||
      lists.every(({ json }) => json !== null && json !== keptFromJournal) &&
        needed[position]!.every((name) => hasOutput(result, task, name));
    const earlierRun = { result, json: found.resultJson, id, index };
    return { carried: carriedOf(earlierRun, lists, (listId) => earlier.findList(listId)), isWhole };
  }

  return {
    tallies,
    look,
    take(position, index, id) {
      const found = look(position, index, id);
      if (typeof found === "string" || found.isWhole) return count(position, index, found);
      isNeededAgain ??= options.neededAgain(look);
      return isNeededAgain(position).then((isNeeded) => count(position, index, isNeeded ? "again" : found));
    },
  };

  function count(position: number, index: number, found: Look | "again" | "new"): Carried | null {
    const tally = tallies[position]!;
    if (typeof found === "string") {
      if (found === "new") tally.added++;
      else tally.again++;
      return null;
    }
    const { kept, output } = found.carried;
    const clash = output?.saved ? options.claimSaved({ task: position, index }, output.saved) : null;
    if (clash !== null) {
      tally.again++;
      return overwritten(clash);
    }
    if (kept === null) tally.unknown++;
    else {
      tally.kept++;
      if (kept.result.index !== index) tally.moved++;
    }
    return found.carried;
  }
}

/** True when its runs are items of another task, outputs and all. */
function isGoneThrough({ name }: TaskPlan, plan: Plan): boolean {
  return plan.tasks.some(({ foreach }) =>
    foreach?.source === "from" && foreach.from === name && foreach.each === null
  );
}

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
