import assert from "node:assert/strict";
import { test } from "node:test";
import { type RawRequest, startRawServer } from "../servers/raw_http_server.ts";
import { inSandbox } from "./sandbox.ts";

function answer({ socket }: RawRequest, status: number, headers = ""): void {
  socket.write(`HTTP/1.1 ${status} Said So\r\n${headers}content-length: 2\r\n\r\nhi`);
}

/** What a loaded machine may add between a request's start and its coming to this process. */
const slackMs = 60;

/** At low rates the slack is a request or two, so that a burst which is too wide shows. */
const rates: readonly (readonly [method: string, perSecond: number, burst: number | null, runs: number])[] = [
  ["GET", 200, 10, 400],
  ["POST", 200, 10, 400],
  ["GET", 40, null, 60],
  ["POST", 40, 5, 80],
];

for (const [method, perSecond, burst, runs] of rates) {
  const rate = burst === null ? `${perSecond}/s` : `{ limit: ${perSecond}/s, burst: ${burst} }`;
  test(
    `a rate of ${rate} holds at the server for ${method}, in every window, retries and all`,
    inSandbox(async (sandbox) => {
      // This process may have been held up, too: a request came after it last looked, and before now.
      let lookedAt = performance.now();
      const looking = setInterval(() => lookedAt = performance.now(), 2);
      const came: { readonly after: number; readonly before: number }[] = [];
      const failed = new Set<string>();
      const server = await startRawServer((request) => {
        came.push({ after: lookedAt, before: performance.now() });
        // Every tenth is to be asked again; any method, since it says when.
        const isFirst = request.path.endsWith("0") && !failed.has(request.path);
        if (isFirst) failed.add(request.path);
        answer(request, isFirst ? 503 : 200, isFirst ? "retry-after: 0\r\n" : "");
      });
      try {
        const { code, stderr } = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, concurrency: 32, rate: ${rate} } }
tasks: { call: { target: api, foreach: { range: "1..${runs}" }, http: { method: ${method}, url: "/\${{ item }}" } } }
`);
        assert.equal(code, 0, stderr);
        assert.equal(came.length, runs + runs / 10);
        for (let i = 0; i < came.length; i++) {
          for (let j = i; j < came.length; j++) {
            const ms = came[j]!.before - came[i]!.after;
            assert.ok(
              j - i + 1 <= (perSecond / 1_000) * (ms + slackMs) + (burst ?? 1),
              `${j - i + 1} requests in ${ms} ms`,
            );
          }
        }
        const leastMs = (came.length / perSecond) * 1_000;
        assert.ok(came.at(-1)!.before - came[0]!.after < 1.3 * leastMs + 500, "and it is used");
      } finally {
        clearInterval(looking);
        await server.close();
      }
    }),
  );
}

test(
  "Retry-After pauses the whole target, for every task of it, and is counted as throttled",
  inSandbox(async (sandbox) => {
    const came: { at: number; path: string }[] = [];
    let toldAt = NaN;
    const server = await startRawServer((request) => {
      const now = performance.now();
      came.push({ at: now, path: request.path });
      if (came.length <= 20) return void setTimeout(() => answer(request, 200), 5);
      if (Number.isNaN(toldAt)) toldAt = now;
      if (now > toldAt + 1_000) answer(request, 200);
      else answer(request, 429, "retry-after: 1\r\n");
    });
    try {
      const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets:
  api: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, concurrency: 4 }
tasks:
  one: { target: api, foreach: { range: "1..40" }, http: { url: "/one/\${{ item }}" } }
  two: { target: api, foreach: { range: "1..40" }, http: { url: "/two/\${{ item }}" } }
`);
      assert.equal(code, 0, stderr);
      // Those that were on their way when the first was told are told, too.
      const inPause = came.filter(({ at }) => at > toldAt + 100 && at < toldAt + 995);
      assert.deepEqual(inPause, []);
      assert.ok(report.targets.api.throttled >= 1 && report.targets.api.throttled <= 4);
      const after = came.filter(({ at }) => at >= toldAt + 995);
      assert.ok(after.some(({ path }) => path.startsWith("/one")));
      assert.ok(after.some(({ path }) => path.startsWith("/two")));
    } finally {
      await server.close();
    }
  }),
);

