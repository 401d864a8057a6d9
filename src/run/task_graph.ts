import type { Value, ValueMap } from "../model/json.ts";
import { stringifyJson } from "../model/json.ts";
import { type Ending, noOutcomes, type OutcomeCounts } from "../model/outcome.ts";
import type { TaskPlan } from "../model/plan.ts";
import { allOutputsRead, type OutputsRead } from "./outputs_read.ts";

/** Values of one output that others may read, in bytes of JSON; more has to go by `from`. */
const outputsLimitBytes = 16 * 1024 * 1024;

/** All tasks of a plan. */
export type TasksByName = ReadonlyMap<string, TaskPlan>;

/** What a task that waits for others should do. */
export type Gate = "wait" | "go" | { readonly skip: "if" | "dependency"; readonly message: string };

/** What tasks know of each other while they run. */
export interface TaskGraph {
  /** May this task's runs begin? */
  gate(task: number): Gate;
  /** What `needs` means in this task's expressions. @throws OutputsTooLarge when they read more than is kept */
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
  /** What the tasks need whose runs it goes through: its expressions may read these, too. */
  readonly behind: readonly number[];
  /** Everything needed, through others too. */
  readonly all: readonly number[];
  readonly counts: OutcomeCounts;
  allowed: number;
  skippedByIf: number;
  live: number;
  exhausted: boolean;
  /** By name; only those that another task reads. */
  readonly outputs: ReadonlyMap<string, KeptOutput>;
}

/** One output of all runs of a task. */
interface KeptOutput {
  /** By input index; empty once they are too many. */
  readonly values: Map<number, Value>;
  bytes: number;
}

/**
 * @param outputsRead what each task reads of others, by position
 */
export function makeTaskGraph(
  tasks: readonly TaskPlan[],
  outputsRead: readonly OutputsRead[],
): TaskGraph {
  const readByOthers = allOutputsRead(outputsRead);
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const positions = new Map(tasks.map((task, position) => [task.name, position]));
  const states = tasks.map((task): State => ({
    task,
    direct: task.needs.map((need) => ({ position: positions.get(need.task)!, when: need.when })),
    behind: needsBehind(task, byName).map((name) => positions.get(name)!),
    all: tasksNeeded(task, byName).map(({ name }) => positions.get(name)!),
    counts: noOutcomes(),
    allowed: 0,
    skippedByIf: 0,
    live: 0,
    exhausted: false,
    outputs: new Map(
      [...readByOthers.get(task.name) ?? []].map((name) => [name, { values: new Map(), bytes: 0 }]),
    ),
  }));
  const hasEnded = (state: State) => state.exhausted && state.live === 0;

  return {
    gate(position) {
      const { direct, behind } = states[position]!;
      if (direct.some((need) => !hasEnded(states[need.position]!))) return "wait";
      if (behind.some((needed) => !hasEnded(states[needed]!))) return "wait";
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
          outputs: outputsOf(state, outputsRead[position]!.get(state.task.name)),
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
      if (outputs !== null) keep(state, index, outputs);
      return hasEnded(state);
    },
    exhausted(position) {
      const state = states[position]!;
      state.exhausted = true;
      return hasEnded(state);
    },
  };
}

const allNeeded = new WeakMap<TaskPlan, readonly TaskPlan[]>();

/** Every other task that this one needs, directly or through others. Found once: long chains have many of them. */
export function tasksNeeded(task: TaskPlan, tasks: TasksByName): readonly TaskPlan[] {
  const known = allNeeded.get(task);
  if (known !== undefined) return known;
  const found = new Set<TaskPlan>();
  for (const name of neededNames(task)) {
    const needed = tasks.get(name)!;
    if (found.has(needed)) continue;
    found.add(needed);
    for (const further of tasksNeeded(needed, tasks)) found.add(further);
  }
  const all = [...found];
  allNeeded.set(task, all);
  return all;
}

const allBehind = new WeakMap<TaskPlan, readonly string[]>();

/** What the tasks need that this one goes through: one after the other, as they go through each other. */
function needsBehind(task: TaskPlan, tasks: TasksByName): readonly string[] {
  if (task.foreach?.source !== "from") return [];
  const known = allBehind.get(task);
  if (known !== undefined) return known;
  const producer = tasks.get(task.foreach.from)!;
  const names = [...new Set([...producer.needs.map((need) => need.task), ...needsBehind(producer, tasks)])];
  allBehind.set(task, names);
  return names;
}

/** The tasks that this one needs directly. */
export function neededNames(task: TaskPlan): string[] {
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
  for (const [name, kept] of state.outputs) {
    // An earlier run, carried over, may have had fewer outputs.
    if (!Object.hasOwn(outputs, name)) continue;
    const value = outputs[name]!;
    kept.bytes += stringifyJson(value).length;
    if (kept.bytes > outputsLimitBytes) kept.values.clear();
    else kept.values.set(index, value);
  }
}

/** One value for a task with one item, lists in input order for others; of the outputs in `read` only. */
function outputsOf({ task, outputs }: State, read: ReadonlySet<string> = new Set()): ValueMap {
  const known: Record<string, Value> = {};
  for (const name of read) {
    const { values, bytes } = outputs.get(name)!;
    if (bytes > outputsLimitBytes) throw new OutputsTooLarge(task.name, name);
    if (task.foreach === null && task.matrix === null) {
      if (values.has(0)) known[name] = values.get(0)!;
    } else known[name] = [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
  }
  return known;
}

/** An output's values are too many to be kept for another task's expressions: code `too_large`. */
export class OutputsTooLarge extends Error {
  override readonly name = "OutputsTooLarge";

  constructor(task: string, output: string) {
    super(
      `needs.${task}.outputs.${output} is over 16 MiB; use foreach: { from: ${task} } to go through it run by run`,
    );
  }
}
