import type { Value } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import { compileTemplate, compileValue } from "./compile.ts";
import type { InputContext } from "./context.ts";

/** What a task's inputs are written with. */
export interface InputTexts {
  /** Bare. */
  readonly expressions: readonly string[];
  /** With `${{ }}`. */
  readonly templates: readonly string[];
}

/** Names that some of {@link textsOfInputs} read beside params, secrets, run and needs. */
export function namesInInputs({ foreach }: TaskPlan): string[] {
  return ["item", foreach?.as ?? "item", "index", "json"];
}

export function textsOfInputs({ foreach, matrix }: TaskPlan): InputTexts {
  const templates: string[] = [];
  const expressions: string[] = [];
  if (foreach !== null) {
    if (foreach.where !== null) expressions.push(foreach.where);
    if (foreach.source === "values") expressions.push(foreach.values);
    if (foreach.source === "json" && foreach.select !== null) expressions.push(foreach.select);
    if (foreach.source === "range") templates.push(foreach.range);
    if (foreach.source === "glob") templates.push(foreach.pattern);
    if (foreach.source === "list") collectTemplates(foreach.items, templates);
    if ("path" in foreach) templates.push(foreach.path);
  }
  if (matrix !== null) {
    for (const axis of Object.values(matrix.axes)) {
      if (typeof axis === "string") expressions.push(axis);
      else collectTemplates(axis, templates);
    }
    collectTemplates(matrix.exclude, templates);
    collectTemplates(matrix.include, templates);
  }
  return { expressions, templates };
}

/** True when a task's inputs are known only once other tasks have ended: an expression of theirs reads `needs`. */
export function readsNeeds(task: TaskPlan, context: InputContext): boolean {
  const { expressions, templates } = textsOfInputs(task);
  const names = namesInInputs(task);
  return expressions.some((source) => isLate(compileValue(context, source, names).names)) ||
    templates.some((source) => isLate(compileTemplate(context, source, names).names));
}

/** Whether an expression that reads these names has to wait for other tasks. */
export function isLate(names: ReadonlySet<string>): boolean {
  return [...names].some((name) => name === "needs" || name.startsWith("needs."));
}

function collectTemplates(value: Value, templates: string[]): void {
  if (typeof value === "string") {
    if (value.includes("${{")) templates.push(value);
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    for (const member of Object.values(value)) collectTemplates(member, templates);
  }
}
