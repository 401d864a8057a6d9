import assert from "node:assert/strict";
import { test } from "node:test";
import { startFaultServer } from "../servers/fault_server.ts";
import { inSandbox } from "./sandbox.ts";

/** A task over HTTP, how it ends, with which code, and after how many attempts of three. */
type HttpCase = readonly [http: string, outcome: string, code: string, attempts: number, more?: string];

const httpCases: readonly HttpCase[] = [
  // Never sent: any method.
  ["{ url: 'http://127.0.0.1:1/' }", "failed", "connect", 3],
  ["{ url: 'http://127.0.0.1:1/', method: POST }", "failed", "connect", 3],
  ["{ url: 'http://no-such-host.invalid/' }", "failed", "dns", 1],
  // Ambiguous: only what may be repeated.
  ...["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].flatMap((method): HttpCase[] => [
    [`{ url: 'URL/status/503', method: ${method} }`, "failed", "http_status", 3],
    [`{ url: 'URL/reset-before', method: ${method} }`, "failed", "reset", 3],
  ]),
  ...["POST", "PATCH"].flatMap((method): HttpCase[] => [
    [`{ url: 'URL/status/503', method: ${method} }`, "failed", "http_status", 1],
    [`{ url: 'URL/status/500', method: ${method} }`, "failed", "http_status", 1],
    [`{ url: 'URL/reset-before', method: ${method} }`, "failed", "reset", 1],
    [`{ url: 'URL/hang', method: ${method} }`, "timed_out", "timeout", 1, "timeout: 100ms"],
    [`{ url: 'URL/status/503', method: ${method} }`, "failed", "http_status", 3, "idempotent: true"],
    [
      `{ url: 'URL/status/503', method: ${method}, idempotencyKey: "\${{ run.id }}" }`,
      "failed",
      "http_status",
      3,
    ],
    [`{ url: 'URL/status/429?retryAfter=0', method: ${method} }`, "failed", "http_status", 3],
    [`{ url: 'URL/status/503?retryAfter=0', method: ${method} }`, "failed", "http_status", 3],
    [`{ url: 'URL/status/429', method: ${method} }`, "failed", "http_status", 1],
    [`{ url: 'URL/status/500?retryAfter=0', method: ${method} }`, "failed", "http_status", 1],
  ]),
  ["{ url: 'URL/hang' }", "timed_out", "timeout", 3, "timeout: 100ms"],
  ["{ url: 'URL/short' }", "failed", "truncated", 3],
  ["{ url: 'URL/chunk-open' }", "failed", "truncated", 3],
  ...[408, 429, 500, 502, 503, 504].map((status): HttpCase => [
    `{ url: 'URL/status/${status}' }`,
    "failed",
    "http_status",
    3,
  ]),
  // Never.
  ...[400, 401, 403, 404, 409, 410, 422, 501, 505].map((status): HttpCase => [
    `{ url: 'URL/status/${status}' }`,
    "failed",
    "http_status",
    1,
  ]),
  ["{ url: 'URL/redirect-loop' }", "failed", "redirect", 1],
  ["{ url: 'URL/bytes/2000', maxBytes: 1kB }", "failed", "too_large", 1],
  ["{ url: 'URL/gzip-bomb?mb=50' }", "failed", "too_large", 1],
  ["{ url: 'URL/endless', maxBytes: 1MB }", "failed", "too_large", 1],
  ["{ url: 'URL/bytes/1' }", "failed", "expect", 1, "expect: ['status == 201']"],
  ["{ url: 'URL/json?text={}' }", "failed", "template", 1, "outputs: { a: 'json.x' }"],
  ["{ url: 'URL/json?text=oops' }", "failed", "decode", 1, "expect: ['json.a == 1']"],
  // Good after all.
  ["{ url: 'URL/flaky?key=KEY&times=2' }", "ok", "", 3],
  ["{ url: 'URL/flaky?key=KEY&times=2&status=reset' }", "ok", "", 3],
  ["{ url: 'URL/status/404', okStatus: [200-299, 404] }", "ok", "", 1],
  ["{ url: 'URL/status/204' }", "ok", "", 1],
  ["{ url: 'URL/redirect/3' }", "ok", "", 1],
  ["{ url: 'URL/redirect/3', redirects: false }", "ok", "", 1],
  // Asked for.
  [
    "{ url: 'URL/status/409' }",
    "failed",
    "http_status",
    3,
    "retry: { on: ['http_status:409'], attempts: 3 }",
  ],
  ["{ url: 'URL/bytes/1' }", "failed", "expect", 3, "expect: ['status == 201'], retry: { on: [expect] }"],
  [
    "{ url: 'URL/flaky?key=KEY&times=4' , okStatus: [200-599] }",
    "ok",
    "",
    5,
    "timeout: { total: 5s }, retry: { until: 'status == 200', attempts: 9, backoff: { initial: 1ms } }",
  ],
  [
    "{ url: 'URL/status/202' }",
    "failed",
    "until",
    2,
    "timeout: { total: 5s }, retry: { until: 'status == 200', attempts: 2, backoff: { initial: 1ms } }",
  ],
];

