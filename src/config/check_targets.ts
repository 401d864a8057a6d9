import type { ReportProblem } from "../model/diagnostic.ts";
import { hint } from "../model/near.ts";
import type { Config } from "./config_schema.ts";
import { kindNames } from "./kind_sections.ts";

/** Every target that is named is defined and of the task's kind. */
export function checkTargets(config: Config, report: ReportProblem): void {
  const targets = config.targets ?? {};
  for (const [name, { target: named, kind }] of Object.entries(config.tasks)) {
    if (named === undefined) continue;
    const path = ["tasks", name, "target"];
    const target = Object.hasOwn(targets, named) ? targets[named] : undefined;
    if (target === undefined) {
      const defined = Object.keys(targets);
      const which = defined.length === 0
        ? "; no targets are defined"
        : hint(named, defined, "defined targets");
      report(path, `target "${named}" is not defined${which}`);
    } else if (target.kind !== null && target.kind !== kind) {
      report(path, `target "${named}" is for ${target.kind} tasks, but "${name}" is of kind ${kind}`);
    }
  }
  for (const [name, target] of Object.entries(targets)) {
    const isDefaultPool = (kindNames as readonly string[]).includes(name);
    if (!isDefaultPool || target.kind === null || target.kind === name) continue;
    report(
      ["targets", name, target.kind],
      `targets.${name} is the pool of ${name} tasks that name no target; give a target for ${target.kind} another name`,
      { on: "key" },
    );
  }
}
