import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bring, planOf } from "../../tests/fixtures/plan_of.ts";
import type { Plan, PoolPlan, TaskPlan } from "../model/plan.ts";

/** The plan of a config that is right. */
function planned(raw: unknown, bring?: Bring): Plan {
  const { plan, problems, usage } = planOf(raw, bring);
  assert.deepEqual([problems, usage], [[], []]);
  return plan!;
}

/** The first task of a config that has this task, and these other keys. */
function taskOf(task: object, rest: object = {}, bring?: Bring): TaskPlan {
  return planned({ ...rest, tasks: { t: task } }, bring).tasks[0]!;
}

function poolOf(task: object, rest: object = {}, bring?: Bring): PoolPlan {
  return planned({ ...rest, tasks: { t: task } }, bring).pools[0]!;
}

const http = { url: "https://example.com/" };
const exec = { command: ["true"] };
const sql = { query: "select 1", url: "sqlite:x.db" };

test("makePlan() of a task that says nothing fills in the built-in values", () => {
  const task = taskOf({ http });
  assert.deepEqual(task.timeouts, {
    attemptMs: 30_000,
    connectMs: 10_000,
    firstByteMs: null,
    idleMs: null,
    totalMs: null,
  });
  assert.deepEqual(task.retry, {
    attempts: 3,
    backoff: { initialMs: 200, maxMs: 20_000, jitter: "full" },
    on: [],
    until: null,
  });
  assert.deepEqual(task.capture, { mode: "size", bytes: 16_384 });
  assert.deepEqual([task.concurrency, task.only, task.first, task.key, task.if], [
    null,
    null,
    null,
    null,
    null,
  ]);
  assert.equal(task.allowFailure, false);
  assert.equal(task.why["timeout.attempt"], "built-in");
});

test("makePlan() of a run that says nothing", () => {
  const { run, name, outputDirectory, report } = planned({ tasks: { t: { exec } } });
  assert.equal(name, "nightly");
  assert.equal(outputDirectory, "/home/me/jobs");
  assert.deepEqual(report, { json: null, html: null, junit: null, prometheus: null });
  assert.deepEqual(run, {
    concurrency: 256,
    timeoutMs: null,
    maxFailures: null,
    onFailure: "drain",
    graceMs: 5_000,
    captureBudget: 2 ** 30,
    keepRuns: 10,
    seed: null,
    lock: null,
    jitterMs: null,
    notify: [],
  });
});

const timeouts: readonly (readonly [task: object, rest: object, attemptMs: number | null, why: string])[] = [
  [{ exec }, {}, null, "built-in"],
  [{ exec }, { defaults: { timeout: "20s" } }, 20_000, "defaults (built-in for exec: none)"],
  [{ exec, timeout: null }, { defaults: { timeout: "20s" } }, null, "built-in: tasks.t says null"],
  [{ http }, { defaults: { timeout: "20s" } }, 20_000, "defaults"],
  [
    { http, target: "api" },
    { defaults: { timeout: "20s" }, targets: { api: { timeout: "5s" } } },
    5_000,
    "targets.api",
  ],
  [{ http, target: "api", timeout: "1s" }, { targets: { api: { timeout: "5s" } } }, 1_000, "tasks.t"],
  [
    { http, target: "api", timeout: { total: "1m" } },
    { targets: { api: { timeout: "5s" } } },
    5_000,
    "targets.api",
  ],
  [
    { http, target: "api", timeout: { attempt: null } },
    { targets: { api: { timeout: "5s" } } },
    30_000,
    "built-in: tasks.t says null",
  ],
  [
    { http, target: "api" },
    { defaults: { timeout: "20s" }, targets: { api: { timeout: null } } },
    30_000,
    "built-in: targets.api says null",
  ],
  [{ http, timeout: "${{ params.wait }}" }, { params: { wait: "7s" } }, 7_000, "tasks.t: ${{ params.wait }}"],
  [{ http }, { targets: { http: { timeout: "4s" } } }, 4_000, "targets.http"],
];

