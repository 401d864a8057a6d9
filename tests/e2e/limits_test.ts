import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { type FaultServer, startFaultServer } from "../servers/fault_server.ts";
import { inSandbox, type Sandbox } from "./sandbox.ts";

test(
  "a target's concurrency is reached and never exceeded",
  withServer(async (sandbox, server) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 5 } }
tasks:
  one: { foreach: { range: "1..30" }, target: api, http: { url: "/busy?ms=20" }, outputs: { peak: json.peak } }
  two: { foreach: { range: "1..30" }, target: api, http: { url: "/busy?ms=20" }, outputs: { peak: json.peak } }
`);
    assert.equal(code, 0, stderr);
    assert.equal(peak(report), 5);
    assert.deepEqual(report.targets.api.concurrency, { limit: 5, peak: 5 });
  }),
);

test(
  "run.concurrency is a ceiling over all targets, and --concurrency replaces it",
  withServer(async (sandbox, server) => {
    const config = `
version: 1
run: { concurrency: 6 }
targets:
  a: { http: { baseUrl: "${server.url}" }, concurrency: 8 }
  b: { http: { baseUrl: "${server.url}" }, concurrency: 8 }
tasks:
  one: { foreach: { range: "1..20" }, target: a, http: { url: "/busy?ms=20" }, outputs: { peak: json.peak } }
  two: { foreach: { range: "1..20" }, target: b, http: { url: "/busy?ms=20" }, outputs: { peak: json.peak } }
`;
    const narrow = await sandbox.runConfig(config, ["--concurrency", "3"]);
    assert.equal(narrow.code, 0, narrow.stderr);
    assert.equal(peak(narrow.report), 3);
    assert.equal(peak((await sandbox.runConfig(config)).report), 6);
  }),
);

test(
  "a task's own concurrency is a limit inside its pool",
  withServer(async (sandbox, server) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 8 } }
tasks:
  narrow: { foreach: { range: "1..12" }, target: api, concurrency: 2, http: { url: "/busy?ms=20" }, outputs: { peak: json.peak } }
`);
    assert.equal(code, 0, stderr);
    assert.equal(peak(report), 2);
  }),
);

test(
  "a slow target does not starve a fast one",
  withServer(async (sandbox, server) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
run: { concurrency: 8 }
targets:
  slow: { http: { baseUrl: "${server.url}" }, concurrency: 16 }
  fast: { http: { baseUrl: "${server.url}" }, concurrency: 4 }
tasks:
  slow: { foreach: { range: "1..24" }, target: slow, http: { url: "/slow-head?ms=400" } }
  fast: { foreach: { range: "1..40" }, target: fast, http: { url: /bytes/10 } }
`);
    assert.equal(code, 0, stderr);
    const ends = (task: string) => report.results.filter(of(task)).map(endedAt);
    const firstSlow = Math.min(...ends("slow"));
    assert.ok(ends("fast").every((at: number) => at < firstSlow + 250), "fast ones end while slow ones run");
  }),
);

test(
  "subprocesses run one per CPU, files eight at a time, when nothing else is said",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "fanout.yaml",
      "version: 1\ntasks: { e: { exec: { command: ['true'] } }, f: { file: { path: x } } }",
    );
    const plan = JSON.parse((await sandbox.run(["plan", "fanout.yaml", "--json"])).stdout);
    const limits = Object.fromEntries(
      plan.pools.map((
        pool: { name: string; concurrency: { max: number } },
      ) => [pool.name, pool.concurrency.max]),
    );
    assert.equal(limits.file, 8);
    assert.ok(limits.exec >= 1 && limits.exec <= navigator.hardwareConcurrency);
  }),
);

const rates: readonly (readonly [rate: string, perSecond: number])[] = [
  ["20/s", 20],
  ["1200/1m", 20],
  ["{ limit: 20/s, burst: 5 }", 20],
];

for (const [rate, perSecond] of rates) {
  test(
    `rate ${rate} holds at the server, retries included`,
    withServer(async (sandbox, server) => {
      const burst = Number(/burst: (\d+)/.exec(rate)?.[1] ?? 1);
      const began = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 16, rate: ${rate}, retry: { attempts: 2, backoff: { initial: 1ms } } } }
tasks:
  calls: { foreach: { range: "1..10" }, target: api, http: { url: "/flaky?key=k\${{ item }}&times=1" } }
`);
      assert.equal(began.code, 0, began.stderr);
      const starts = began.report.results
        .flatMap((result: { attempts: { startedAt: string }[] }) => result.attempts)
        .map((attempt: { startedAt: string }) => Date.parse(attempt.startedAt)).sort((a: number, b: number) =>
          a - b
        );
      assert.equal(starts.length, 20);
      for (let from = 0; from < starts.length; from++) {
        for (let to = from + burst; to < starts.length; to++) {
          const needed = ((to - from - burst + 1) * 1000) / perSecond;
          // The record has whole milliseconds, and a timer may be a few late for the first of two.
          assert.ok(
            starts[to]! - starts[from]! >= needed - 25,
            `${from}..${to}: ${starts[to]! - starts[from]!} ms`,
          );
        }
      }
      assert.ok(began.report.run.durationMs >= ((20 - burst) * 1000) / perSecond - 25);
    }),
  );
}