test(
  "Retry-After beyond the total timeout fails at once and says so; one that makes no sense is ignored and named",
  inSandbox(async (sandbox) => {
    let asked = 0;
    const skewed: number[] = [];
    // Its clock is wrong by decades; the second that it asks for is a second all the same.
    const inASecond = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
    const server = await startRawServer((request) => {
      if (request.path === "/long") answer(request, 429, "retry-after: 600\r\n");
      else if (request.path === "/nonsense") answer(request, 429, "retry-after: tomorrow\r\n");
      else if (request.path === "/skewed") {
        answer(request, skewed.push(performance.now()) < 2 ? 503 : 200, inASecond);
      } else answer(request, asked++ < 4 ? 503 : 200, "retry-after: soon\r\n");
    });
    const startedAt = performance.now();
    try {
      const { report, stderr } = await sandbox.runConfig(`
version: 1
defaults: { retry: { attempts: 2, backoff: { initial: 10ms } } }
targets:
  a: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, timeout: { total: 30s } }
  b: { http: { baseUrl: "http://127.0.0.1:${server.port}" } }
  c: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, retry: 9 }
  d: { http: { baseUrl: "http://127.0.0.1:${server.port}" } }
tasks:
  long: { target: a, http: { url: /long } }
  nonsense: { target: b, http: { url: /nonsense } }
  recovers: { target: c, http: { url: /recovers } }
  skewed: { target: d, http: { url: /skewed } }
`);
      assert.ok(performance.now() - startedAt < 10_000);
      const [long, nonsense, recovers] = report.results;
      assert.deepEqual([recovers.outcome, recovers.attempts.length], ["ok", 5]);
      assert.equal(skewed.length, 2);
      assert.ok(skewed[1]! - skewed[0]! > 995, `asked again after ${skewed[1]! - skewed[0]!} ms`);
      const warnings = stderr.split("\n").filter((line) => /^fanout: .*retry-after/.test(line)).sort();
      assert.deepEqual(warnings, [
        'fanout: b: its retry-after, "tomorrow", is neither seconds nor a date and was ignored',
        'fanout: c: its retry-after, "soon", is neither seconds nor a date and was ignored',
      ], "once a target");
      assert.equal(long.attempts.length, 1);
      assert.match(
        long.error.message,
        /answered 429.*; the server asked to wait 10m, longer than the time left/,
      );
      assert.equal(nonsense.attempts.length, 2);
      assert.match(nonsense.error.message, /retry-after, "tomorrow", is neither seconds nor a date/);
    } finally {
      await server.close();
    }
  }),
);

test(
  "with a server that fails half of the time 10,000 task runs make at most 1.25 times as many requests",
  inSandbox(async (sandbox) => {
    let count = 0;
    const startedAt = performance.now();
    const server = await startRawServer((request) => answer(request, count++ % 2 === 0 ? 503 : 200));
    try {
      const { code, report } = await sandbox.runConfig(`
version: 1
targets:
  api: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, concurrency: 50, retry: { attempts: 5, backoff: { initial: 5ms } } }
tasks: { call: { target: api, foreach: { range: "1..10000" }, capture: none, http: { url: "/\${{ item }}" } } }
`);
      assert.equal(code, 1);
      assert.ok(count <= 12_500, `${count} requests`);
      assert.ok(performance.now() - startedAt < 120_000, "what is put off holds up nothing but itself");
      assert.equal(report.summary.attempts, count);
      assert.ok(report.summary.retriesWithheld > 0);
      assert.equal(report.summary.ok + report.summary.failed, 10_000);
    } finally {
      await server.close();
    }
  }),
);

