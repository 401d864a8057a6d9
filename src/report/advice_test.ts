import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleResult } from "../../tests/support/sample_run.ts";
import { adviseTarget, type TargetFigures } from "./advice.ts";
import { TargetStats } from "./run_stats.ts";

const settings: TargetFigures["closing"] & Pick<TargetFigures, "cpus" | "isEach"> = {
  limit: 4,
  peak: 4,
  throttled: 0,
  retriesWithheld: 0,
  pools: 1,
  breaker: null,
  adaptive: null,
  cpus: 2,
  isEach: false,
};

const adapted = { min: 1, max: 4, settled: 4, history: [{ atMs: 0, limit: 4, why: "start" as const }] };

/** The figures of `runs` task runs of one attempt each, `atATime` at a time. */
function figures(
  given: Partial<typeof settings>,
  run: {
    runs: number;
    ms: number;
    atATime: number;
    cpuMs?: number;
    timeouts?: number;
    timeoutMs?: number;
    /** How many of them were tried three times, and how many of these failed all the same. */
    retried?: number;
    failed?: number;
  },
): TargetFigures {
  const { cpus, isEach, ...closing } = { ...settings, ...given };
  const stats = new TargetStats("exec");
  for (let index = 0; index < run.runs; index++) {
    const isTimeout = index < (run.timeouts ?? 0);
    const durationMs = isTimeout ? run.timeoutMs! : run.ms;
    const startedAt = new Date(Math.floor(index / run.atATime) * run.ms).toISOString();
    const output = run.cpuMs === undefined ? null : { cpuMs: run.cpuMs };
    const outcome = isTimeout ? "timed_out" : index < (run.failed ?? 0) ? "failed" : "ok";
    const attempt = { number: 1, startedAt, durationMs, outcome, error: null } as const;
    const attempts = index < (run.retried ?? 0) ? [attempt, attempt, attempt] : [attempt];
    stats.counts[outcome]++;
    stats.addAttempts(sampleResult(index, { durationMs, output, outcome, attempts }));
  }
  return { target: { name: "t", kind: null, limit: closing.limit }, closing, stats, cpus, isEach };
}

