import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleResult } from "../../tests/support/sample_run.ts";
import { adviseTarget, type TargetFigures } from "./advice.ts";
import { TargetStats } from "./run_stats.ts";

const settings = {
  limit: 4,
  peak: 4,
  throttled: 0,
  retriesWithheld: 0,
  pools: 1,
  breaker: null,
  adaptive: null,
  cpus: 2,
};

/** The figures of `runs` task runs of one attempt each, `atATime` at a time. */
function figures(
  given: Partial<typeof settings>,
  run: { runs: number; ms: number; atATime: number; cpuMs?: number; timeouts?: number; timeoutMs?: number },
): TargetFigures {
  const { cpus, ...closing } = { ...settings, ...given };
  const stats = new TargetStats("exec");
  for (let index = 0; index < run.runs; index++) {
    const isTimeout = index < (run.timeouts ?? 0);
    const durationMs = isTimeout ? run.timeoutMs! : run.ms;
    const startedAt = new Date(Math.floor(index / run.atATime) * run.ms).toISOString();
    const output = run.cpuMs === undefined ? null : { cpuMs: run.cpuMs };
    const outcome = isTimeout ? "timed_out" : "ok";
    stats.addAttempts(
      sampleResult(index, {
        durationMs,
        output,
        attempts: [{ number: 1, startedAt, durationMs, outcome, error: null }],
      }),
    );
  }
  return { target: { name: "t", kind: "exec", limit: closing.limit }, closing, stats, cpus };
}

const cases: readonly (readonly [what: string, figures: TargetFigures, codes: string[]])[] = [
  ["nothing at all", figures({}, { runs: 0, ms: 1, atATime: 1 }), []],
  ["an even run", figures({}, { runs: 100, ms: 100, atATime: 3 }), []],
  ["a full pool", figures({}, { runs: 100, ms: 100, atATime: 4 }), ["pool_is_bottleneck"]],
  ["a full family", figures({ pools: 2 }, { runs: 100, ms: 100, atATime: 4 }), []],
  ["a full pool for a moment", figures({}, { runs: 90, ms: 10, atATime: 4 }), []],
  ["a full and throttled pool", figures({ throttled: 9 }, { runs: 100, ms: 100, atATime: 4 }), [
    "throttled",
  ]],
  ["one 429 in a thousand", figures({ throttled: 1 }, { runs: 1000, ms: 1, atATime: 4 }), []],
  ["busy programs", figures({}, { runs: 100, ms: 100, atATime: 4, cpuMs: 49 }), ["cpu_bound"]],
  ["busy programs, one a CPU", figures({ limit: 2, peak: 2 }, { runs: 50, ms: 100, atATime: 2, cpuMs: 96 }), [
    "cpu_bound",
  ]],
  [
    "one busy program at a time, on two CPUs",
    figures({ limit: 1, peak: 1 }, { runs: 50, ms: 100, atATime: 1, cpuMs: 96 }),
    ["pool_is_bottleneck"],
  ],
  ["idle programs", figures({}, { runs: 100, ms: 100, atATime: 3, cpuMs: 5 }), []],
  ["a wide pool", figures({ limit: 64, peak: 3 }, { runs: 300, ms: 1, atATime: 3 }), ["pool_too_wide"]],
  ["a wide pool with little work", figures({ limit: 64, peak: 3 }, { runs: 3, ms: 1, atATime: 3 }), []],
  ["a tight timeout", figures({}, { runs: 100, ms: 80, atATime: 3, timeouts: 5, timeoutMs: 100 }), [
    "timeout_below_p99",
  ]],
  ["a server that hangs", figures({}, { runs: 100, ms: 5, atATime: 3, timeouts: 5, timeoutMs: 100 }), []],
  ["one timeout", figures({}, { runs: 100, ms: 80, atATime: 3, timeouts: 1, timeoutMs: 100 }), []],
];

test("adviseTarget() says something only when its figures are clear", () => {
  for (const [what, given, codes] of cases) {
    assert.deepEqual(adviseTarget(given).map((advice) => advice.code), codes, what);
  }
});

test("adviseTarget() shows the figures behind its words", () => {
  const messages = cases.flatMap(([, given]) => adviseTarget(given).map((advice) => advice.message));
  assert.deepEqual(messages.slice(0, 3), [
    "t was busy for 100 % of 2.5s at its limit of 4: if it can take more, a higher concurrency shortens the run",
    't said "too many requests" to 9 of 100 attempts at a limit of 4: give it a rate, or a lower concurrency',
    "programs of t used 2.0 of 2 CPUs for 2.5s: they are bound by the CPU, and its concurrency of 4 buys nothing over 2",
  ]);
});
