import { ExpressionError, type Vars } from "../model/expression.ts";
import type { ReportProblem } from "../model/diagnostic.ts";
import type { Plan } from "../model/plan.ts";
import type { LearningRedactor } from "../model/redactor.ts";
import { UnusableError } from "../model/unusable_error.ts";
import type { Ports } from "../runtime/ports.ts";
import { compiler } from "./input_context.ts";
import { openProgram, type Program } from "./program.ts";

/** What the tasks of a plan are opened with. */
export interface OpenContext {
  readonly ports: Ports;
  readonly secrets: ReadonlyMap<string, string>;
  readonly redactor: LearningRedactor;
}

/**
 * Compiles every task of a plan and opens its kind. A task that stands on something that cannot be used is reported;
 * what is given then is not all of them.
 */
export async function openPrograms(
  plan: Plan,
  { ports, secrets, redactor }: OpenContext,
  report: ReportProblem,
): Promise<readonly Program[]> {
  const context = {
    plan,
    tasks: new Map(plan.tasks.map((task) => [task.name, task])),
    ports,
    redactor,
    shared: sharedVars(plan, secrets),
    secretVariables: secretVariables(plan),
    compiler,
  };
  const programs: Program[] = [];
  for (const task of plan.tasks) {
    try {
      programs.push(await openProgram(task, context));
    } catch (error) {
      if (!(error instanceof ExpressionError) && !(error instanceof UnusableError)) throw error;
      report(["tasks", task.name, task.kind], redactor.mask(error.message));
    }
  }
  return programs;
}

/** What every expression of a plan may read. */
export function sharedVars(plan: Plan, secrets: ReadonlyMap<string, string>): Vars {
  return {
    params: plan.params,
    secrets: Object.fromEntries(secrets),
    run: { id: plan.runId, startedAt: new Date(plan.startedAt) },
  };
}

function secretVariables(plan: Plan): string[] {
  return Object.values(plan.secrets).flatMap((source) => ("env" in source ? [source.env] : []));
}
