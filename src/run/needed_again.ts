import { identifyInputs } from "../inputs/identify.ts";
import type { ItemSource } from "../inputs/items.ts";
import { openInputs } from "../inputs/open_inputs.ts";
import { pause } from "../inputs/pause.ts";
import type { Vars } from "../model/expression.ts";
import type { Plan } from "../model/plan.ts";
import type { Ports } from "../runtime/ports.ts";
import { noSpool } from "../runtime/spool.ts";
import type { CarryOver, Look } from "./carry_over.ts";
import { FromEdge } from "./from_edge.ts";
import { inputContext } from "./input_context.ts";
import { inputNamer } from "./name_input.ts";
import type { OutputsRead } from "./outputs_read.ts";
import type { Payload } from "./payload.ts";
import type { Program } from "./program.ts";
import { openOutputs } from "./secret_outputs.ts";
import { makeTaskGraph, tasksNeeded } from "./task_graph.ts";

export interface NeededAgainOptions {
  readonly plan: Plan;
  readonly ports: Ports;
  /** By position of the task. */
  readonly programs: readonly Program[];
  readonly look: CarryOver["look"];
  /** What each task reads of others, by position. */
  readonly outputsRead: readonly OutputsRead[];
  /** `params`, `secrets` and `run`. */
  readonly shared: Vars;
  /** The run was told to stop: nothing is needed any more. */
  isStopped(): boolean;
}

/**
 * Answers, while a run goes on with an earlier one: is something that reads this task's outputs still to run? To be asked
 * for a task of which the journal does not hold all that others read (secret outputs, above all).
 *
 * It goes through the inputs of the tasks that read it, as the run will, and looks up each: the first one that did not
 * end settles it. Inputs that nobody can know before the run (stdin, those made from a task that is to run itself) count
 * as still to run.
 */
export function makeNeededAgain(options: NeededAgainOptions): (task: number) => Promise<boolean> {
  const { plan, ports, programs, look, shared } = options;
  const graph = makeTaskGraph(plan.tasks, options.outputsRead);
  const positions = new Map(plan.tasks.map(({ name }, position) => [name, position]));
  const tasks = new Map(plan.tasks.map((task) => [task.name, task]));
  const readers = plan.tasks.map(({ name }) =>
    plan.tasks.flatMap(({ foreach }, reader) =>
      options.outputsRead[reader]!.has(name) || (foreach?.source === "from" && foreach.from === name)
        ? [reader]
        : []
    )
  );
  const states = new Map<number, Promise<TaskState>>();
  const answers = new Map<number, Promise<boolean>>();

  return async (task) => {
    try {
      return await isNeeded(task);
    } catch (error) {
      if (error instanceof Stopped) return false;
      throw error;
    }
  };

  function isNeeded(task: number): Promise<boolean> {
    return remembered(answers, task, async () => {
      for (const reader of readers[task]!) {
        const state = await stateOf(reader);
        if (state === "pending" || (state === "partial" && await isNeeded(reader))) return true;
      }
      return false;
    });
  }

  function stateOf(task: number): Promise<TaskState> {
    return remembered(states, task, async () => {
      for (const other of inputsComeFrom(task)) if (await stateOf(other) === "pending") return "pending";
      let state: TaskState = "done";
      for await (const run of runsOf(task)) {
        if (run === "pending") return "pending";
        if (!run.isWhole) state = "partial";
        const { payload: { index }, carried: { ending, output } } = run;
        graph.pulled(task);
        graph.ended(task, index, ending, output?.outputs ?? null);
      }
      graph.exhausted(task);
      return state;
    });
  }

  /** Tasks without which this one's inputs are not known. */
  function inputsComeFrom(task: number): readonly number[] {
    const { task: plan, inputsNeedOthers } = programs[task]!;
    const { foreach } = plan;
    if (inputsNeedOthers) return tasksNeeded(plan, tasks).map(({ name }) => positions.get(name)!);
    return foreach?.source === "from" ? [positions.get(foreach.from)!] : [];
  }

  /** Every run that ended earlier, in input order; `pending` once when there is one that did not, or may be. */
  async function* runsOf(position: number): AsyncGenerator<EarlierRun | "pending"> {
    const program = programs[position]!;
    const { task, inputsNeedOthers } = program;
    const vars = inputsNeedOthers ? { ...shared, needs: graph.needs(position) } : shared;
    const from = task.foreach?.source === "from" ? earlierItems(position) : null;
    const inputs = openInputs(task, inputContext(plan, ports, () => from!, vars));
    try {
      if (!inputs.repeatable && from === null) return yield "pending";
      const name = inputNamer(program, vars, identifyInputs(task));
      for (let count = 1;; count++) {
        if (count % inputsPerTurn === 0) await pause(ports.clock);
        if (options.isStopped()) throw new Stopped();
        const input = await inputs.next();
        if (from?.isUnknown) return yield "pending";
        if (input === null) return;
        if ("broken" in input) continue;
        const { payload, ending } = name(input);
        if (ending !== undefined) continue;
        const found = look(position, input.index, payload.id);
        if (typeof found === "string") return yield "pending";
        yield { ...found, payload };
      }
    } finally {
      inputs.close();
    }
  }

  /** The items that the ended runs of another task give to this one. */
  function earlierItems(consumer: number): ItemSource & { readonly isUnknown: boolean } {
    const { foreach } = plan.tasks[consumer]!;
    if (foreach?.source !== "from") throw new Error("its inputs come from no other task");
    const edge = new FromEdge({
      producer: foreach.from,
      hasEach: foreach.each !== null,
      spool: noSpool,
      onRelease() {},
    });
    const producer = positions.get(foreach.from)!;
    const runs = runsOf(producer);
    let isUnknown = false;
    return {
      get isUnknown() {
        return isUnknown;
      },
      async next() {
        while (edge.behind === 0) {
          const { value: run, done } = await runs.next();
          if (done || run === "pending") {
            edge.finish();
            break;
          }
          const { payload, carried: { ending, output } } = run;
          const elements = output?.feeds?.get(consumer) ?? null;
          if (edge.hasEach && ending.outcome === "ok" && elements === null) isUnknown = true;
          const outputs = output?.outputs ? openOutputs(plan.tasks[producer]!, output.outputs) : null;
          edge.push({ payload, ending, outputs, saved: output?.saved ?? null, elements });
        }
        return await edge.next();
      },
      close: () => void runs.return(undefined),
    };
  }
}

/** `partial`: they all ended, and the journal does not hold all that others read of them. */
type TaskState = "pending" | "partial" | "done";

interface EarlierRun extends Look {
  readonly payload: Payload;
}

/** Inputs between two chances for everything else. */
const inputsPerTurn = 4_096;

class Stopped extends Error {}

function remembered<T>(known: Map<number, Promise<T>>, task: number, find: () => Promise<T>): Promise<T> {
  let answer = known.get(task);
  if (answer === undefined) known.set(task, answer = find());
  return answer;
}
