import type { TaskRun } from "../engine/types.ts";
import type { Ending } from "../model/outcome.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { Output } from "../model/verdict.ts";
import type { Payload } from "./payload.ts";
import type { RunClock } from "./run_clock.ts";
import { maskSecretOutputs } from "./secret_outputs.ts";

/** One element of the report's `results`, not yet masked. */
export function makeResult(
  task: TaskPlan,
  target: string,
  run: TaskRun<Payload>,
  ending: Ending,
  output: Output | null,
  clock: RunClock,
): Result {
  const { payload } = run;
  const began = !Number.isNaN(run.startedAt);
  const now = clock.now();
  const allowed = task.allowFailure && (ending.outcome === "failed" || ending.outcome === "timed_out");
  return {
    index: payload.index,
    task: task.name,
    key: payload.key,
    item: payload.item,
    matrix: payload.matrix,
    target,
    kind: task.kind,
    outcome: ending.outcome,
    reason: ending.outcome === "skipped" ? ending.reason : null,
    ...(allowed ? { allowed: true } : {}),
    queuedMs: roundMs((began ? run.startedAt : now) - run.pulledAt),
    durationMs: began ? roundMs(now - run.startedAt) : 0,
    attempts: run.attempts.map((attempt, position) => ({
      number: position + 1,
      startedAt: clock.stamp(attempt.startedAt),
      durationMs: roundMs(attempt.durationMs),
      outcome: attempt.outcome,
      error: attempt.error,
    })),
    output: output === null
      ? null
      : output.saved === null
      ? output.fields
      : { ...output.fields, saved: output.saved },
    outputs: output?.outputs ? maskSecretOutputs(task, output.outputs) : null,
    ...(output?.collected === undefined ? {} : { collected: output.collected }),
    error: "error" in ending ? ending.error : null,
  };
}

/** Microseconds are noise, and twelve digits a line. */
function roundMs(ms: number): number {
  return Math.round(Math.max(0, ms) * 10) / 10;
}
