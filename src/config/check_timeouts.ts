import type { ReportProblem } from "../model/diagnostic.ts";
import type { KindName } from "../model/plan.ts";
import { writtenDuration } from "../model/written.ts";
import { kindNamed } from "../tasks/registry.ts";
import type { Config } from "./config_schema.ts";
import type { TimeoutSetting } from "./limits_schema.ts";
import type { TaskSetting } from "./task_schema.ts";

/** Warns of timeouts that say nothing, and refuses to poll without an end. */
export function checkTimeouts(config: Config, report: ReportProblem): void {
  const check = (section: string, name: string, kind: KindName, timeout: TimeoutSetting) => {
    const path = [section, name, "timeout"];
    const phases: readonly string[] = kindNamed(kind).phases ?? [];
    for (const phase of ["connect", "firstByte", "idle"] as const) {
      if ((timeout[phase] ?? null) === null || phases.includes(phase)) continue;
      const message = `${kind} tasks have no phase that "${phase}" could end, so this says nothing`;
      report([...path, phase], message, { on: "key", severity: "warning" });
    }
    const { attempt, total } = timeout;
    if (typeof attempt !== "number" || typeof total !== "number" || attempt <= total) return;
    const message = `an attempt may take ${writtenDuration(attempt)}, but the whole task run ends after ` +
      `${writtenDuration(total)}: no attempt can use its time`;
    report([...path, "attempt"], message, { severity: "warning" });
  };
  for (const [name, { kind, timeout }] of Object.entries(config.targets ?? {})) {
    if (kind !== null) check("targets", name, kind, timeout ?? {});
  }
  for (const [name, task] of Object.entries(config.tasks)) {
    check("tasks", name, task.kind, task.timeout ?? {});
    const { until, attempts } = task.retry ?? {};
    // Attempts of a target or the defaults are meant for failures.
    if ((until ?? null) === null || (attempts ?? null) !== null || hasEnd(config, task)) continue;
    const message =
      "this would poll for ever: set how long at most, as in timeout: { total: 5m }, or how often, by attempts";
    report(["tasks", name, "retry", "until"], message, { on: "key" });
  }
}

/** Whether a total timeout holds for a task, from wherever it comes. */
function hasEnd({ defaults, targets = {} }: Config, { target, kind, timeout }: TaskSetting): boolean {
  const name = target ?? kind;
  const ofTarget = Object.hasOwn(targets, name) ? targets[name]?.timeout : undefined;
  // A `null` goes back to the built-in, which is none.
  const [nearest] = [timeout, ofTarget, defaults?.timeout]
    .map((setting) => setting === null ? null : setting?.total)
    .filter((total) => total !== undefined);
  return (nearest ?? null) !== null;
}
