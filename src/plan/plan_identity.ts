import { stringifyJson } from "../model/json.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import { sha256Hex } from "../runtime/hash.ts";

/** What a run's journal remembers of its plan, so that a resume can tell whether it goes on with the same work. */
export interface PlanIdentity {
  readonly name: string;
  /** Equal for equal values of all params, in whatever order they are declared. */
  readonly params: string;
  /** @see Plan.selection */
  readonly selection: string | null;
  readonly tasks: { readonly [name: string]: TaskIdentity };
}

/** @see PlanIdentity */
export interface TaskIdentity {
  readonly kind: string;
  /** Hashes of the settings that decide what a run does, by the key they have in the config. Limits are no part of it. */
  readonly settings: { readonly [key: string]: string };
}

/** The identity of a plan. Plain JSON; secrets are not in it. */
export function planIdentity(plan: Plan): PlanIdentity {
  const params = Object.entries(plan.params).sort(([a], [b]) => a < b ? -1 : 1);
  return {
    name: plan.name,
    params: hash(params),
    selection: plan.selection,
    tasks: Object.fromEntries(plan.tasks.map((task) => [task.name, taskIdentity(task)])),
  };
}

/** What changed between a run and the plan that is to resume it. */
export interface PlanComparison {
  /** Why it is another plan (exit 5); null when it can be resumed. */
  readonly refusal: string | null;
  /** Accepted edits, each as a sentence part to list: `task details: foreach changed`. */
  readonly edits: readonly string[];
}

/** Compares a journal's plan with today's. Another name, or a task of another kind, is another plan. */
export function comparePlans(before: PlanIdentity, now: PlanIdentity): PlanComparison {
  if (before.name !== now.name) {
    return refuse(`the run belongs to "${before.name}", the config is named "${now.name}"`);
  }
  const edits: string[] = [];
  for (const [name, task] of Object.entries(now.tasks)) {
    const old = Object.hasOwn(before.tasks, name) ? before.tasks[name] : undefined;
    if (old === undefined) {
      edits.push(`task ${name}: added`);
      continue;
    }
    if (old.kind !== task.kind) {
      return refuse(`task ${name} was of kind ${old.kind} and is now of kind ${task.kind}`);
    }
    const changed = changedKeys(old.settings, task.settings);
    if (changed.length > 0) edits.push(`task ${name}: ${changed.join(", ")} changed`);
  }
  for (const name of Object.keys(before.tasks)) {
    if (!Object.hasOwn(now.tasks, name)) edits.push(`task ${name}: not in this run`);
  }
  return { refusal: null, edits };
}

function refuse(refusal: string): PlanComparison {
  return { refusal, edits: [] };
}

function taskIdentity(task: TaskPlan): TaskIdentity {
  const settings = {
    [task.kind]: task.spec,
    foreach: task.foreach,
    matrix: task.matrix,
    key: task.key,
    needs: task.needs.length > 0 ? task.needs : null,
    if: task.if,
    expect: task.expect.length > 0 ? task.expect : null,
    outputs: Object.keys(task.outputs).length > 0 ? task.outputs : null,
    save: task.save,
  };
  const present = Object.entries(settings).filter(([, value]) => value !== null);
  return { kind: task.kind, settings: Object.fromEntries(present.map(([key, value]) => [key, hash(value)])) };
}

/** 64 bits are enough to notice an edit. */
function hash(value: unknown): string {
  return sha256Hex(stringifyJson(value)).slice(0, 16);
}

function changedKeys(
  before: { readonly [key: string]: string },
  now: { readonly [key: string]: string },
): string[] {
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((key) =>
    before[key] !== now[key]
  );
}
