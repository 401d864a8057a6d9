import { type Expression, ExpressionError, type Scope, type Template } from "../model/expression.ts";
import type { Input } from "../model/input.ts";
import type { Value } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { InputContext } from "./context.ts";

/** What the texts of `foreach` and `matrix` may read. Names and types were checked at load: here everything is `dyn`. */
const planScope: Scope = { params: "dyn", secrets: "dyn", run: "dyn", needs: "dyn" };

/** A text with `${{ }}` in it, or without; `names` are those it may read beside params, run and needs. */
export function compileTemplate(
  context: InputContext,
  source: string,
  names: readonly string[] = [],
): Template {
  return context.compiler.template(source, scopeWith(names));
}

/** A bare expression, or one that is written as one whole `${{ }}`. */
export function compileValue(
  context: InputContext,
  source: string,
  names: readonly string[] = [],
): Expression {
  return context.compiler.bare(source, scopeWith(names));
}

/** A template over a task's inputs: `key`, `save.path`. */
export interface InputText {
  readonly names: ReadonlySet<string>;
  /** `encode` is applied to the text of each expression. @throws ExpressionError */
  render(input: Input, encode?: (text: string) => string): string;
}

/** @throws when it reads anything but the task's inputs, params, secrets, run and needs */
export function compileInputText(context: InputContext, source: string, task: TaskPlan): InputText {
  const as = task.foreach?.as ?? "item";
  const template = compileTemplate(context, source, ["item", as, "index", "matrix"]);
  // One record for all inputs: expressions read it and keep nothing.
  const vars: { [name: string]: unknown } = { ...context.vars };
  return {
    names: template.names,
    render({ item, index, matrix }, encode) {
      vars.item = vars[as] = item;
      vars.index = index;
      vars.matrix = matrix;
      return template.renderText(vars, encode);
    },
  };
}

/** Renders every text of a literal value. @throws ExpressionError */
export function renderValue(context: InputContext, value: Value): Value {
  if (typeof value === "string") {
    return value.includes("${{") ? compileTemplate(context, value).render(context.vars) : value;
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((element) => renderValue(context, element));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, renderValue(context, member)]),
  );
}

/** A text as it is for all inputs: a path, a range. @throws ExpressionError */
export function renderPlanText(context: InputContext, source: string): string {
  return compileTemplate(context, source).renderText(context.vars);
}

/** The message of an expression that failed on the values at hand. Anything else is a defect and thrown on. */
export function expressionMessage(error: unknown): string {
  if (error instanceof ExpressionError) return error.message;
  throw error;
}

function scopeWith(names: readonly string[]): Scope {
  return { ...planScope, ...Object.fromEntries(names.map((name) => [name, "dyn" as const])) };
}
