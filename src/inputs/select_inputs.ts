import type { BrokenInput, Input } from "../model/input.ts";
import type { TaskPlan } from "../model/plan.ts";
import { compileInputText, expressionMessage } from "./compile.ts";
import type { InputContext } from "./context.ts";
import type { CountedInputs } from "./open_inputs.ts";
import { pause } from "./pause.ts";

/** So many inputs may be passed over before everything else gets a turn. */
const skipsPerTurn = 4_096;

/** Leaves the inputs that `--only task/KEY` names, and of these the first ones when `--first` says how many. */
export function selectInputs(inputs: CountedInputs, task: TaskPlan, context: InputContext): CountedInputs {
  const { only, first } = task;
  if (only === null && first === null) return inputs;
  const isChosen = only === null || task.key === null
    ? () => true
    : chooseByKey(task, task.key, only, context);
  let left = first ?? Infinity;

  function take(input: Input | BrokenInput | null): Input | BrokenInput | null | undefined {
    if (input === null) return null;
    if (!isChosen(input)) return undefined;
    if (--left === 0) inputs.close();
    return input;
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
    close: () => inputs.close(),
    count() {
      const all = only === null ? inputs.count() : undefined;
      return all === undefined ? undefined : Math.min(all, first ?? Infinity);
    },
  };
}

/** A source that breaks is always told; an item whose key cannot be rendered is none of those named. */
function chooseByKey(
  task: TaskPlan,
  source: string,
  only: readonly string[],
  context: InputContext,
): (input: Input | BrokenInput) => boolean {
  const wanted = new Set(only);
  const key = compileInputText(context, source, task);
  return (input) => {
    if ("broken" in input) return input.code === "source";
    try {
      return wanted.has(key.render(input));
    } catch (error) {
      expressionMessage(error);
      return false;
    }
  };
}
