import { isValueMap, parseJson, stringifyJson, type Value } from "../model/json.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { ResultStore } from "../model/run_record.ts";
import { writtenCount } from "../model/written.ts";

/** An output in words: its name, and what it holds, a list an element a line. */
export interface FinalOutput {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Of a longer list only so many elements are shown. */
const maxLines = 10;

/**
 * What a run was made for: outputs of tasks with one run that no other task builds on. Secret ones are left out, as are tasks
 * whose run was not ok.
 */
export function finalOutputs(plan: Plan, results: ResultStore): FinalOutput[] {
  const used = new Set(plan.tasks.flatMap(({ needs, foreach }) => [
    ...needs.map(({ task }) => task),
    ...(foreach?.source === "from" ? [foreach.from] : []),
  ]));
  return plan.tasks.flatMap((task, position) => {
    const isLast = task.foreach === null && task.matrix === null && !used.has(task.name);
    const names = isLast ? openNames(task) : [];
    const outputs = names.length === 0 ? null : outputsOf(position, results);
    return outputs === null ? [] : names.map((name): FinalOutput => ({
      name: `${task.name}.${name}`,
      lines: linesOf(outputs[name] ?? null),
    }));
  });
}

function openNames({ outputs }: TaskPlan): string[] {
  return Object.keys(outputs).filter((name) => !outputs[name]!.secret);
}

function outputsOf(task: number, results: ResultStore): Result["outputs"] {
  const decoder = new TextDecoder();
  let text = "";
  const isThere = results.copy(task, 0, (bytes, from, to) => {
    text += decoder.decode(bytes.subarray(from, to), { stream: true });
  });
  if (!isThere) return null;
  const { outcome, outputs } = parseJson(text) as unknown as Result;
  return outcome === "ok" ? outputs : null;
}

function linesOf(value: Value): string[] {
  if (!Array.isArray(value)) return [textOf(value)];
  const lines = value.slice(0, maxLines).map(textOf);
  const more = value.length - lines.length;
  return more > 0 ? [...lines, `… and ${writtenCount(more)} more`] : lines;
}

/** A map, such as a row, is shown by its values. */
function textOf(value: Value): string {
  if (typeof value === "string") return value;
  return isValueMap(value) ? Object.values(value).map(textOf).join("  ") : stringifyJson(value);
}
