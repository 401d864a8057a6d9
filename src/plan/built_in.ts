import type { BreakerPlan } from "../model/plan.ts";
import type { Kind } from "../tasks/kind.ts";
import type { SettingsMap } from "./merge_layers.ts";

/** What holds for a task that nobody says anything about: the lowest layer of its settings. Milliseconds, bytes. */
export function builtInTask(kind: Kind): SettingsMap {
  const { attemptMs = 30_000, phases = [] } = kind;
  return {
    timeout: {
      ...(attemptMs === null ? {} : { attempt: attemptMs }),
      ...(phases.includes("connect") ? { connect: 10_000 } : {}),
    },
    retry: { attempts: 3, backoff: { initial: 200, max: 20_000, jitter: "full" }, on: [] },
    capture: { mode: "size", bytes: 16 * 1024 },
    allowFailure: false,
  };
}

/** What holds for the run. Milliseconds, bytes. */
export const builtInRun = {
  concurrency: 256,
  onFailure: "drain",
  grace: 5_000,
  captureBudget: 2 ** 30,
  keepRuns: 10,
} as const;

/** A breaker that is merely switched on. */
export const builtInBreaker: BreakerPlan = {
  failureRate: 0.5,
  windowMs: 30_000,
  minCalls: 20,
  openForMs: 5_000,
  giveUpAfterMs: 300_000,
};