for (const [task, rest, attemptMs, why] of timeouts) {
  test(`makePlan() takes the timeout of ${JSON.stringify({ ...task, ...rest })}`, () => {
    const planned = taskOf(task, rest);
    assert.equal(planned.timeouts.attemptMs, attemptMs);
    assert.equal(planned.why["timeout.attempt"], why);
  });
}

test("makePlan() gives a kind no timeout of a phase it does not have", () => {
  const rest = { defaults: { timeout: { connect: "1s", idle: "2s" } } };
  assert.deepEqual(taskOf({ exec }, rest).timeouts.connectMs, null);
  assert.deepEqual(taskOf({ sql }, rest).timeouts.connectMs, 1_000);
  assert.deepEqual(taskOf({ sql }, rest).timeouts.idleMs, null);
  assert.deepEqual(taskOf({ http }, rest).timeouts.idleMs, 2_000);
});

test("makePlan() merges retry key by key, backoff too", () => {
  const task = taskOf({ http, target: "api", retry: { backoff: { jitter: "none" } } }, {
    defaults: { retry: 5 },
    targets: { api: { retry: { backoff: { initial: "1s" }, on: ["timeout"] } } },
  });
  assert.deepEqual(task.retry, {
    attempts: 5,
    backoff: { initialMs: 1_000, maxMs: 20_000, jitter: "none" },
    on: ["timeout"],
    until: null,
  });
  assert.equal(task.why["retry.backoff"], "initial: targets.api; jitter: tasks.t; max: built-in");
});

test("makePlan() bounds a poll by its total timeout, and wants one", () => {
  const poll = { http, retry: { until: "json.done" } };
  assert.equal(taskOf({ ...poll, timeout: { total: "5m" } }).retry.attempts, Number.MAX_SAFE_INTEGER);
  assert.equal(taskOf({ ...poll, retry: { until: "json.done", attempts: 9 } }).retry.attempts, 9);
  const ofTarget = { targets: { http: { retry: { attempts: 2 }, timeout: { total: "5m" } } } };
  assert.equal(taskOf(poll, ofTarget).retry.attempts, Number.MAX_SAFE_INTEGER);
  assert.equal(taskOf(poll, ofTarget).why["retry.attempts"], "a poll: timeout.total ends it");
  assert.equal(taskOf({ http }, ofTarget).retry.attempts, 2);
  const { plan, problems } = planOf({ tasks: { t: poll } });
  assert.equal(plan, undefined);
  assert.match(problems[0]!.message, /^tasks\.t\.retry\.until: this polls without an end: say how long/);
});

const harmless: readonly (readonly [task: object, harmless: boolean])[] = [
  [{ http }, true],
  [{ http: { ...http, method: "POST" } }, false],
  [{ http: { ...http, method: "POST" }, idempotent: true }, true],
  [{ http, idempotent: false }, false],
  [{ exec }, false],
  [{ exec, idempotent: true }, true],
  [{ file: { path: "x" } }, true],
];

for (const [task, expected] of harmless) {
  test(`makePlan() takes ${JSON.stringify(task)} for ${expected ? "" : "not "}repeatable`, () => {
    assert.equal(taskOf(task).harmless, expected);
  });
}

