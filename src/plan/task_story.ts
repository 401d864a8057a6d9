import type { TaskPlan } from "../model/plan.ts";
import { printable, writtenCount } from "../model/written.ts";
import { kindNamed } from "../tasks/registry.ts";

/** A longer text of the config is cut, to stay within 80 columns. */
const longestText = 76;

/** What a task does, what decides when and on what it runs, and what it writes: a line each, for `fanout plan`. */
export function taskStory(task: TaskPlan): string[] {
  const lines = [oneLine(kindNamed(task.kind).describe(task.spec))];
  const needs = task.needs.map(({ task, when }) => when === "ok" ? task : `${task} (${when})`);
  if (needs.length > 0) lines.push(`after ${needs.join(", ")}`);
  if (task.if !== null) lines.push(`if ${task.if}`);
  if (task.foreach !== null) lines.push(`for each ${foreachText(task.foreach)}`);
  if (task.matrix !== null) lines.push(`for each combination of ${Object.keys(task.matrix.axes).join(", ")}`);
  if (task.only !== null) {
    lines.push(`only the ${task.only.length === 1 ? "key" : "keys"} ${task.only.join(", ")}`);
  }
  if (task.first !== null) lines.push(`only the first ${writtenCount(task.first)}`);
  if (task.save !== null) lines.push(`saves to ${task.save.path}`);
  if (task.collect !== null) lines.push(`collects to ${task.collect.path}`);
  return lines.map(printable);
}

function oneLine(text: string): string {
  const line = printable(text.trim().replace(/\s+/g, " "));
  return line.length <= longestText ? line : `${line.slice(0, longestText - 2)} …`;
}

function foreachText(foreach: NonNullable<TaskPlan["foreach"]>): string {
  switch (foreach.source) {
    case "list":
      return `of ${foreach.items.length === 1 ? "1 item" : `${writtenCount(foreach.items.length)} items`}`;
    case "values":
      return `of ${foreach.values}`;
    case "range":
      return `of ${foreach.range}`;
    case "lines":
      return `line of ${foreach.path}`;
    case "csv":
      return `row of ${foreach.path}`;
    case "jsonl":
      return `value of ${foreach.path}`;
    case "json":
      return `element of ${foreach.path}`;
    case "glob":
      return `file ${foreach.pattern}`;
    case "from":
      return foreach.each === null ? `ok run of ${foreach.from}` : `of ${foreach.each} of ${foreach.from}`;
  }
}
