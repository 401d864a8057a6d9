import type { ReportProblem } from "../model/diagnostic.ts";
import { hint } from "../model/near.ts";
import type { Config } from "./config_schema.ts";
import type { TaskSetting } from "./task_schema.ts";

/**
 * Every task that is needed is defined, and none needs itself, however far round.
 *
 * @param names of all tasks in the file, those with errors too
 */
export function checkDependencies(config: Config, names: readonly string[], report: ReportProblem): void {
  for (const [name, task] of Object.entries(config.tasks)) {
    for (const needed of Object.keys(task.needs ?? {})) {
      if (names.includes(needed)) continue;
      const message = `task "${needed}" is not defined${hint(needed, names, "tasks")}`;
      report(["tasks", name, "needs", needed], message, { on: "key" });
    }
    const from = fromOf(task);
    if (from !== undefined && !names.includes(from)) {
      report(
        ["tasks", name, "foreach", "from"],
        `task "${from}" is not defined${hint(from, names, "tasks")}`,
      );
    }
  }
  for (const cycle of cyclesOf(config)) {
    const first = cycle[0]!;
    const message = cycle.length === 1
      ? `task "${first}" waits for itself`
      : `these tasks wait for each other: ${[...cycle, first].join(" → ")}; break the circle at one of them`;
    report(["tasks", first, "needs"], message);
  }
}

/** What a task waits for itself: its `needs`, and the task its items come from. Only tasks that are defined. */
export function directNeeds(config: Config, task: TaskSetting): readonly string[] {
  const from = fromOf(task);
  return [...Object.keys(task.needs ?? {}), ...(from === undefined ? [] : [from])]
    .filter((name) => Object.hasOwn(config.tasks, name));
}

/** Everything a task waits for, directly or through others. */
export function allNeeds(config: Config, name: string): ReadonlySet<string> {
  const all = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const needed of directNeeds(config, config.tasks[next]!)) {
      if (!all.has(needed)) open.push(needed);
      all.add(needed);
    }
  }
  return all;
}

function fromOf({ foreach }: TaskSetting): string | undefined {
  return foreach?.source === "from" ? foreach.from : undefined;
}

/** One circle for each group of tasks that wait for each other, beginning with the first in the file. */
function cyclesOf(config: Config): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  for (const start of Object.keys(config.tasks)) {
    const trail: string[] = [];
    const remaining: string[][] = [[start]];
    while (remaining.length > 0) {
      const name = remaining.at(-1)!.shift();
      if (name === undefined) {
        remaining.pop();
        const left = trail.pop();
        if (left !== undefined) done.add(left);
        continue;
      }
      if (trail.includes(name)) cycles.push(trail.slice(trail.indexOf(name)));
      if (trail.includes(name) || done.has(name)) continue;
      trail.push(name);
      remaining.push([...directNeeds(config, config.tasks[name]!)]);
    }
  }
  return cycles;
}
