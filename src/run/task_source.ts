import type { Pulled, Source } from "../engine/types.ts";
import type { Identify } from "../inputs/identify.ts";
import type { Vars } from "../model/expression.ts";
import type { BrokenInput, Input, InputSource } from "../model/input.ts";
import type { Ending } from "../model/outcome.ts";
import type { Carried } from "./earlier_result.ts";
import type { InputOrder } from "./input_order.ts";
import { failedEnding, inputNamer, messageOf } from "./name_input.ts";
import type { Payload } from "./payload.ts";
import type { Program } from "./program.ts";

export interface TaskSourceOptions {
  readonly program: Program;
  readonly inputs: InputSource;
  readonly identify: Identify;
  /** `params`, `secrets`, `run`, and `needs` for a task that has some. */
  readonly shared: Vars;
  /** How an input ended in an earlier run, when that stands; null for a run from the start. */
  readonly takeOver:
    | ((index: number, id: string) => Carried | null | Promise<Carried | null>)
    | null;
  /** Of inputs that come from another task; null for all others, which come in their order. */
  readonly order: InputOrder | null;
  /** How every input ends instead of running, unless it ended in an earlier run; null to run them. */
  readonly ending: Ending | null;
  /** Told how many inputs there were, once all are read. `complete` is false when some never were. */
  onEnd(complete: boolean, count: number): void;
}

/** A task's inputs as the engine wants them: named, with those that `if` leaves out ended already. */
export function taskSource(options: TaskSourceOptions): Source<Payload> {
  const { program, inputs, shared } = options;
  const { task, poolKey } = program;
  const name = inputNamer(program, shared, options.identify);
  // What comes from another task is read to its end: the producer ends too.
  const isOnePass = !inputs.repeatable && task.foreach?.source !== "from";
  let stopped = false;
  let ended = false;
  let count = 0;

  const convert = (
    pulled: Input | BrokenInput | null,
  ): Pulled<Payload> | null | Promise<Pulled<Payload>> => {
    if (pulled === null) return end(true);
    const got = options.order === null ? pulled : { ...pulled, index: options.order.indexOf(pulled.index) };
    count = Math.max(count, got.index + 1);
    if ("broken" in got) {
      return { payload: brokenPayload(got), ending: options.ending ?? brokenEnding(got) };
    }
    const { payload, ending } = name(got);
    if (ending !== undefined) return { payload, ending: options.ending ?? ending };
    const carried = options.takeOver?.(got.index, payload.id) ?? null;
    return carried instanceof Promise
      ? carried.then((found) => decide(payload, found))
      : decide(payload, carried);
  };

  const decide = (payload: Payload, carried: Carried | null): Pulled<Payload> => {
    if (carried !== null) return { payload: { ...payload, carried }, ending: carried.ending };
    if (options.ending !== null) return { payload, ending: options.ending };
    const { vars } = payload;
    try {
      if (program.condition !== null && !program.condition.holds(vars)) {
        return { payload, ending: { outcome: "skipped", reason: "if", error: null } };
      }
      return poolKey === null ? { payload } : { payload, poolKey: poolKey(vars) };
    } catch (error) {
      return { payload, ending: failedEnding("template", messageOf(error)) };
    }
  };

  return {
    pull() {
      if (ended) return null;
      if (stopped && isOnePass) return end(false);
      const got = inputs.next();
      return got instanceof Promise ? got.then(convert) : convert(got);
    },
    stopped() {
      stopped = true;
      // A pipe that says nothing would hold up the end of the run.
      if (isOnePass) inputs.close();
    },
  };

  function end(complete: boolean): null {
    if (!ended) {
      ended = true;
      inputs.close();
      options.onEnd(complete && !(stopped && isOnePass), count);
    }
    return null;
  }

  function brokenPayload(broken: BrokenInput): Payload {
    return { index: broken.index, item: broken.item, matrix: null, key: null, id: "", vars: {} };
  }
}

function brokenEnding({ code, broken }: BrokenInput): Ending {
  switch (code) {
    case "if":
      return { outcome: "skipped", reason: "if", error: null };
    case "not_run":
      return { outcome: "not_run" };
    case "dependency":
      return {
        outcome: "skipped",
        reason: "dependency",
        error: { code: "dependency", message: broken, retryable: false },
      };
    default:
      return failedEnding(code, broken);
  }
}
