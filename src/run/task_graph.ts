import type { Value, ValueMap } from "../model/json.ts";
import { stringifyJson } from "../model/json.ts";
import { type Ending, noOutcomes, type OutcomeCounts } from "../model/outcome.ts";
import type { TaskPlan } from "../model/plan.ts";

/** Outputs of one task that others may read, in bytes of JSON; more has to go by `from`. */
const outputsLimitBytes = 16 * 1024 * 1024;

/** What a task that waits for others should do. */
export type Gate = "wait" | "go" | { readonly skip: "if" | "dependency"; readonly message: string };

/** What tasks know of each other while they run. */
export interface TaskGraph {
  /** May this task's runs begin? */
  gate(task: number): Gate;
  /** What `needs` means in this task's expressions. */
  needs(task: number): ValueMap;
  pulled(task: number): void;
  /** Gives true when this was the last run of its task: others may begin now. */
  ended(task: number, index: number, ending: Ending, outputs: ValueMap | null): boolean;
  /** No more inputs. Gives true when that ended the task. */
  exhausted(task: number): boolean;
}

interface State {
  readonly task: TaskPlan;
  readonly direct: readonly { readonly position: number; readonly when: "ok" | "any" | "done" }[];
  /** Everything needed, through others too. */
  readonly all: readonly number[];
  readonly counts: OutcomeCounts;
  allowed: number;
  skippedByIf: number;
  live: number;
  exhausted: boolean;
  /** By input index; kept only where another task reads it. */
  readonly outputs: Map<number, ValueMap>;
  outputsBytes: number;
}

/**
 * @param keepsOutputs tasks (by name) whose outputs another task's expressions read
 */
export function makeTaskGraph(tasks: readonly TaskPlan[], keepsOutputs: ReadonlySet<string>): TaskGraph {
  const positions = new Map(tasks.map((task, position) => [task.name, position]));
  const states = tasks.map((task): State => ({
    task,
    direct: task.needs.map((need) => ({ position: positions.get(need.task)!, when: need.when })),
    all: closure(task, tasks, positions),
    counts: noOutcomes(),
    allowed: 0,
    skippedByIf: 0,
    live: 0,
    exhausted: false,
    outputs: new Map(),
    outputsBytes: 0,
  }));
  const hasEnded = (state: State) => state.exhausted && state.live === 0;

  return {
    gate(position) {
      const { direct } = states[position]!;
      if (direct.some((need) => !hasEnded(states[need.position]!))) return "wait";
      for (const need of direct) {
        const unmet = judge(states[need.position]!, need.when);
        if (unmet !== "go") return unmet;
      }
      return "go";
    },
    needs(position) {
      const known: Record<string, Value> = {};
      for (const needed of states[position]!.all) {
        const state = states[needed]!;
        known[state.task.name] = {
          outputs: outputsOf(state),
          status: statusOf(state),
          counts: { ...state.counts },
        };
      }
      return known;
    },
    pulled(position) {
      states[position]!.live++;
    },
    ended(position, index, ending, outputs) {
      const state = states[position]!;
      state.live--;
      state.counts[ending.outcome]++;
      if (ending.outcome === "skipped" && ending.reason === "if") state.skippedByIf++;
      if ((ending.outcome === "failed" || ending.outcome === "timed_out") && state.task.allowFailure) {
        state.allowed++;
      }
      if (outputs !== null && keepsOutputs.has(state.task.name)) keep(state, index, outputs);
      return hasEnded(state);
    },
    exhausted(position) {
      const state = states[position]!;
      state.exhausted = true;
      return hasEnded(state);
    },
  };
}

function closure(
  task: TaskPlan,
  tasks: readonly TaskPlan[],
  positions: ReadonlyMap<string, number>,
): number[] {
  const found = new Set<number>();
  const visit = (current: TaskPlan) => {
    for (const need of neededNames(current)) {
      const position = positions.get(need)!;
      if (found.has(position)) continue;
      found.add(position);
      visit(tasks[position]!);
    }
  };
  visit(task);
  return [...found];
}

function neededNames(task: TaskPlan): string[] {
  const names = task.needs.map((need) => need.task);
  if (task.foreach?.source === "from") names.push(task.foreach.from);
  return names;
}

function judge(state: State, when: "ok" | "any" | "done"): Gate {
  const { counts, task } = state;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  // A task left out by its `if` takes with it what needs it, for the same reason, unless that runs whatever happened.
  if (when !== "done" && total > 0 && state.skippedByIf === total) {
    return { skip: "if", message: `"${task.name}" was left out by its \`if\`` };
  }
  const met = when === "done"
    ? true
    : when === "any"
    ? counts.ok > 0
    : counts.ok + state.allowed + state.skippedByIf === total;
  if (met) return "go";
  const words = when === "any"
    ? "no run of it is ok"
    : `${total - counts.ok - state.allowed - state.skippedByIf} of its ${total} runs did not end ok`;
  return { skip: "dependency", message: `it needs "${task.name}", and ${words}` };
}

function statusOf(state: State): string {
  const { counts } = state;
  if (counts.cancelled + counts.not_run > 0) return "cancelled";
  if (counts.failed + counts.timed_out > state.allowed) return "failed";
  if (counts.ok + state.allowed === 0 && counts.skipped > 0) return "skipped";
  return "ok";
}

function keep(state: State, index: number, outputs: ValueMap): void {
  state.outputsBytes += stringifyJson(outputs).length;
  if (state.outputsBytes > outputsLimitBytes) state.outputs.clear();
  else state.outputs.set(index, outputs);
}

/** One value for a task with one item, lists in input order for others. */
function outputsOf(state: State): ValueMap {
  const { task } = state;
  if (state.outputsBytes > outputsLimitBytes) throw new OutputsTooLarge(task.name);
  if (task.foreach === null && task.matrix === null) return state.outputs.get(0) ?? {};
  const runs = [...state.outputs].sort(([a], [b]) => a - b).map(([, outputs]) => outputs);
  const lists: Record<string, Value> = {};
  for (const name of Object.keys(task.outputs)) lists[name] = runs.map((outputs) => outputs[name]!);
  return lists;
}

/** A task's outputs are too many to be kept for another task's expressions: code `too_large`. */
export class OutputsTooLarge extends Error {
  override readonly name = "OutputsTooLarge";

  constructor(task: string) {
    super(
      `the outputs of "${task}" are over 16 MiB together; use foreach: { from: ${task} } to go through them run by run`,
    );
  }
}
