/**
 * Turns `foreach` and `matrix` into inputs, one at a time, as they are asked for: a source of 10⁷ lines takes no more
 * memory than one of ten. Beside this: what names an input (`identify.ts`), what can be said of sources before anything
 * runs (`check_sources.ts`, `survey.ts`).
 *
 * Deliberately absent: how inputs are run, journalled or skipped, and `foreach: { from }`, whose items the run itself
 * makes; the context opens it.
 */
import type { BrokenInput, Input, InputSource } from "../model/input.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import { Combinations, openMatrix } from "./combinations.ts";
import { expressionMessage } from "./compile.ts";
import type { InputContext } from "./context.ts";
import { BrokenItems, end, Fault, type ItemSource, ListItems, type Pulled } from "./items.ts";
import { openItems } from "./open_items.ts";
import { isRepeatable } from "./source_path.ts";
import { selectInputs } from "./select_inputs.ts";

/**
 * Opens a task's inputs: each item of `foreach` with each combination of `matrix`, items outer; one input for a task
 * without either; of these, the ones that `--only` and `--first` leave. Files are opened when the first input is asked
 * for. Never throws for what a source or an expression does: that is a broken input in its place.
 */
export function openInputs(task: TaskPlan, context: InputContext): InputSource {
  return openTaskInputs(task, context);
}

/** @see openInputs: with what can be told beforehand. */
export function openTaskInputs(task: TaskPlan, context: InputContext): CountedInputs {
  const inputs = new TaskInputs(
    openTaskItems(task, context),
    openCombinations(task, context),
    isRepeatable(task, context),
  );
  return selectInputs(inputs, task, context);
}

/** Inputs whose number may be known. */
export interface CountedInputs extends InputSource {
  /** How many inputs there are, where that is known without reading them. */
  count(): number | undefined;
}

function openTaskItems(task: TaskPlan, context: InputContext): ItemSource {
  return task.foreach === null ? new ListItems([null]) : openItems(task.foreach, context);
}

function openCombinations(task: TaskPlan, context: InputContext): Combinations | string | null {
  if (task.matrix === null) return null;
  try {
    return openMatrix(task.matrix, context);
  } catch (error) {
    return `matrix cannot be read: ${expressionMessage(error)}`;
  }
}

class TaskInputs implements CountedInputs {
  readonly repeatable: boolean;
  readonly #items: ItemSource;
  readonly #combinations: Combinations | null;
  #index = 0;
  #item: Value = null;
  /** Next combination of the item at hand. */
  #place = 0;
  #places = 0;
  #finished = false;

  constructor(items: ItemSource, combinations: Combinations | string | null, repeatable: boolean) {
    this.repeatable = repeatable;
    this.#items = typeof combinations === "string" ? new BrokenItems(combinations) : items;
    this.#combinations = typeof combinations === "string" ? null : combinations;
    // Nothing times anything is nothing: the items need not be read.
    if (this.#combinations?.isEmpty) this.#finished = true;
  }

  next(): Input | BrokenInput | null | Promise<Input | BrokenInput | null> {
    for (;;) {
      while (this.#place < this.#places) {
        const matrix = this.#combinations!.at(this.#place++);
        if (matrix !== undefined) return this.#input(this.#item, matrix);
      }
      if (this.#finished) return null;
      const pulled = this.#items.next();
      if (pulled instanceof Promise) return this.#takeLater(pulled);
      const input = this.#take(pulled);
      if (input !== undefined) return input;
    }
  }

  close(): void {
    this.#finished = true;
    this.#places = 0;
    this.#items.close();
  }

  count(): number | undefined {
    if (this.#finished) return 0;
    const items = this.#items.count;
    return items === undefined ? undefined : items * (this.#combinations?.count() ?? 1);
  }

  /** Undefined when the item's combinations come next. */
  #take(pulled: Pulled): Input | BrokenInput | null | undefined {
    if (this.#finished) return null;
    if (pulled === end) {
      this.close();
      return null;
    }
    if (pulled instanceof Fault) return this.#broken(pulled);
    if (this.#combinations === null) return this.#input(pulled, null);
    this.#item = pulled;
    this.#place = 0;
    this.#places = this.#combinations.places;
    return undefined;
  }

  async #takeLater(pending: Promise<Pulled>): Promise<Input | BrokenInput | null> {
    const input = this.#take(await pending);
    return input === undefined ? this.next() : input;
  }

  #input(item: Value, matrix: ValueMap | null): Input {
    return { index: this.#index++, item, matrix };
  }

  #broken(fault: Fault): BrokenInput {
    if (fault.isFinal) this.close();
    const code = fault.isFinal ? "source" : fault.skip ?? "template";
    return { index: this.#index++, item: fault.item ?? null, code, broken: fault.message };
  }
}
