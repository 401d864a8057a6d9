import type { BrokenInput, Input, InputSource } from "../model/input.ts";
import type { TaskPlan } from "../model/plan.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { InputContext } from "./context.ts";
import type { TaskSurvey } from "./survey.ts";

/**
 * The same inputs; says so when, read to their end, they turn out not to be those that were counted: another number, or
 * a file with another size or age. Double keys that came in that way are found run by run.
 */
export function noticeChange(
  inputs: InputSource,
  task: TaskPlan,
  surveyed: TaskSurvey,
  context: InputContext,
  notice: (message: string) => void,
): InputSource {
  const { count, file } = surveyed;
  if (count === null) return inputs;
  let given = 0;
  let isSaid = false;

  function take(input: Input | BrokenInput | null): Input | BrokenInput | null | Promise<null> {
    if (input !== null) {
      given++;
      return input;
    }
    if (isSaid) return null;
    isSaid = true;
    if (given !== count) {
      notice(
        `task "${task.name}": ${count} inputs were counted before the run, ${given} were there in the end`,
      );
      return null;
    }
    return file === null ? null : compareFile();
  }

  async function compareFile(): Promise<null> {
    const facts = await context.sources.probe(resolvePath(context.directory, file!.path));
    if (!facts.readable || facts.bytes !== file!.bytes || facts.modifiedMs !== file!.modifiedMs) {
      notice(`task "${task.name}": "${file!.path}" was changed after its inputs were counted`);
    }
    return null;
  }

  return {
    repeatable: inputs.repeatable,
    next() {
      const input = inputs.next();
      return input instanceof Promise ? input.then(take) : take(input);
    },
    close() {
      isSaid = true;
      inputs.close();
    },
  };
}
