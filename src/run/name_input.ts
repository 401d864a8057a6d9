import type { Pulled } from "../engine/types.ts";
import type { Identify } from "../inputs/identify.ts";
import { ExpressionError, type Vars } from "../model/expression.ts";
import type { Input } from "../model/input.ts";
import type { Ending } from "../model/outcome.ts";
import type { Payload } from "./payload.ts";
import type { Program } from "./program.ts";

/**
 * Names the inputs of a task, each once and in order: its variables, its key, its identity. An input whose key cannot be
 * made, or is another one's, ends so.
 *
 * @param shared `params`, `secrets`, `run`, and `needs` for a task that has some
 */
export function inputNamer(
  { task, key: template }: Pick<Program, "task" | "key">,
  shared: Vars,
  identify: Identify,
): (input: Input) => Pulled<Payload> {
  const as = task.foreach?.as ?? null;
  return ({ index, item, matrix }) => {
    const vars: Record<string, unknown> = { ...shared, item, index, matrix };
    if (as !== null) vars[as] = item;
    let key: string | null = null;
    try {
      key = template === null ? null : template.renderText(vars);
    } catch (error) {
      const payload = { index, item, matrix, key: null, id: "", vars };
      return { payload, ending: failedEnding("template", `key: ${messageOf(error)}`) };
    }
    const { id, duplicateOf } = identify({ index, item, matrix }, key);
    const payload = { index, item, matrix, key, id, vars };
    if (duplicateOf === null) return { payload };
    const message = `input ${duplicateOf} has the key "${key}" too, and a key names one result`;
    return { payload, ending: failedEnding("duplicate_key", message) };
  };
}

/** How an input ends that could not be made into a run. */
export function failedEnding(code: "source" | "template" | "duplicate_key", message: string): Ending {
  return { outcome: "failed", error: { code, message, retryable: false } };
}

/** What an expression failed with. Anything else is a defect and thrown on. */
export function messageOf(error: unknown): string {
  if (error instanceof ExpressionError) return error.message;
  throw error;
}
