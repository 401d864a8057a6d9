import type { EarlierRuns } from "../journal/earlier_runs.ts";
import type { Plan } from "../model/plan.ts";
import { writtenCount } from "../model/written.ts";
import type { Tally } from "./carry_over.ts";

/** What a resume made of the earlier run, as sentences: what was kept, and which inputs came, went or moved. */
export function describeCarryOver(plan: Plan, runs: EarlierRuns, tallies: readonly Tally[]): string[] {
  const sum = (count: (tally: Tally, task: number) => number) =>
    tallies.reduce((total, tally, task) => total + count(tally, task), 0);
  const parts = [
    [sum(({ kept }) => kept), "kept"],
    [sum(({ again }) => again), "to run again"],
    [sum(({ unknown }) => unknown), "that may or may not have happened and stay failed"],
    [sum(({ added }) => added), "new"],
    [sum(({ moved }, task) => isInOrder(plan, task) ? moved : 0), "kept at another place"],
    [sum((tally, task) => gone(plan, task, tally, runs)), "no longer there"],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, what]) => `${writtenCount(count)} ${what}`);
  return words.length === 0 ? [] : [`task runs of ${runs.header.runId}: ${words.join(", ")}`];
}

/** What comes from another task comes in whatever order that ends. */
function isInOrder(plan: Plan, task: number): boolean {
  return plan.tasks[task]!.foreach?.source !== "from";
}

/** Known, but not among the inputs any more; 0 while some of these were not looked at. */
function gone(plan: Plan, task: number, tally: Tally, runs: EarlierRuns): number {
  const { name, only, first } = plan.tasks[task]!;
  if (!tally.isComplete || only !== null || first !== null) return 0;
  return Math.max(0, runs.count(name) - tally.kept - tally.again - tally.unknown);
}