const timeouts:
  readonly (readonly [what: string, url: string, timeout: string, outcome: string, code: string])[] = [
    ["attempt", "/hang", "100ms", "timed_out", "timeout"],
    ["attempt in the body", "/drip?bytes=100&everyMs=20", "200ms", "timed_out", "timeout"],
    ["firstByte", "/hang", "{ firstByte: 100ms }", "timed_out", "timeout"],
    ["idle", "/hang-body", "{ idle: 100ms }", "timed_out", "timeout"],
    ["total", "/hang", "{ attempt: 10s, total: 150ms }", "timed_out", "timeout"],
    ["idle of a body that drips", "/drip?bytes=10&everyMs=20", "{ idle: 200ms }", "ok", ""],
  ];

for (const [what, url, timeout, outcome, code] of timeouts) {
  test(
    `the timeout of ${what} ends as ${outcome}`,
    withServer(async (sandbox, server) => {
      const { report, stderr } = await sandbox.runConfig(`
version: 1
tasks: { a: { http: { url: "${server.url}${url}" }, timeout: ${timeout}, retry: { attempts: 1 } } }
`);
      const [result] = report.results;
      assert.equal(result.outcome, outcome, stderr);
      assert.equal(result.error?.code ?? "", code);
      assert.ok(result.durationMs < 2_000, String(result.durationMs));
    }),
  );
}

test(
  "timeout.connect ends as timed_out where somebody takes the connection and never shakes hands",
  inSandbox(async (sandbox) => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on("error", () => {})));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const { report, stderr } = await sandbox.runConfig(`
version: 1
tasks: { a: { http: { url: "https://127.0.0.1:${port}/" }, timeout: { attempt: 20s, connect: 200ms }, retry: { attempts: 1 } } }
`);
    for (const socket of sockets) socket.destroy();
    silent.close();
    const [{ outcome, error, durationMs }] = report.results;
    assert.deepEqual([outcome, error.code, sockets.length], ["timed_out", "timeout", 1], stderr);
    assert.ok(durationMs < 1_500);
  }),
);

test(
  "timeout.total cuts the last attempt short and begins no retry whose wait would end after it",
  withServer(async (sandbox, server) => {
    const { report } = await sandbox.runConfig(`
version: 1
defaults: { timeout: { total: 600ms } }
tasks:
  noRoom: { http: { url: "${server.url}/status/503?retryAfter=30" } }
  cut: { http: { url: "${server.url}/slow-head?ms=400" }, retry: { attempts: 9, on: [timeout], backoff: { initial: 1ms, jitter: none } }, timeout: 300ms }
`);
    const [noRoom, cut] = report.results;
    assert.deepEqual([noRoom.outcome, noRoom.error.code, noRoom.attempts.length], [
      "failed",
      "http_status",
      1,
    ]);
    assert.match(noRoom.error.message, /30s|Retry-After/);
    assert.equal(cut.outcome, "timed_out");
    assert.ok(cut.durationMs <= 700, String(cut.durationMs));
    assert.ok(cut.attempts.at(-1).durationMs < 300 + 50);
  }),
);

test(
  "run.timeout ends the run with 124 and cancels what is in flight",
  withServer(async (sandbox, server) => {
    const { code, report } = await sandbox.runConfig(`
version: 1
run: { timeout: 400ms }
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 2 } }
tasks: { a: { foreach: { range: "1..5" }, target: api, http: { url: /hang } } }
`);
    assert.equal(code, 124);
    assert.deepEqual([report.run.status, report.run.stoppedBy, report.run.exitCode], [
      "timed_out",
      "timeout",
      124,
    ]);
    assert.deepEqual(report.results.map(outcomeAndCode), [
      "cancelled run_timeout",
      "cancelled run_timeout",
      "not_run",
      "not_run",
      "not_run",
    ]);
    assert.ok(report.run.durationMs < 1_500);
  }),
);

test(
  "a retry waits outside its slot",
  withServer(async (sandbox, server) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 1, retry: { attempts: 2, backoff: { initial: 600ms, jitter: none } } } }
tasks:
  flaky: { target: api, http: { url: "/flaky?key=a&times=1" } }
  others: { foreach: { range: "1..5" }, target: api, http: { url: /bytes/1 } }
`);
    assert.equal(code, 0, stderr);
    const [flaky, ...others] = report.results;
    assert.equal(flaky.attempts.length, 2);
    assert.ok(others.every((other: Json) => endedAt(other) < Date.parse(flaky.attempts[1].startedAt)));
  }),
);

// deno-lint-ignore no-explicit-any -- a report is read as the JSON it is
type Json = any;

function withServer(body: (sandbox: Sandbox, server: FaultServer) => Promise<void>): () => Promise<void> {
  return inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    try {
      await body(sandbox, server);
    } finally {
      await server.close();
    }
  });
}

function of(task: string) {
  return (result: Json) => result.task === task;
}

function peak(report: Json): number {
  return Math.max(...report.results.map((result: Json) => result.outputs.peak));
}

function endedAt(result: Json): number {
  const last = result.attempts.at(-1);
  return Date.parse(last.startedAt) + last.durationMs;
}

function outcomeAndCode({ outcome, error }: Json): string {
  return [outcome, error?.code].filter((word) => word !== undefined).join(" ");
}