const troubles = ["refuses", "resets", "answers 503"] as const;

/** Good answers, then `downMs` of trouble from the hundredth request on, then good ones again. */
async function startFailingServer(trouble: (typeof troubles)[number], downMs: number) {
  /** One for each attempt: a request that is reset on a connection that had been idle is sent again on a new one. */
  const came: number[] = [];
  const known = new WeakSet<object>();
  let requests = 0;
  let backAt = Infinity;
  let server = await startRawServer(handle);
  let back = Promise.resolve();
  const { port } = server;
  function handle(request: RawRequest) {
    requests++;
    if (trouble !== "resets" || !known.has(request.socket)) came.push(Date.now());
    known.add(request.socket);
    if (requests === 100) {
      backAt = Date.now() + downMs;
      if (trouble === "refuses") back = comeBack();
    }
    if (Date.now() >= backAt || requests < 100) setTimeout(() => answer(request, 200), 5);
    else if (trouble === "answers 503") answer(request, 503);
    else if (trouble === "resets") request.socket.resetAndDestroy();
  }
  /** Nobody listens meanwhile: the kernel refuses connections. */
  async function comeBack() {
    await server.close();
    await new Promise((resolve) => setTimeout(resolve, backAt - Date.now()));
    server = await startRawServer(handle, { port });
  }
  return {
    port,
    came,
    downFrom: () => backAt - downMs,
    downUntil: () => backAt,
    close: async () => {
      await back;
      await server.close();
    },
  };
}

test("a target is down for 20 s and back, refusing or resetting connections or answering 503: at most 10 probes, every task run ok", () =>
  Promise.all(troubles.map((trouble) =>
    inSandbox(async (sandbox) => {
      const server = await startFailingServer(trouble, 20_000);
      try {
        const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets: { api: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, concurrency: 8, breaker: true } }
tasks: { call: { target: api, foreach: { range: "1..600" }, http: { url: "/\${{ item }}" } } }
`);
        assert.equal(code, 0, `${trouble}: ${stderr}`);
        assert.equal(report.summary.ok, 600);
        // What brought it to open, twenty failures and what was on its way then, is over after two seconds at the most.
        const isProbe = (at: number) => at > server.downFrom() + 2_000 && at < server.downUntil();
        const starts: number[] = report.results
          .flatMap((result: { attempts: { startedAt: string }[] }) => result.attempts)
          .map((attempt: { startedAt: string }) => Date.parse(attempt.startedAt));
        const probes = starts.filter(isProbe).length;
        assert.ok(probes >= 1 && probes <= 10, `${trouble}: ${probes} probes`);
        assert.equal(server.came.filter(isProbe).length, trouble === "refuses" ? 0 : probes);
        const extra = starts.length - 600;
        assert.ok(extra >= 20 && extra <= 20 + 8 + 10, `${trouble}: ${extra} attempts more than task runs`);
        const { openings, openMs } = report.targets.api.breaker;
        assert.equal(openings, 1);
        assert.ok(openMs > 18_000, `${openMs} ms`);
      } finally {
        await server.close();
      }
    })()
  )).then(() => {}));

test(
  "a breaker gives up on a target that stays down: the rest is skipped as circuit_open",
  inSandbox(async (sandbox) => {
    const { code, report } = await sandbox.runConfig(`
version: 1
targets:
  api:
    http: { baseUrl: "http://127.0.0.1:1" }
    concurrency: 4
    breaker: { openFor: 100ms, giveUpAfter: 500ms }
tasks: { call: { target: api, foreach: { range: "1..500" }, http: { url: "/\${{ item }}" } } }
`);
    assert.equal(code, 1);
    assert.ok(report.summary.skippedBy.circuit_open > 400, JSON.stringify(report.summary));
    assert.equal(report.results.at(-1).error.code, "circuit_open");
  }),
);
