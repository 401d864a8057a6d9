/**
 * Tuning: the config's own tasks at one target, run over a sample of their inputs at several concurrency values. Nothing
 * here writes: no journal, no report, no `save`, no `collect`; and nothing runs that may not be repeated.
 */
import type { Plan, TaskPlan } from "../../model/plan.ts";
import { neededNames } from "../task_graph.ts";

/** What is run to measure a target. */
export interface TunePlan {
  readonly plan: Plan;
  /** Position of the target's pool. */
  readonly pool: number;
  /** Tasks that no other needs: their inputs are gone through again and again. */
  readonly sampled: ReadonlySet<string>;
  /** Why tasks of the target were left out, each as a sentence. */
  readonly leftOut: readonly string[];
}

/** A task that others need is run on so many of its inputs, each time. */
const inputsForOthers = 20;

/** The target's tasks that can be measured, with what they need; or, in a sentence, why there are none. */
export function makeTunePlan(plan: Plan, target: string): TunePlan | { readonly wrong: string } {
  const pool = plan.pools.findIndex(({ name }) => name === target);
  if (pool < 0) {
    const names = plan.pools.map(({ name }) => name).join(", ");
    return { wrong: `no task uses a target "${target}"; those of this config are ${names}` };
  }
  const byName = new Map(plan.tasks.map((task) => [task.name, task]));
  const chosen = new Set<string>();
  const leftOut: string[] = [];
  for (const task of plan.tasks) {
    if (task.pool !== pool) continue;
    const all = withNeeds(task, byName);
    const why = all.map(whyNot).find((reason) => reason !== null) ?? null;
    if (why === null) { for (const { name } of all) chosen.add(name); }
    else leftOut.push(`"${task.name}" is left out: ${why}`);
  }
  if (chosen.size === 0) return { wrong: leftOut.join("; ") };
  const tasks = plan.tasks.filter(({ name }) => chosen.has(name));
  const needed = new Set(tasks.flatMap(neededNames));
  const sampled = new Set(
    tasks.filter((task) => task.pool === pool && !needed.has(task.name)).map(({ name }) => name),
  );
  return {
    pool,
    sampled,
    leftOut,
    plan: {
      ...plan,
      run: { ...plan.run, timeoutMs: null, maxFailures: null },
      tasks: tasks.map((task) => ({
        ...task,
        // One after another the same inputs come again: their names would be taken for a mistake.
        key: null,
        only: null,
        first: sampled.has(task.name) ? task.first : Math.min(task.first ?? Infinity, inputsForOthers),
        retry: { ...task.retry, attempts: 1, until: null },
        save: null,
        collect: null,
        capture: { mode: "none" },
      })),
    },
  };
}

function withNeeds(task: TaskPlan, byName: ReadonlyMap<string, TaskPlan>): TaskPlan[] {
  const found = new Set([task]);
  for (const one of found) for (const name of neededNames(one)) found.add(byName.get(name)!);
  return [...found];
}

/** Why a task may not be run for a measurement; null when it may. */
function whyNot({ name, harmless, foreach }: TaskPlan): string | null {
  if (!harmless) return `"${name}" may not be repeated; if it may be, say so with idempotent: true`;
  return foreach !== null && "path" in foreach && foreach.path === "-"
    ? `"${name}" reads stdin, which can be read only once`
    : null;
}
