import assert from "node:assert/strict";
import { test } from "node:test";
import { detectCpus } from "../../src/runtime/cpus.ts";
import { type RawRequest, startRawServer } from "../servers/raw_http_server.ts";
import { inSandbox, type Sandbox } from "./sandbox.ts";

type Handler = (request: RawRequest) => void;

interface Advised {
  readonly code: string;
  readonly target: string;
  readonly message: string;
  readonly figures: { readonly [name: string]: number };
  readonly change: string | null;
}

/** Runs one task at one target, `t`, beside a server of its own, and gives what the report and the summary advise. */
async function advised(
  sandbox: Sandbox,
  handle: Handler,
  target: string,
  task: string,
): Promise<readonly Advised[]> {
  const server = await startRawServer(handle);
  try {
    const { report, stderr } = await sandbox.runConfig(`
version: 1
targets: { t: { ${target.replace("HTTP", `http: { baseUrl: "http://127.0.0.1:${server.port}" }`)} } }
tasks: { work: { target: t, ${task} } }
`);
    for (const { message, target, figures } of report.advice) {
      assert.equal(target, "t");
      assert.ok(Object.values(figures).every(Number.isFinite), JSON.stringify(figures));
      assert.ok(stderr.replace(/\s+/g, " ").includes(message), `the summary says so, too: ${stderr}`);
    }
    return report.advice;
  } finally {
    await server.close();
  }
}

function answer({ socket }: RawRequest, status = 200): void {
  socket.write(`HTTP/1.1 ${status} Said So\r\ncontent-length: 2\r\n\r\nhi`);
}

const after = (ms: number): Handler => (request) => void setTimeout(() => answer(request), ms);
/** It answers 503 from the `first` request on, `count` times. */
function outage(first: number, count: number): Handler {
  let seen = 0;
  return (request) => {
    seen++;
    answer(request, seen >= first && seen < first + count ? 503 : 200);
  };
}

const get = (runs: number) => `foreach: { range: "1..${runs}" }, http: { url: "/\${{ index }}" }`;
const indexOf = ({ path }: RawRequest) => Number(path.slice(1));

interface Case {
  readonly what: string;
  readonly handle: Handler;
  readonly target: string;
  readonly task: string;
  readonly code: string | null;
  readonly change?: string;
  readonly figures?: Advised["figures"];
}

const cases: readonly Case[] = [
  {
    what: "a pool whose places were always taken",
    handle: after(100),
    target: "HTTP, concurrency: 2",
    task: get(40),
    code: "pool_is_bottleneck",
    change: "targets.t.concurrency: 4",
    figures: { limit: 2 },
  },
  {
    what: "a pool that is far wider than what comes to it",
    handle: after(5),
    target: "HTTP, concurrency: 32",
    task: `concurrency: 2, ${get(160)}`,
    code: "pool_too_wide",
    change: "targets.t.concurrency: 4",
    figures: { peak: 2, limit: 32, ran: 160 },
  },
  {
    what: "a server that says 429",
    handle: (request) => answer(request, indexOf(request) % 5 === 0 ? 429 : 200),
    target: "HTTP, concurrency: 6, retry: 1",
    task: get(100),
    code: "throttled",
    // The whole takes less than a second, so that no rate can be told from it.
    figures: { throttled: 20, attempts: 100, limit: 6 },
  },
  {
    what: "a timeout in the middle of what answers take",
    handle: (request) => void (indexOf(request) % 10 === 0 || after(700)(request)),
    target: "HTTP, concurrency: 60, timeout: 1s, retry: 1",
    task: get(60),
    code: "timeout_below_p99",
    change: "targets.t.timeout: { attempt: 2s }",
    figures: { attempts: 60 },
  },
  {
    what: "retries of what fails again and again, beside what does not",
    handle: (request) => answer(request, indexOf(request) % 4 === 0 ? 500 : 200),
    target: "HTTP, concurrency: 4, retry: { attempts: 3, backoff: { initial: 1ms } }",
    task: get(100),
    code: "retries_wasted",
    change: "targets.t.retry: { attempts: 1 }",
    figures: { wastedRetries: 50, savedRuns: 0, failed: 25, ran: 100 },
  },
  {
    what: "a server that is down, with 503 to everything",
    handle: (request) => answer(request, 503),
    target: "HTTP, concurrency: 4, retry: { attempts: 3, backoff: { initial: 1ms } }",
    task: get(40),
    code: "retries_wasted",
    change: "targets.t.breaker: true",
    figures: { wastedRetries: 80, savedRuns: 0, failed: 40, ran: 40 },
  },
  {
    what: "a server that is out for a while, with 503 to everything, behind a breaker",
    handle: outage(30, 40),
    target:
      "HTTP, concurrency: 4, breaker: { minCalls: 5, window: 1s, openFor: 50ms, failureRate: 20% }, retry: { attempts: 5, backoff: { initial: 1ms } }",
    task: get(100),
    code: null,
  },
  {
    what: "a server that is asked within its means",
    handle: after(10),
    target: "HTTP, concurrency: 4, rate: 100/s",
    task: get(150),
    code: null,
  },
  {
    what: "programs that wait, one for each CPU or so",
    handle: answer,
    target: "concurrency: 4, rate: 40/s",
    task: `foreach: { range: "1..60" }, exec: { command: [sleep, "0.02"] }`,
    code: null,
  },
];