const cases: readonly (readonly [what: string, figures: TargetFigures, codes: string[]])[] = [
  ["nothing at all", figures({}, { runs: 0, ms: 1, atATime: 1 }), []],
  ["an even run", figures({}, { runs: 100, ms: 100, atATime: 3 }), []],
  ["a full pool", figures({}, { runs: 100, ms: 400, atATime: 4 }), ["pool_is_bottleneck"]],
  ["a full pool for less than a second", figures({}, { runs: 100, ms: 39, atATime: 4 }), []],
  ["a full pool for most of the time", figures({}, { runs: 101, ms: 400, atATime: 4 }), [
    "pool_is_bottleneck",
  ]],
  ["a full pool of a program for each CPU", figures({ limit: 2 }, { runs: 100, ms: 400, atATime: 2 }), []],
  [
    "a full pool of programs that compute for half of their time",
    figures({ limit: 1, cpus: 8 }, { runs: 100, ms: 400, atATime: 1, cpuMs: 210 }),
    [],
  ],
  ["a full family", figures({ pools: 2 }, { runs: 100, ms: 400, atATime: 4 }), []],
  ["a full and throttled pool", figures({ throttled: 9 }, { runs: 100, ms: 400, atATime: 4 }), [
    "throttled",
  ]],
  [
    "a target that was out for a while, and said 503",
    figures({ throttled: 24, unavailable: 24, breaker: { openings: 1, openMs: 900 } }, {
      runs: 53,
      ms: 50,
      atATime: 3,
    }),
    [],
  ],
  [
    "a breaker that opened, and 429 as well as 503",
    figures({ throttled: 24, unavailable: 14, breaker: { openings: 1, openMs: 900 } }, {
      runs: 53,
      ms: 50,
      atATime: 3,
    }),
    ["throttled"],
  ],
  [
    "a breaker that never opened, and 503",
    figures({ throttled: 24, unavailable: 24, breaker: { openings: 0, openMs: 0 } }, {
      runs: 53,
      ms: 50,
      atATime: 3,
    }),
    ["throttled"],
  ],
  [
    "a target that is down, and says 503",
    figures({ throttled: 60 }, {
      runs: 20,
      ms: 200,
      atATime: 4,
      retried: 20,
      failed: 20,
    }),
    ["retries_wasted"],
  ],
  [
    "a full pool of programs that used half of the CPUs",
    figures({}, {
      runs: 100,
      ms: 400,
      atATime: 4,
      cpuMs: 120,
    }),
    [],
  ],
  ["a full pool that mostly fails", figures({}, { runs: 100, ms: 400, atATime: 4, failed: 60 }), []],
  ["one 429 in a thousand", figures({ throttled: 1 }, { runs: 1000, ms: 1, atATime: 4 }), []],
  ["busy programs", figures({}, { runs: 100, ms: 100, atATime: 4, cpuMs: 49 }), ["cpu_bound"]],
  ["busy programs, one a CPU", figures({ limit: 2, peak: 2 }, { runs: 50, ms: 100, atATime: 2, cpuMs: 96 }), [
    "cpu_bound",
  ]],
  [
    "one busy program at a time, on two CPUs",
    figures({ limit: 1, peak: 1 }, {
      runs: 50,
      ms: 100,
      atATime: 1,
      cpuMs: 96,
    }),
    ["cpu_bound"],
  ],
  ["one busy program", figures({}, { runs: 1, ms: 60_000, atATime: 1, cpuMs: 59_000 }), ["cpu_bound"]],
  ["one that was busy for a moment", figures({}, { runs: 1, ms: 900, atATime: 1, cpuMs: 900 }), []],
  ["idle programs", figures({}, { runs: 100, ms: 100, atATime: 3, cpuMs: 5 }), []],
  ["a wide pool", figures({ limit: 64, peak: 3 }, { runs: 300, ms: 1, atATime: 3 }), ["pool_too_wide"]],
  ["a wide pool with little work", figures({ limit: 64, peak: 3 }, { runs: 3, ms: 1, atATime: 3 }), []],
  ["a tight timeout", figures({}, { runs: 100, ms: 80, atATime: 3, timeouts: 5, timeoutMs: 100 }), [
    "timeout_below_p99",
  ]],
  ["a server that hangs", figures({}, { runs: 100, ms: 5, atATime: 3, timeouts: 5, timeoutMs: 100 }), []],
  [
    "an adaptive pool that was told now and then",
    figures({ throttled: 9, adaptive: adapted }, {
      runs: 100,
      ms: 100,
      atATime: 4,
    }),
    [],
  ],
  ["retries for nothing", figures({}, { runs: 100, ms: 5, atATime: 3, retried: 12, failed: 12 }), [
    "retries_wasted",
  ]],
  [
    "retries that help one in four",
    figures({}, { runs: 200, ms: 5, atATime: 3, retried: 20, failed: 15 }),
    [],
  ],
  ["retries that help", figures({}, { runs: 200, ms: 5, atATime: 3, retried: 40, failed: 0 }), []],
  ["few retries for nothing", figures({}, { runs: 100, ms: 5, atATime: 3, retried: 9, failed: 9 }), []],
  ["one timeout", figures({}, { runs: 100, ms: 80, atATime: 3, timeouts: 1, timeoutMs: 100 }), []],
];

test("adviseTarget() says something only when its figures are clear", () => {
  for (const [what, given, codes] of cases) {
    assert.deepEqual(adviseTarget(given).map((advice) => advice.code), codes, what);
  }
});