test(
  "fanout run ends every HTTP failure with its code after as many attempts as it deserves",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    const tasks = httpCases.map(([http, , , , more], i) => {
      const filled = http.replaceAll("URL", server.url).replaceAll("KEY", `k${i}`);
      return `  t${i}: { http: ${filled}${more ? `, ${more}` : ""} }`;
    });
    const { code, report, stderr } = await sandbox.runConfig(
      `version: 1\ndefaults: { retry: { attempts: 3, backoff: { initial: 1ms, max: 2ms } } }\ntasks:\n${
        tasks.join("\n")
      }\n`,
    );
    await server.close();
    assert.equal(code, 1, stderr);
    const seen = report.results.map((result: Result, i: number) => [
      httpCases[i]![0],
      result.outcome,
      result.error?.code ?? "",
      result.attempts.length,
    ]);
    assert.deepEqual(seen, httpCases.map((expected) => expected.slice(0, 4)));
  }),
);

test(
  "what is wrong with an answer that okStatus let through is told with its status, once",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    const task = (key: string, status: number, rest: string) =>
      `  ${key}: { http: { url: "${server.url}/flaky?key=${key}&times=9&status=${status}", okStatus: [200-599] }, ${rest} }`;
    const { report } = await sandbox.runConfig(`version: 1
tasks:
${task("missing", 404, "outputs: { email: json.email }")}
${task("asked", 404, "expect: [has(json.email)]")}
${task("compared", 404, "expect: [status == 200]")}
${task("good", 201, "outputs: { email: json.email }")}
`);
    await server.close();
    assert.deepEqual(report.results.map((result: Result) => result.error!.message), [
      'cannot evaluate `json.email`: json has no "email"; if it may be missing, use .? and .orValue(…); the status was 404',
      "expected has(json.email); the status was 404",
      "expected status == 200, but status is 404",
      'cannot evaluate `json.email`: json has no "email"; if it may be missing, use .? and .orValue(…)',
    ]);
  }),
);

const execCases: readonly HttpCase[] = [
  ["{ command: ['true'] }", "ok", "", 1],
  ["{ command: ['false'] }", "failed", "exit_code", 1],
  ["{ shell: 'exit 75' }", "failed", "exit_code", 3],
  ["{ shell: 'exit 3', okExitCodes: [0, 3] }", "ok", "", 1],
  ["{ shell: 'exit 255' }", "failed", "exit_code", 3, "retry: { on: ['exit_code:255'] }"],
  ["{ shell: 'kill -9 $$' }", "failed", "signal", 1],
  ["{ command: [no-such-program] }", "failed", "spawn", 1],
  ["{ command: [./fanout.yaml] }", "failed", "spawn", 1],
  ["{ command: [sleep, '9'] }", "timed_out", "timeout", 1, "timeout: 100ms"],
  ["{ command: [sleep, '9'] }", "timed_out", "timeout", 3, "timeout: 100ms, retry: { on: [timeout] }"],
  ["{ command: [echo, x] }", "failed", "expect", 1, "expect: [\"stdout == 'y'\"]"],
  ["{ command: ['true'], cwd: none }", "failed", "spawn", 1],
  ['{ command: [echo, "${{ params.dash }}"] }', "failed", "template", 1],
  ['{ command: [echo, --, "${{ params.dash }}"] }', "ok", "", 1],
  ['{ command: [echo, "${{ item }}"] }', "failed", "template", 1, "foreach: { jsonl: lists.jsonl }"],
];