const pools: readonly (readonly [task: object, rest: object, pool: Partial<PoolPlan>, why?: string])[] = [
  [
    { http },
    {},
    { name: "http", kind: "http", per: "origin", concurrency: { min: 16, max: 16 } },
    "default for HTTP: 16 per origin",
  ],
  [{ file: { path: "x" } }, {}, { name: "file", concurrency: { min: 8, max: 8 } }, "default for files: 8"],
  [
    { exec },
    {},
    { name: "exec", concurrency: { min: 4, max: 4 } },
    "default for subprocesses: one per CPU (4 CPUs)",
  ],
  [{ sql }, {}, {
    name: "sqlite:x.db",
    kind: "sql",
    concurrency: { min: 4, max: 4 },
    spec: { url: "sqlite:x.db" },
  }],
  [{ http }, { defaults: { concurrency: 3 } }, { concurrency: { min: 3, max: 3 } }, "defaults"],
  [{ http }, { targets: { http: { concurrency: 2 } } }, {
    name: "http",
    per: "origin",
    concurrency: { min: 2, max: 2 },
  }, "targets.http"],
  [
    { exec },
    { targets: { exec: { concurrency: "cpus" } } },
    { concurrency: { min: 4, max: 4 } },
    "targets.exec: cpus (4 CPUs)",
  ],
  [{ http, target: "a" }, { targets: { a: { http: {} } } }, {
    name: "a",
    kind: "http",
    per: null,
    concurrency: { min: 16, max: 16 },
  }],
  [{ exec, target: "a" }, { targets: { a: {} } }, { kind: null, concurrency: { min: 4, max: 4 } }],
  [
    { http, target: "a" },
    { targets: { a: { concurrency: "auto" } } },
    { concurrency: { min: 1, max: 64 } },
    "targets.a",
  ],
  [{ http, target: "a" }, {
    targets: { a: { concurrency: { min: 2, max: 9 } } },
    defaults: { concurrency: 5 },
  }, { concurrency: { min: 2, max: 9 } }],
  [{ http, target: "a" }, { targets: { a: { concurrency: null } }, defaults: { concurrency: 5 } }, {
    concurrency: { min: 16, max: 16 },
  }, "default for HTTP: 16 per origin"],
  [{ http, target: "a" }, { targets: { a: { concurrency: "${{ params.c }}" } }, params: { c: 7 } }, {
    concurrency: { min: 7, max: 7 },
  }, "targets.a: ${{ params.c }}"],
  [{ http, target: "a" }, { targets: { a: { rate: "600/1m" } } }, {
    rate: { limit: 600, perMs: 60_000, burst: 1 },
  }],
  [
    { http, target: "a" },
    { targets: { a: { rate: "5/s" } }, defaults: { rate: { limit: "9/s", burst: 4 } } },
    { rate: { limit: 5, perMs: 1_000, burst: 1 } },
  ],
  [{ http }, {}, { rate: null, breaker: null }],
  [{ http, target: "a" }, { targets: { a: { breaker: { openFor: "9s" } } } }, {
    breaker: { failureRate: 0.5, windowMs: 30_000, minCalls: 20, openForMs: 9_000, giveUpAfterMs: 300_000 },
  }],
  [{ http, target: "a" }, { targets: { a: { breaker: false } }, defaults: { breaker: true } }, {
    breaker: null,
  }],
  [{ http, target: "a" }, { targets: { a: { per: "item.region" } } }, { per: "item.region" }],
];

for (const [task, rest, expected, why] of pools) {
  test(`makePlan() makes the pool of ${JSON.stringify({ ...task, ...rest })}`, () => {
    const pool = poolOf(task, rest);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(pool[key as keyof PoolPlan], value, key);
    }
    if (why !== undefined) assert.equal(pool.why.concurrency, why);
  });
}

test("makePlan() gives each URL a pool and shows no userinfo in its name", () => {
  const query = "select 1";
  const url = (text: string) => ({ sql: { query, url: text } });
  const plan = planned({
    secrets: { pg: { env: "PG" } },
    tasks: {
      a: url("postgres://me:pass@db/app?sslmode=require"),
      b: url("postgres://you:word@db/app"),
      c: url("${{ secrets.pg }}"),
      d: url("${{ secrets.pg }}"),
      e: url("postgres://me:${{ secrets.pg }}@db/other"),
    },
  });
  assert.deepEqual(plan.pools.map((pool) => pool.name), [
    "postgres://db/app",
    "postgres://db/app (2)",
    "${{ secrets.pg }}",
    "postgres://db/other",
  ]);
  assert.deepEqual(plan.tasks.map((task) => task.pool), [0, 1, 2, 2, 3]);
});

test("makePlan() lists the targets that are used, in their order, default pools last", () => {
  const plan = planned({
    targets: { unused: { concurrency: 1 }, b: { concurrency: 1 }, a: { concurrency: 1 } },
    tasks: { x: { exec }, y: { exec, target: "a" }, z: { exec, target: "b" } },
  });
  assert.deepEqual(plan.pools.map((pool) => pool.name), ["b", "a", "exec"]);
  assert.deepEqual(plan.tasks.map((task) => task.pool), [2, 1, 0]);
});

