import type { Compiled, Scope, Vars } from "../model/expression.ts";
import type { Value } from "../model/json.ts";
import { compileExpression } from "./compile_expression.ts";

// For tests only.

/** The compiled thing. @throws with the first problem */
export function orThrow<T>(compiled: Compiled<T>): T {
  if (compiled.ok) return compiled.value;
  throw new Error(compiled.problems.map((problem) => problem.message).join("\n"));
}

/** Everything in `vars` is `dyn` unless `scope` says otherwise. */
export function evaluate(source: string, vars: Vars = {}, scope: Scope = {}): Value {
  const names = Object.keys(vars).map((name) => [name, "dyn"] as const);
  return orThrow(compileExpression(source, { ...Object.fromEntries(names), ...scope })).evaluate(vars);
}

/** The problems of an expression as `offset:length message`. */
export function problemsOf(compiled: Compiled<unknown>): readonly string[] {
  if (compiled.ok) return [];
  return compiled.problems.map(({ offset, length, message }) => `${offset}:${length} ${message}`);
}
