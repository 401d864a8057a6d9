import type { Compiled, Expression, Scope, Template, TypeSpec } from "../model/expression.ts";
import type { TaskPlan } from "../model/plan.ts";
import { type TasksByName, tasksNeeded } from "./task_graph.ts";

/** Compiles what has been checked at load. */
export interface ExpressionCompiler {
  /** A bare expression. @throws when it does not compile */
  bare(source: string, scope: Scope): Expression;
  /** A text with `${{ }}`. @throws when it does not compile */
  template(source: string, scope: Scope): Template;
}

/**
 * What an expression of a task may read while it runs, before there is a result. Names and types were checked at load: here everything is `dyn`, but
 * for `needs`, whose names say which outputs of which task are read.
 */
export function runScope(task: TaskPlan, tasks: TasksByName): Scope {
  const needed: Record<string, TypeSpec> = {};
  for (const other of tasksNeeded(task, tasks)) needed[other.name] = neededType(other);
  const scope: Record<string, TypeSpec> = {
    params: "dyn",
    secrets: "dyn",
    run: "dyn",
    item: "dyn",
    index: "dyn",
    matrix: "dyn",
    needs: { fields: needed },
  };
  if (task.foreach?.as) scope[task.foreach.as] = "dyn";
  return scope;
}

const neededTypes = new WeakMap<TaskPlan, TypeSpec>();

/** What others may read of a task: the same for all that need it. */
function neededType(task: TaskPlan): TypeSpec {
  let type = neededTypes.get(task);
  if (type === undefined) {
    const outputs = Object.fromEntries(Object.keys(task.outputs).map((name) => [name, "dyn" as const]));
    type = { fields: { outputs: { fields: outputs }, status: "dyn", counts: "dyn" } };
    neededTypes.set(task, type);
  }
  return type;
}

/** An {@link ExpressionCompiler} over functions that report problems. */
export function throwingCompiler(
  compileBare: (source: string, scope: Scope) => Compiled<Expression>,
  compileTemplate: (source: string, scope: Scope) => Compiled<Template>,
): ExpressionCompiler {
  const orThrow = <T>(source: string, compiled: Compiled<T>): T => {
    if (compiled.ok) return compiled.value;
    const problem = compiled.problems[0]?.message ?? "it does not compile";
    throw new Error(`cannot compile ${JSON.stringify(source)}: ${problem}`);
  };
  return {
    bare: (source, scope) => orThrow(source, compileBare(source, scope)),
    template: (source, scope) => orThrow(source, compileTemplate(source, scope)),
  };
}