test(
  "fanout run ends every subprocess failure with its code after as many attempts as it deserves",
  inSandbox(async (sandbox) => {
    const tasks = execCases.map(([exec, , , , more], i) =>
      `  t${i}: { exec: ${exec}${more ? `, ${more}` : ""} }`
    );
    sandbox.write("lists.jsonl", "[1]\n");
    const { code, report, stderr } = await sandbox.runConfig(
      `version: 1
params: { dash: { default: "--version" } }
defaults: { retry: { attempts: 3, backoff: { initial: 1ms, max: 2ms } } }
tasks:\n${tasks.join("\n")}\n`,
    );
    assert.equal(code, 1, stderr);
    const seen = report.results.map((result: Result, i: number) => [
      execCases[i]![0],
      result.outcome,
      result.error?.code ?? "",
      result.attempts.length,
    ]);
    assert.deepEqual(seen, execCases.map((expected) => expected.slice(0, 4)));
  }),
);

const fileCases: readonly HttpCase[] = [
  ["{ path: good.json, format: json }", "ok", "", 1, "expect: ['json.a == 1']"],
  ["{ path: none.txt }", "failed", "not_found", 1],
  ["{ path: . }", "failed", "not_a_file", 1],
  ["{ path: fifo }", "failed", "not_a_file", 1],
  ["{ path: bad.json, format: json }", "failed", "decode", 1],
  ["{ path: big.txt, maxBytes: 10B }", "failed", "too_large", 1],
  ["{ path: good.json, format: lines }", "ok", "", 1, "expect: ['rows.size() == 1']"],
  ["{ path: table.csv, format: csv }", "ok", "", 1, "expect: [\"rows[0].b == '2'\"]"],
  ["{ path: ragged.csv, format: csv }", "failed", "decode", 1],
  ["{ path: latin1.txt, format: bytes }", "ok", "", 1, "expect: ['bytes == 1']"],
];

test(
  "fanout run ends every file failure with its code",
  inSandbox(async (sandbox) => {
    sandbox.write("good.json", '{"a":1}\n');
    sandbox.write("bad.json", '{"a":');
    sandbox.write("big.txt", "x".repeat(11));
    sandbox.write("table.csv", "a,b\n1,2\n");
    sandbox.write("ragged.csv", "a,b\n1,2,3\n");
    sandbox.write("latin1.txt", Uint8Array.of(0xe9));
    await sandbox.shell("mkfifo fifo");
    const tasks = fileCases.map(([file, , , , more], i) =>
      `  t${i}: { file: ${file}${more ? `, ${more}` : ""} }`
    );
    const { code, report, stderr } = await sandbox.runConfig(`version: 1\ntasks:\n${tasks.join("\n")}\n`);
    assert.equal(code, 1, stderr);
    const seen = report.results.map((result: Result, i: number) => [
      fileCases[i]![0],
      result.outcome,
      result.error?.code ?? "",
      result.attempts.length,
    ]);
    assert.deepEqual(seen, fileCases.map((expected) => expected.slice(0, 4)));
  }),
);

test(
  "Retry-After pauses the whole target",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 1 } }
tasks:
  asks: { target: api, http: { url: "/status/429?retryAfter=1" }, retry: { attempts: 2, backoff: { initial: 1ms } } }
  other: { target: api, http: { url: /bytes/1 } }
`);
    await server.close();
    assert.equal(code, 1, stderr);
    const [asks, other] = report.results;
    const askedAt = Date.parse(asks.attempts[0].startedAt);
    assert.ok(Date.parse(asks.attempts[1].startedAt) - askedAt >= 990);
    assert.ok(Date.parse(other.attempts[0].startedAt) - askedAt >= 990, "the other waited too");
    assert.equal(report.targets.api.throttled, 2);
  }),
);

test(
  "the breaker gives a dead target up and skips the rest",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets:
  dead:
    http: { baseUrl: "http://127.0.0.1:1" }
    concurrency: 4
    breaker: { failureRate: 50%, window: 10s, minCalls: 5, openFor: 100ms, giveUpAfter: 400ms }
    retry: { attempts: 1 }
tasks: { a: { foreach: { range: "1..50" }, target: dead, http: { url: / } } }
`);
    assert.equal(code, 1, stderr);
    assert.ok(report.summary.failed >= 5 && report.summary.failed <= 12, `${report.summary.failed} failed`);
    assert.equal(report.summary.skippedBy.circuit_open, 50 - report.summary.failed);
    assert.equal(report.results.at(-1).error.code, "circuit_open");
  }),
);

