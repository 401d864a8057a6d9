import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import type { Config } from "./config_schema.ts";
import { kindNamed } from "../tasks/registry.ts";
import { isVariableName, nameProblem, ROOT_NAMES } from "../expr/names.ts";

/**
 * Names that expressions read must be names of CEL, and hide nothing.
 *
 * @param namesIn all names in a section of the file, those of entries with errors too
 */
export function checkNames(
  config: Config,
  namesIn: (section: string) => readonly string[],
  report: ReportProblem,
): void {
  const check = (path: ConfigPath, names: Iterable<string>) => {
    for (const name of names) {
      const problem = nameProblem(name);
      if (problem !== undefined) report([...path, name], problem, { on: "key" });
    }
  };
  for (const section of ["params", "secrets", "targets", "tasks"]) check([section], namesIn(section));
  for (const [name, task] of Object.entries(config.tasks)) {
    check(["tasks", name, "outputs"], Object.keys(task.outputs ?? {}));
    check(["tasks", name, "matrix"], Object.keys(task.matrix?.axes ?? {}));
    const as = task.foreach?.as;
    if (as === undefined) continue;
    const path = ["tasks", name, "foreach", "as"];
    const problem = nameProblem(as, isVariableName);
    if (problem !== undefined) report(path, problem);
    else if (ROOT_NAMES.includes(as)) report(path, `"${as}" is taken: expressions read something else by it`);
    else if (Object.hasOwn(kindNamed(task.kind).resultFields, as)) {
      report(path, `"${as}" is taken: in expressions it is the ${as} of an ${task.kind} result`);
    }
  }
}