for (const { what, handle, target, task, code, change, figures } of cases) {
  test(
    `advice on ${what}: ${code ?? "none"}`,
    inSandbox(async (sandbox) => {
      const found = await advised(sandbox, handle, target, task);
      assert.deepEqual(found.map((one) => one.code), code === null ? [] : [code], JSON.stringify(found));
      if (change !== undefined) assert.equal(found[0]!.change, change);
      for (const [name, value] of Object.entries(figures ?? {})) assert.equal(found[0]!.figures[name], value);
    }),
  );
}

test(
  "advice on a run of fanout each names its flag",
  inSandbox(async (sandbox) => {
    const server = await startRawServer((request) => answer(request, indexOf(request) % 5 === 0 ? 429 : 200));
    try {
      const lines = Array.from({ length: 40 }, (_, index) => `http://127.0.0.1:${server.port}/${index}\n`)
        .join("");
      const words = ["each", "-c", "6", "--attempts", "1", "--report", "report.json", "http", "GET {}"];
      const { stderr } = await sandbox.run(words, { stdin: lines });
      const { advice } = sandbox.json("report.json");
      const [code, change] = ["throttled", "-c 3"];
      assert.deepEqual(advice.map((one: Advised) => [one.code, one.change]), [[code, change]], stderr);
      assert.ok(stderr.replace(/\s+/g, " ").includes("or a lower concurrency (-c 3)"), stderr);
    } finally {
      await server.close();
    }
  }),
);

test(
  "advice on a server that takes 40 a second and asks for patience then: a rate near that",
  inSandbox(async (sandbox) => {
    let tokens = 40;
    let filledAt = performance.now();
    const [advice, ...more] = await advised(
      sandbox,
      (request) => {
        const now = performance.now();
        tokens = Math.min(40, tokens + (now - filledAt) / 25);
        filledAt = now;
        if (tokens >= 1) {
          tokens--;
          answer(request);
        } else request.socket.write("HTTP/1.1 429 Too Many\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n");
      },
      "HTTP, concurrency: 8, retry: 10",
      get(200),
    );
    assert.deepEqual([advice?.code, more], ["throttled", []]);
    const rate = Number(/^targets\.t\.rate: (\d+)\/s$/.exec(advice!.change!)?.[1]);
    assert.ok(rate >= 15 && rate <= 50, advice!.change!);
  }),
);

test(
  "advice on programs that compute: cpu_bound where they had the CPUs, and in no case a higher concurrency",
  inSandbox(async (sandbox) => {
    // Other work on this machine may take the CPUs from them; then nothing can be said, and it is tried again.
    for (let tries = 1; tries <= 4; tries++) {
      const found = await advised(
        sandbox,
        answer,
        "concurrency: 16",
        `foreach: { range: "1..48" }, exec: { shell: "i=0; while [ $i -lt 120000 ]; do i=$((i+1)); done" }`,
      );
      const { cpus, share } = used(sandbox);
      if (share > 0.5) {
        assert.ok(!found.some(({ code }) => code === "pool_is_bottleneck"), JSON.stringify(found));
      }
      if (share < 0.85) continue;
      assert.deepEqual(found.map(({ code }) => code), ["cpu_bound"], `${share} of ${cpus} CPUs`);
      const [{ figures, change }] = found as [Advised];
      assert.deepEqual([figures.cpus, figures.limit], [cpus, 16]);
      assert.ok(Math.abs(figures.cpusUsed! - share * cpus) < 0.01 * cpus, JSON.stringify(figures));
      if (cpus < 16) assert.equal(change, "targets.t.concurrency: cpus");
      return;
    }
  }),
);

/** Which share of the CPUs the programs of the last run had, from what its results say. */
function used(sandbox: Sandbox): { readonly cpus: number; readonly share: number } {
  const { results } = sandbox.json("report.json");
  const cpus = detectCpus().count;
  let [first, last, cpuMs] = [Infinity, -Infinity, 0];
  for (const { attempts, durationMs, output } of results) {
    const startedAt = Date.parse(attempts[0].startedAt);
    first = Math.min(first, startedAt);
    last = Math.max(last, startedAt + durationMs);
    cpuMs += output.cpuMs;
  }
  return { cpus, share: cpuMs / (last - first) / cpus };
}
