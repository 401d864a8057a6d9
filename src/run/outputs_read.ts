import type { TaskPlan } from "../model/plan.ts";

/** Which outputs of which other tasks are read, by the tasks' names. Only these are kept in memory. */
export type OutputsRead = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * What one task's expressions read of others.
 *
 * @param names as expressions tell them: `needs.users.outputs.ids`, or less where a whole is read
 * @param needed the tasks that may be read at all
 */
export function outputsRead(names: ReadonlySet<string>, needed: readonly TaskPlan[]): OutputsRead {
  const read = new Map<string, ReadonlySet<string>>();
  for (const task of needed) {
    const outputs = Object.keys(task.outputs).filter((output) =>
      [
        "needs",
        `needs.${task.name}`,
        `needs.${task.name}.outputs`,
        `needs.${task.name}.outputs.${output}`,
      ].some((name) => names.has(name))
    );
    if (outputs.length > 0) read.set(task.name, new Set(outputs));
  }
  return read;
}

/** What any of the tasks reads. */
export function allOutputsRead(byTask: readonly OutputsRead[]): OutputsRead {
  const all = new Map<string, Set<string>>();
  for (const [task, outputs] of byTask.flatMap((read) => [...read])) {
    const known = all.get(task) ?? new Set();
    for (const output of outputs) known.add(output);
    all.set(task, known);
  }
  return all;
}
