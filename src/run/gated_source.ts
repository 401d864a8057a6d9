import type { Pulled, Source } from "../engine/types.ts";
import type { Vars } from "../model/expression.ts";
import type { Ending } from "../model/outcome.ts";
import type { Payload } from "./payload.ts";
import { OutputsTooLarge, type TaskGraph } from "./task_graph.ts";

export interface GatedSourceOptions {
  readonly graph: TaskGraph;
  /** Position of the task. */
  readonly task: number;
  /** Its inputs depend on what other tasks put out: before those have ended nobody knows them. */
  readonly inputsNeedOthers: boolean;
  /** Opens the inputs. With `ending` every one of them ends so instead of running. */
  open(needs: Vars, ending: Ending | null): Source<Payload>;
  /** A task that goes through this one's runs is far behind: no new run starts. */
  mustWait(): boolean;
  /** The task has ended: others that need it may begin. */
  onTaskEnded(): void;
}

/**
 * A task's source behind its `needs`: nothing until all of them have ended, then its inputs; or, when a need is not met or
 * the run was stopped, its inputs as runs that have ended already, and one with `item: null` where they are not known.
 */
export function gatedSource(options: GatedSourceOptions): Source<Payload> {
  const { graph, task } = options;
  let inner: Source<Payload> | null = null;
  let stopped = false;

  function begin(): Source<Payload> | null {
    const gate = stopped ? "stopped" : graph.gate(task);
    switch (gate) {
      case "wait":
        return null;
      case "stopped":
        return endedSource({ outcome: "not_run" });
      case "go":
        return openWithNeeds();
      default:
        return endedSource(skipped(gate.skip, gate.message));
    }
  }

  function openWithNeeds(): Source<Payload> {
    try {
      return options.open({ needs: graph.needs(task) }, null);
    } catch (error) {
      if (!(error instanceof OutputsTooLarge)) throw error;
      return endedSource({
        outcome: "failed",
        error: { code: "too_large", message: error.message, retryable: false },
      });
    }
  }

  function endedSource(ending: Ending): Source<Payload> {
    return options.inputsNeedOthers ? oneEnded(ending) : options.open({}, ending);
  }

  function count(got: Pulled<Payload> | null | undefined): Pulled<Payload> | null | undefined {
    if (got === null) {
      if (graph.exhausted(task)) options.onTaskEnded();
    } else if (got !== undefined) graph.pulled(task);
    return got;
  }

  return {
    pull() {
      inner ??= begin();
      if (inner === null || (!stopped && options.mustWait())) return undefined;
      const got = inner.pull();
      return got instanceof Promise ? got.then(count) : count(got);
    },
    stopped() {
      stopped = true;
      inner?.stopped?.();
    },
  };
}

function skipped(reason: "if" | "dependency", message: string): Ending {
  const error = reason === "if" ? null : { code: "dependency" as const, message, retryable: false };
  return { outcome: "skipped", reason, error };
}

/** A task whose items are not known counts as one task run. */
function oneEnded(ending: Ending): Source<Payload> {
  let given = false;
  return {
    pull() {
      if (given) return null;
      given = true;
      return { payload: { index: 0, item: null, matrix: null, key: null, id: "", vars: {} }, ending };
    },
  };
}