test("makePlan() merges the target's section below the task's, but for what belongs to its origin", () => {
  const rest = {
    defaults: { http: { maxBytes: "1MB", network: "public", headers: { "X-A": "1", "X-B": "1" } } },
    targets: {
      api: { http: { baseUrl: "https://a/", headers: { "x-a": "2" }, okStatus: [200], redirects: false } },
    },
  };
  const plan = planned({
    ...rest,
    tasks: {
      t: { target: "api", http: { url: "/x", okStatus: [404], redirects: null, headers: { b: null } } },
    },
  });
  assert.deepEqual(plan.tasks[0]!.spec, {
    maxBytes: 1_000_000,
    maxRedirects: 10,
    network: "public",
    okStatus: [404],
    url: "/x",
    headers: { b: null },
  });
  assert.deepEqual(plan.pools[0]!.spec, {
    maxBytes: 1_000_000,
    network: "public",
    headers: { "X-B": "1", "x-a": "2" },
    baseUrl: "https://a/",
    okStatus: [200],
    redirects: false,
  });
});

const kindLimits:
  readonly (readonly [task: object, rest: object, key: string, limit: number, why: string])[] = [
    [{ http }, {}, "http.maxBytes", 10_000_000, "built-in"],
    [{ file: { path: "x" } }, {}, "file.maxBytes", 50_000_000, "built-in"],
    [{ exec }, {}, "exec.maxBytes", 1_048_576, "built-in"],
    [{ sql }, {}, "sql.maxRows", 10_000, "built-in"],
    [
      { exec, target: "cpu" },
      { targets: { cpu: {} }, defaults: { exec: { maxBytes: "2MB" } } },
      "exec.maxBytes",
      2_000_000,
      "defaults",
    ],
    [
      { http, target: "a" },
      { targets: { a: { http: { maxBytes: "3MB" } } } },
      "http.maxBytes",
      3_000_000,
      "targets.a",
    ],
    [
      { http: { ...http, maxBytes: null }, target: "a" },
      { targets: { a: { http: { maxBytes: "3MB" } } } },
      "http.maxBytes",
      10_000_000,
      "built-in: tasks.t says null",
    ],
    [
      { http: { ...http, maxBytes: "${{ params.m }}" } },
      { params: { m: "4MB" } },
      "http.maxBytes",
      4_000_000,
      "tasks.t: ${{ params.m }}",
    ],
  ];

for (const [task, rest, key, limit, why] of kindLimits) {
  test(`makePlan() fills in ${key} of ${JSON.stringify({ ...task, ...rest })}`, () => {
    const planned = taskOf(task, rest);
    assert.equal(planned.spec[key.split(".")[1]!], limit);
    assert.equal(planned.why[key], why);
  });
}

test("makePlan() evaluates numbers in a kind's section and leaves its texts alone", () => {
  const task = taskOf({ file: { path: "${{ params.p }}", maxBytes: "${{ params.m }}" } }, {
    params: { p: "x", m: "2MB" },
  });
  assert.deepEqual(task.spec, { path: "${{ params.p }}", maxBytes: 2_000_000 });
});

const wrongLimits: readonly (readonly [task: object, rest: object, message: RegExp])[] = [
  [
    { exec, target: "a" },
    { targets: { a: { concurrency: "${{ params.c }}" } }, params: { c: 0 } },
    /^targets\.a\.concurrency: \$\{\{ params\.c \}\} gives 0: expected a whole number of at least 1/,
  ],
  [
    { exec, timeout: "${{ params.c }}" },
    { params: { c: 5 } },
    /^tasks\.t\.timeout\.attempt: .* gives 5: a duration needs a unit/,
  ],
  [
    { exec, concurrency: "${{ params.c }}" },
    { params: { c: "auto" } },
    /^tasks\.t\.concurrency: a task's own concurrency is a number or cpus/,
  ],
  [
    { exec },
    { run: { maxFailures: "${{ params.c }}" }, params: { c: "many" } },
    /^run\.maxFailures: .* gives "many": expected a number of failures/,
  ],
  [{ exec }, { report: { json: "${{ params.c.x }}" }, params: { c: "many" } }, /^report\.json: /],
];

