import type { TaskRun, TaskSpec } from "../../src/engine/types.ts";
import type { Ending } from "../../src/model/outcome.ts";
import type { Item } from "./random_source.ts";
import type { SimulatedPool } from "./simulated_pool.ts";

/** The longest that the retry budget puts off a retry. */
const putOffMs = 30_000;

/** A run may end as it does only for a reason that can be seen. */
export function checkEnding({ run, ending, pool, task, now, isStopped, hasTimeLimit, wrong }: {
  readonly run: TaskRun<Item>;
  readonly ending: Ending;
  readonly pool: SimulatedPool;
  readonly task: TaskSpec<Item>;
  readonly now: number;
  readonly isStopped: boolean;
  readonly hasTimeLimit: boolean;
  wrong(what: string): void;
}): void {
  const { name, attempts, isSkipped, dueAt } = run.payload;
  const say = (what: string) => wrong(`${name} ended ${ending.outcome}: ${what}`);
  const isGivenUp = pool.breaker?.hasGivenUp === true;
  switch (ending.outcome) {
    case "ok":
      return;
    case "not_run":
    case "cancelled":
      if (!isStopped) say("nobody stopped it");
      if ((ending.outcome === "cancelled") !== attempts > 0) say(`it had ${attempts} attempts`);
      return;
    case "skipped":
      if (ending.reason === "circuit_open" ? !isGivenUp || attempts > 0 : !isSkipped) say(ending.reason);
      return;
    default: {
      const { retryable, message } = ending.error;
      const isSpent = run.attemptCount >= task.retry.attempts;
      const isAsItShouldBe = /put off another attempt/.test(message)
        ? now > Math.max(dueAt, pool.pause.until, pool.breaker?.openUntil ?? 0) + putOffMs
        : /did not come back/.test(message)
        ? isGivenUp
        : /no time was left|longer than the time left/.test(message)
        ? hasTimeLimit
        : !retryable || isSpent || isStopped;
      if (!isAsItShouldBe) say(`${message}, attempt ${run.attemptCount} of ${task.retry.attempts}`);
    }
  }
}
