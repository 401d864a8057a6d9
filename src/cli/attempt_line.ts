import type { TaskRun } from "../engine/types.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { Redactor } from "../model/redactor.ts";
import { printable, writtenDuration } from "../model/written.ts";
import type { Payload } from "../run/payload.ts";

/** `-v`: a line for every attempt that ended. */
export function attemptPrinter(redactor: Redactor, say: (text: string) => void) {
  return (task: TaskPlan, run: TaskRun<Payload>, retryInMs: number | null): void => {
    const attempt = run.attempts.at(-1)!;
    const name = `${task.name}[${run.payload.key ?? run.payload.index}]`;
    const error = attempt.error === null ? "" : `  ${attempt.error.code}: ${attempt.error.message}`;
    const next = retryInMs === null ? "" : `  (next in ${writtenDuration(retryInMs)})`;
    const text = `${name} #${run.attempts.length} ${attempt.outcome} ${
      writtenDuration(attempt.durationMs)
    }${error}${next}`;
    say(`${printable(redactor.mask(text))}\n`);
  };
}