for (const [task, rest, message] of wrongLimits) {
  test(`makePlan() refuses ${JSON.stringify({ ...task, ...rest })}`, () => {
    const { plan, problems } = planOf({ ...rest, tasks: { t: task } });
    assert.equal(plan, undefined);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!.message, message);
  });
}

test("makePlan() lets flags win, and says so", () => {
  const plan = planned({
    run: { concurrency: 9, maxFailures: "5%" },
    report: { json: "a.json", junit: "b.xml" },
    tasks: { t: { exec } },
  }, {
    flags: {
      concurrency: 2,
      failFast: true,
      seed: 42,
      first: 3,
      report: "/tmp/r.json",
      outputDirectory: "/out",
    },
  });
  const { concurrency, maxFailures, onFailure, seed } = plan.run;
  assert.deepEqual({ concurrency, maxFailures, onFailure, seed }, {
    concurrency: 2,
    maxFailures: { count: 0 },
    onFailure: "cancel",
    seed: 42,
  });
  assert.deepEqual(plan.report, {
    json: "/tmp/r.json",
    html: null,
    junit: "/home/me/jobs/b.xml",
    prometheus: null,
  });
  assert.deepEqual([plan.tasks[0]!.first, plan.outputDirectory], [3, "/out"]);
  const { "run.concurrency": a, "run.maxFailures": b, "run.onFailure": c, "report.json": d, "run.grace": e } =
    plan.why;
  assert.deepEqual([a, b, c, d, e], ["--concurrency", "--fail-fast", "--fail-fast", "--report", "built-in"]);
});

test("makePlan() selects tasks, and the pools they need", () => {
  const raw = { tasks: { a: { exec }, b: { exec, needs: ["a"], key: "${{ index }}" }, c: { http } } };
  const plan = planned(raw, { flags: { only: ["b/7"] } });
  assert.deepEqual(plan.tasks.map(({ name, only }) => [name, only]), [["a", null], ["b", ["7"]]]);
  assert.deepEqual(plan.pools.map((pool) => pool.name), ["exec"]);
  assert.deepEqual(planOf(raw, { flags: { only: ["zzz"] } }).usage, [
    '--only names no task "zzz"; tasks are a, b, c',
  ]);
});

test("makePlan() refuses --fail-fast beside --max-failures", () => {
  const { usage } = planOf({ tasks: { t: { exec } } }, {
    flags: { failFast: true, maxFailures: { count: 3 } },
  });
  assert.match(usage[0]!, /^--fail-fast is --max-failures 0/);
});

test("makePlan() fills in inputs: a pattern must match unless told otherwise", () => {
  const source = (foreach: unknown) => taskOf({ exec, foreach }).foreach;
  const common = { as: null, where: null, unique: false, batch: null, empty: "ok" };
  assert.deepEqual(source({ glob: "*.csv" }), { ...common, empty: "fail", source: "glob", pattern: "*.csv" });
  assert.deepEqual(source({ csv: "x.csv", as: "row" }), {
    ...common,
    as: "row",
    source: "csv",
    path: "x.csv",
    delimiter: ",",
  });
  assert.deepEqual(source(["a"]), { ...common, source: "list", items: ["a"] });
  assert.deepEqual(taskOf({ exec, matrix: { a: [1] } }).matrix, {
    axes: { a: [1] },
    exclude: [],
    include: [],
  });
});

test("makePlan() makes secret files absolute and reads none", () => {
  const plan = planned({ secrets: { a: { file: "s/a" }, b: { env: "B" } }, tasks: { t: { exec } } });
  assert.deepEqual(plan.secrets, { a: { file: "/home/me/jobs/s/a" }, b: { env: "B" } });
});

test("makePlan() gives plain JSON", () => {
  const plan = planned({ params: { big: 7 }, tasks: { t: { http, foreach: { range: "1..3" } } } });
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});