const told: readonly (readonly [figures: TargetFigures, message: string, change: string | null])[] = [
  [
    figures({}, { runs: 100, ms: 400, atATime: 4 }),
    "t was busy for 100 % of 10s at its limit of 4: if it can take more, a higher concurrency shortens the run; fanout tune finds it out",
    "targets.t.concurrency: 8",
  ],
  [
    figures({ throttled: 9 }, { runs: 100, ms: 100, atATime: 4 }),
    "t was too busy (429, 503) for 9 of 100 attempts at a limit of 4, and took 36.4 a second: give it a rate, or a lower concurrency",
    "targets.t.rate: 36/s",
  ],
  [
    figures({}, { runs: 100, ms: 100, atATime: 4, cpuMs: 49 }),
    "programs of t used 2.0 of 2 CPUs for 2.5s: they compute, they do not wait, and its concurrency of 4 buys nothing over 2 at a time",
    "targets.t.concurrency: cpus",
  ],
  [
    figures({ limit: 1, peak: 1 }, { runs: 50, ms: 100, atATime: 1, cpuMs: 96 }),
    "programs of t used 1.0 of 2 CPUs for 5s: they compute, they do not wait, and up to 2 at a time would each have a CPU of its own",
    "targets.t.concurrency: cpus",
  ],
  [
    figures({ limit: 2, peak: 2 }, { runs: 50, ms: 100, atATime: 2, cpuMs: 96 }),
    "programs of t used 1.9 of 2 CPUs for 2.5s: they compute, they do not wait, and more than 2 at a time would buy nothing: only more CPUs would, here or on other machines",
    null,
  ],
  [
    figures({ limit: 8, peak: 8, cpus: 8 }, { runs: 80, ms: 250, atATime: 2, cpuMs: 970 }),
    "programs of t used 7.8 of 8 CPUs for 10s: they compute, they do not wait, and its concurrency of 8 buys nothing over 2 at a time",
    "targets.t.concurrency: 2",
  ],
  [
    figures({ limit: 64, peak: 3 }, { runs: 300, ms: 1, atATime: 3 }),
    "t never had more than 3 attempts at a time, of the 64 it allows: its concurrency is not what limits it, and would not protect it",
    "targets.t.concurrency: 6",
  ],
  [
    figures({}, { runs: 100, ms: 80, atATime: 3, timeouts: 5, timeoutMs: 100 }),
    "5.0 % of 100 attempts at t ran into a timeout of about 100ms, and a tenth of the others took over 79.9ms: the timeout is below the 99th percentile; give more time, or fewer at a time",
    "targets.t.timeout: { attempt: 200ms }",
  ],
  [
    figures({}, { runs: 100, ms: 5, atATime: 3, retried: 12, failed: 12 }),
    "24 retries at t were for task runs that failed all the same, and 0 task runs were saved by theirs: what fails there fails again; fewer attempts would say so sooner",
    "targets.t.retry: { attempts: 1 }",
  ],
  [
    figures({}, { runs: 20, ms: 5, atATime: 3, retried: 12, failed: 12 }),
    "24 retries at t were for task runs that failed all the same, and 0 task runs were saved by theirs: most of its task runs failed, as if it was down; a breaker waits until it is back",
    "targets.t.breaker: true",
  ],
];

test("adviseTarget() shows the figures behind its words, and the line to change", () => {
  for (const [given, words, change] of told) {
    const [advice] = adviseTarget(given);
    assert.equal(advice?.message, change === null ? words : `${words} (${change})`);
    assert.equal(advice?.change, change);
    assert.ok(Object.values(advice!.figures).every(Number.isFinite), JSON.stringify(advice!.figures));
  }
});

test("adviseTarget() takes no rate from a run whose retries may have been put off", () => {
  const throttled = (retried: number) => {
    const given = figures({ throttled: 400 }, { runs: 500, ms: 100, atATime: 4, retried });
    given.stats.retries = 2 * retried;
    return adviseTarget(given)[0]!;
  };
  assert.match(throttled(30).change!, /^targets\.t\.rate: /);
  assert.equal(throttled(200).change, "targets.t.concurrency: 2");
  assert.doesNotMatch(throttled(200).message, /a second/);
});

test("adviseTarget() says where to set what has no name yet", () => {
  const given = figures({}, { runs: 100, ms: 400, atATime: 4 });
  const [advice] = adviseTarget({ ...given, target: { ...given.target, name: "postgres://db/app" } });
  assert.equal(advice?.change, "a target of its own for postgres://db/app, with concurrency: 8");
});

const toldEach: readonly (readonly [figures: TargetFigures, change: string | null])[] = [
  [figures({ isEach: true }, { runs: 100, ms: 400, atATime: 4 }), "-c 8"],
  [figures({ isEach: true }, { runs: 100, ms: 100, atATime: 4, cpuMs: 49 }), "-c 2"],
  [figures({ isEach: true, throttled: 9 }, { runs: 100, ms: 100, atATime: 4 }), "--rate 36/s"],
  [
    figures({ isEach: true }, { runs: 100, ms: 80, atATime: 3, timeouts: 5, timeoutMs: 100 }),
    "--timeout 200ms",
  ],
  [figures({ isEach: true }, { runs: 100, ms: 5, atATime: 3, retried: 12, failed: 12 }), "--attempts 1"],
  [figures({ isEach: true }, { runs: 20, ms: 5, atATime: 3, retried: 12, failed: 12 }), null],
];

test("adviseTarget() names the flags of fanout each, and nothing that it has not", () => {
  for (const [given, change] of toldEach) {
    const [advice] = adviseTarget(given);
    assert.equal(advice?.change, change);
    if (change !== null) assert.ok(advice!.message.endsWith(` (${change})`), advice!.message);
    assert.doesNotMatch(advice!.message, /targets\.|breaker|fanout tune/);
  }
});
