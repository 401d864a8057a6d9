import type { PoolView, Stop } from "../engine/types.ts";
import type { Plan } from "../model/plan.ts";
import type { RunView } from "../model/run_view.ts";
import type { RunTally } from "./run_tally.ts";

export interface ViewedRun {
  readonly plan: Plan;
  /** Number of inputs by task; null where only reading them tells. */
  readonly totals: ReadonlyMap<string, number | null>;
  readonly pools: readonly PoolView[];
  readonly tally: RunTally;
  readonly stop: Stop | null;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** How far a run has come. */
export function viewRun({ plan, totals, pools, tally, stop, now }: ViewedRun): RunView {
  return {
    elapsedMs: now,
    stopping: stop === null ? null : stoppingWords[stop.code],
    targets: pools.map((pool, position) => ({
      name: pool.name,
      limit: pool.limit,
      running: pool.running,
      waiting: pool.waiting,
      ended: tally.targets[position]!.ended,
      failed: tally.targets[position]!.failed,
      total: sumTotals(plan.tasks.filter((task) => task.pool === position), totals),
      pausedMs: Math.max(0, pool.pausedUntil - now),
    })),
  };
}

/** How many inputs some tasks have; null when that is not known of one of them. */
export function sumTotals(
  tasks: readonly { readonly name: string }[],
  totals: ReadonlyMap<string, number | null>,
): number | null {
  let sum = 0;
  for (const { name } of tasks) {
    const total = totals.get(name) ?? null;
    if (total === null) return null;
    sum += total;
  }
  return sum;
}

const stoppingWords = {
  interrupted: "stopping (Ctrl-C again: at once)",
  run_timeout: "stopping (run.timeout)",
  max_failures: "stopping (maxFailures)",
  io: "stopping (the journal cannot be written)",
} as const;
