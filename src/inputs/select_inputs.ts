import type { BrokenInput, Input } from "../model/input.ts";
import type { TaskPlan } from "../model/plan.ts";
import { compileInputText, expressionMessage } from "./compile.ts";
import type { InputContext } from "./context.ts";
import type { CountedInputs } from "./open_inputs.ts";
import { pause } from "./pause.ts";
import { readsNeeds } from "./reads_needs.ts";

/** So many inputs may be passed over before everything else gets a turn. */
const skipsPerTurn = 4_096;

/** Leaves the inputs that `--only task/KEY` names, and of these the first ones when `--first` says how many. */
export function selectInputs(inputs: CountedInputs, task: TaskPlan, context: InputContext): CountedInputs {
  const { only, first } = task;
  if (only === null && first === null) return inputs;
  // Of inputs that the survey counts, the keys that are missing were told before the run.
  const missing = new Set(!inputs.repeatable || readsNeeds(task, context) ? only : []);
  const isChosen = only === null || task.key === null
    ? () => true
    : chooseByKey(task, task.key, only, missing, context);
  let left = first ?? Infinity;
  let read = 0;

  function take(input: Input | BrokenInput | null): Input | BrokenInput | null | undefined {
    if (input === null) return missing.size === 0 || left === 0 ? null : noneOfThem();
    read = input.index + 1;
    if (!isChosen(input)) return undefined;
    if (--left === 0) inputs.close();
    return input;
  }

  function noneOfThem(): BrokenInput {
    const names = [...missing].map((key) => JSON.stringify(key)).join(", ");
    missing.clear();
    return {
      index: read,
      item: null,
      code: "source",
      broken: `--only: there is no input with the key ${names}`,
    };
  }

  async function takeLater(
    pending: Input | BrokenInput | null | Promise<Input | BrokenInput | null>,
  ): Promise<Input | BrokenInput | null> {
    for (let skips = 1;; skips++) {
      const taken = take(await pending);
      if (taken !== undefined) return taken;
      if (skips % skipsPerTurn === 0) await pause(context.clock);
      pending = inputs.next();
    }
  }

  return {
    repeatable: inputs.repeatable,
    next() {
      const input = left === 0 ? null : inputs.next();
      if (input instanceof Promise) return takeLater(input);
      const taken = take(input);
      return taken === undefined ? takeLater(inputs.next()) : taken;
    },
    close() {
      missing.clear();
      inputs.close();
    },
    count() {
      const all = only === null ? inputs.count() : undefined;
      return all === undefined ? undefined : Math.min(all, first ?? Infinity);
    },
  };
}

/**
 * A source that breaks is always told; an item whose key cannot be rendered is none of those named. Keys that were found
 * are taken out of `missing`, and all of them when nobody knows what would have come.
 */
function chooseByKey(
  task: TaskPlan,
  source: string,
  only: readonly string[],
  missing: Set<string>,
  context: InputContext,
): (input: Input | BrokenInput) => boolean {
  const wanted = new Set(only);
  const key = compileInputText(context, source, task);
  return (input) => {
    if ("broken" in input) {
      missing.clear();
      return input.code === "source";
    }
    try {
      const name = key.render(input);
      missing.delete(name);
      return wanted.has(name);
    } catch (error) {
      expressionMessage(error);
      return false;
    }
  };
}
