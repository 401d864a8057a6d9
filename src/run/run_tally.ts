import { type Ending, noOutcomes, type OutcomeCounts, type SkipReason } from "../model/outcome.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import { failureLimit } from "./failure_limit.ts";

/** Counts how task runs end. The outcomes add up to the runs that it was told of. */
export class RunTally {
  readonly counts: OutcomeCounts = noOutcomes();
  readonly skippedBy: { [reason in SkipReason]?: number } = {};
  allowedFailures = 0;
  /** By position of a pool; runs that were not run are not among those that ended. */
  readonly targets: readonly { ended: number; failed: number }[];
  readonly #isOverLimit: (isFailure: boolean) => boolean;

  /** @param total of all inputs; null when it is not known */
  constructor({ pools, run }: Plan, total: number | null) {
    this.targets = pools.map(() => ({ ended: 0, failed: 0 }));
    this.#isOverLimit = failureLimit(run.maxFailures, total);
  }

  /** Adds one, and tells whether more have failed by now than `run.maxFailures` tolerates. */
  add({ pool, allowFailure }: TaskPlan, ending: Ending, isCarried: boolean): boolean {
    this.counts[ending.outcome]++;
    if (ending.outcome === "skipped") {
      this.skippedBy[ending.reason] = (this.skippedBy[ending.reason] ?? 0) + 1;
    }
    const hasFailed = ending.outcome === "failed" || ending.outcome === "timed_out";
    if (hasFailed && allowFailure) this.allowedFailures++;
    // What an earlier run could not do says nothing about how this one goes.
    const isFailure = hasFailed && !allowFailure && !isCarried;
    const target = this.targets[pool]!;
    if (ending.outcome !== "not_run") target.ended++;
    if (isFailure) target.failed++;
    return this.#isOverLimit(isFailure);
  }
}