const maxFailures: readonly (readonly [run: string, outcomes: string])[] = [
  ["{ maxFailures: 0 }", "failed not_run not_run not_run not_run not_run"],
  ["{ maxFailures: 1 }", "failed failed not_run not_run not_run not_run"],
  ["{ maxFailures: 50% }", "failed failed failed failed not_run not_run"],
  ["{ maxFailures: 100% }", "failed failed failed failed failed failed"],
  ["{}", "failed failed failed failed failed failed"],
];

test("run.maxFailures counts what it tolerates and leaves the rest out", async () => {
  await Promise.all(maxFailures.map(([run, outcomes]) =>
    inSandbox(async (sandbox) => {
      const { code, report } = await sandbox.runConfig(`
version: 1
run: ${run}
tasks:
  a: { foreach: { range: "1..6" }, concurrency: 1, exec: { command: ["false"] } }
`);
      assert.equal(code, 1);
      assert.equal(report.results.map((result: Result) => result.outcome).join(" "), outcomes, run);
      assert.equal(report.run.stoppedBy, outcomes.includes("not_run") ? "max_failures" : null);
      assert.equal(report.run.status, "failed");
    })()
  ));
});

test(
  "run.maxFailures drains or cancels what is in flight, and counts no allowed failure",
  inSandbox(async (sandbox) => {
    const config = (onFailure: string) => `
version: 1
run: { maxFailures: 0, onFailure: ${onFailure} }
targets: { cpu: { concurrency: 3 } }
tasks:
  allowed: { target: cpu, allowFailure: true, exec: { command: ["false"] } }
  slow: { target: cpu, exec: { shell: "sleep 1; echo done" } }
  fails: { target: cpu, exec: { shell: "sleep 0.2; exit 1" } }
  late: { needs: [slow], target: cpu, exec: { command: ["true"] } }
`;
    const outcomes = (report: { results: Result[] }) =>
      report.results.map((result) => result.outcome).join(" ");
    const drained = await sandbox.runConfig(config("drain"));
    assert.equal(outcomes(drained.report), "failed ok failed not_run", drained.stderr);
    const cancelled = await sandbox.runConfig(config("cancel"));
    assert.equal(outcomes(cancelled.report), "failed cancelled failed not_run", cancelled.stderr);
    assert.equal(cancelled.report.results[1].error.code, "max_failures");
    assert.equal(cancelled.report.failures.first.task, "fails");
    assert.ok(cancelled.report.run.durationMs < 900);
    assert.equal(cancelled.code, 1);
    assert.equal((await sandbox.runConfig(config("drain"), ["--fail-fast"])).report.summary.cancelled, 1);
  }),
);

test(
  "failures.first names the root cause above its consequences",
  inSandbox(async (sandbox) => {
    const { report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  consequence: { needs: [cause], exec: { command: ["true"] } }
  cause: { foreach: [x, y], key: "\${{ item }}", exec: { shell: "test $1 = x", env: { } } }
`.replace('shell: "test $1 = x", env: { }', 'shell: "test $ITEM = x", env: { ITEM: "${{ item }}" }'));
    assert.deepEqual([report.failures.first.task, report.failures.first.key], ["cause", "y"]);
    assert.deepEqual(report.failures.byCode, { exit_code: 1 });
    assert.match(stderr, /cause.*y/);
  }),
);

test(
  "a backoff is drawn from the seed",
  inSandbox(async (sandbox) => {
    const config = `
version: 1
tasks: { a: { foreach: [1, 2, 3], exec: { shell: "exit 75" }, retry: { attempts: 2, backoff: { initial: 300ms } } } }
`;
    const waits = async () => {
      const { report } = await sandbox.runConfig(config, ["--seed", "42"]);
      return report.results.map(({ attempts: [first, second] }: Result) =>
        Date.parse(second!.startedAt) - Date.parse(first!.startedAt) - first!.durationMs
      );
    };
    const [once, again] = [await waits(), await waits()];
    for (const [i, wait] of once.entries()) assert.ok(Math.abs(wait - again[i]) < 60, `${once} and ${again}`);
  }),
);

interface Result {
  readonly outcome: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly attempts: { readonly startedAt: string; readonly durationMs: number }[];
}
