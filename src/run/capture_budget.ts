import type { ValueMap } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";

/** What a run may keep of its results' texts. */
export interface CaptureBudget {
  /** The result as it is kept: without its texts when it is ok and they are not wanted, or the budget is spent. */
  apply(task: TaskPlan, result: Result): Result;
  /** So many bytes were kept. */
  spend(bytes: number): void;
}

/** Once a run has kept `limitBytes`, ok results keep no text: size, hash and `outputs` stay. */
export function captureBudget(limitBytes: number): CaptureBudget {
  let left = limitBytes;
  return {
    apply(task, result) {
      if (result.outcome !== "ok" || result.output === null) return result;
      if (task.capture.mode !== "failed" && left > 0) return result;
      return { ...result, output: withoutTexts(result.output) };
    },
    spend(bytes) {
      left -= bytes;
    },
  };
}

/** Members of `output` that hold what was captured, whatever the kind. */
const texts = new Set(
  ["body", "text", "json", "rows", "stdout", "stderr", "value"].flatMap((name) => [name, `${name}Base64`]),
);

/** `output` of a result without what was captured: size, hash, status and the like. */
export function withoutTexts(output: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(output).filter(([name]) => !texts.has(name)));
}
