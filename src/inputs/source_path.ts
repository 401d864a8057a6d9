import type { TaskPlan } from "../model/plan.ts";
import { gunzip } from "../runtime/gunzip.ts";
import type { ByteReader } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { expressionMessage, renderPlanText } from "./compile.ts";
import type { InputContext } from "./context.ts";

/** How messages call a source: `users.csv`, `stdin`. */
export function sourceName(path: string): string {
  return isStdin(path) ? "stdin" : path;
}

/** True for `-`. */
export function isStdin(path: string): boolean {
  return path === "-";
}

/** True when a task's inputs can be read twice: they are counted before the run. Stdin and other tasks give theirs once. */
export function isRepeatable({ foreach }: TaskPlan, context: InputContext): boolean {
  if (foreach === null || !("path" in foreach)) return foreach?.source !== "from";
  try {
    return !isStdin(renderPlanText(context, foreach.path));
  } catch (error) {
    expressionMessage(error);
    return true;
  }
}

/** Opens a file (`.gz` is read through) or stdin, when it is first read. */
export function openSource(context: InputContext, path: string): ByteReader {
  if (isStdin(path)) return context.sources.stdin();
  const reader = context.sources.open(resolvePath(context.directory, path));
  return path.endsWith(".gz") ? gunzip(reader) : reader;
}
