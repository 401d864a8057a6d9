import type { ConfigPath } from "../model/diagnostic.ts";
import type { ForeachPlan, ForeachSource, Plan, TaskPlan } from "../model/plan.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { compileValue, expressionMessage, renderPlanText } from "./compile.ts";
import { openMatrix } from "./combinations.ts";
import type { InputContext } from "./context.ts";
import { listItems } from "./json_items.ts";
import { BrokenItems } from "./items.ts";
import { parseRange } from "./range.ts";
import { readsNeeds } from "./reads_needs.ts";
import { isStdin, openSource, sourceName } from "./source_path.ts";
import { textPieces } from "./text_pieces.ts";

/** Something about a task's inputs that keeps the run from starting (exit 2). */
export interface SourceProblem {
  /** From the config's root. */
  readonly path: ConfigPath;
  /** What is wrong, the value at hand, what to do. */
  readonly message: string;
}

/**
 * Looks at every source that can be looked at before anything runs: files are there, regular and readable, CSV headers
 * make sense, ranges go up, lists are lists, stdin has one reader. What needs the outputs of other tasks is left to the
 * run, and so is what is wrong further inside a file.
 */
export async function checkSources(plan: Plan, context: InputContext): Promise<SourceProblem[]> {
  const problems: SourceProblem[] = [];
  const report = (path: ConfigPath, message: string) => void problems.push({ path, message });
  let stdinTask: TaskPlan | null = null;
  for (const task of plan.tasks) {
    if (readsNeeds(task, context)) continue;
    checkMatrix(task, context, report);
    if (task.foreach === null) continue;
    const problem = await sourceProblem(task.foreach, context);
    if (problem !== null) report(sourcePath(task, task.foreach), problem);
    else if (readsStdin(task.foreach, context)) {
      if (stdinTask !== null) report(sourcePath(task, task.foreach), stdinTaken(stdinTask));
      stdinTask ??= task;
    }
  }
  return problems;
}

function stdinTaken(task: TaskPlan): string {
  return `stdin can be read once, and task "${task.name}" reads it already: save it to a file that both can read`;
}

function sourcePath(task: TaskPlan, foreach: ForeachSource): ConfigPath {
  return ["tasks", task.name, "foreach", ...(foreach.source === "list" ? [] : [foreach.source])];
}

function checkMatrix(
  task: TaskPlan,
  context: InputContext,
  report: (path: ConfigPath, message: string) => void,
): void {
  if (task.matrix === null) return;
  try {
    const matrix = openMatrix(task.matrix, context);
    if (typeof matrix === "string") report(["tasks", task.name, "matrix"], matrix);
  } catch (error) {
    report(["tasks", task.name, "matrix"], expressionMessage(error));
  }
}

function readsStdin(foreach: ForeachPlan, context: InputContext): boolean {
  return "path" in foreach && isStdin(renderPlanText(context, foreach.path));
}

/** Gives null when nothing is wrong, or nothing can be told yet. */
async function sourceProblem(foreach: ForeachPlan, context: InputContext): Promise<string | null> {
  try {
    switch (foreach.source) {
      case "values": {
        const value = compileValue(context, foreach.values).evaluate(context.vars);
        const items = listItems(value, `"${foreach.values}"`);
        return items instanceof BrokenItems ? items.message : null;
      }
      case "range": {
        const range = parseRange(renderPlanText(context, foreach.range));
        return typeof range === "string" ? range : null;
      }
      case "lines":
      case "jsonl":
      case "json":
        return await fileProblem(renderPlanText(context, foreach.path), context);
      case "csv":
        return await csvProblem(renderPlanText(context, foreach.path), foreach.delimiter, context);
      case "glob":
        renderPlanText(context, foreach.pattern);
        return null;
      case "list":
      case "from":
        return null;
      default:
        return foreach satisfies never;
    }
  } catch (error) {
    return expressionMessage(error);
  }
}

async function fileProblem(path: string, context: InputContext): Promise<string | null> {
  if (isStdin(path)) return null;
  const facts = await context.sources.probe(resolvePath(context.directory, path));
  if (facts.readable) return null;
  const hint = facts.why.includes("FIFO") ? `; to read a pipe, write "-" and give it as stdin` : "";
  return `cannot read "${path}": ${facts.why}${hint} (looked in ${context.directory})`;
}

async function csvProblem(path: string, delimiter: string, context: InputContext): Promise<string | null> {
  const missing = await fileProblem(path, context);
  if (missing !== null || isStdin(path)) return missing;
  const { csvItems } = await import("./csv_items.ts");
  const items = csvItems(textPieces(openSource(context, path)), sourceName(path), delimiter);
  try {
    return await items.checkHeader();
  } finally {
    items.close();
  }
}
