import type { ReportProblem } from "../model/diagnostic.ts";
import type { NamesRead } from "./check_expressions.ts";
import type { Config } from "./config_schema.ts";
import type { TaskSetting } from "./task_schema.ts";

/** A task with many runs names each of them differently, and saves each to a path of its own. */
export function checkIdentities(config: Config, namesRead: NamesRead, report: ReportProblem): void {
  for (const [name, task] of Object.entries(config.tasks)) {
    if (!task.foreach && !task.matrix) continue;
    const example = `\${{ ${exampleName(task)} }}`;
    const check = (path: readonly string[], text: string | undefined, what: string) => {
      if (text === undefined) return;
      // A short form stands one level up.
      const names = text.includes("${{") ? namesRead(path) ?? namesRead(path.slice(0, 3)) : none;
      if (names === undefined || [...names].some((read) => varies(read, task))) return;
      report(path, `${what}: put what tells them apart into it, such as ${example}`);
    };
    check(["tasks", name, "key"], task.key, "every run of this task would have this key");
    check(["tasks", name, "save", "path"], task.save?.path, "every run of this task would write this file");
  }
}

const none: ReadonlySet<string> = new Set();

/** Whether a name means something else in each run of a task. What a result has may always differ. */
function varies(name: string, { foreach }: TaskSetting): boolean {
  const root = name.split(".", 1)[0]!;
  return root === foreach?.as || !["params", "secrets", "run", "needs"].includes(root);
}

function exampleName({ foreach, matrix }: TaskSetting): string {
  if (foreach) return foreach.as ?? "item";
  return `matrix.${Object.keys(matrix!.axes)[0] ?? "name"}`;
}
