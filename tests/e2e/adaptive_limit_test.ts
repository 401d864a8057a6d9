import assert from "node:assert/strict";
import { test } from "node:test";
import { type QueueServerOptions, startQueueServer } from "../servers/queue_server.ts";
import { inSandbox } from "./sandbox.ts";

interface Changing {
  readonly server: QueueServerOptions;
  readonly runs: number;
  readonly attemptTimeout: string;
  /** Limits of which one is about the best there is. */
  readonly fixed: readonly number[];
  /** The upper bound of the adaptive limit, and the limit that is too wide. */
  readonly max: number;
  readonly settles: readonly [atLeast: number, atMost: number];
}

const alternating = (everyMs: number, first: number, second: number) => (elapsedMs: number) =>
  elapsedMs % (2 * everyMs) < everyMs ? first : second;

const servers: { readonly [name: string]: Changing } = {
  "turns away more than 20, every other two seconds more than 8": {
    server: { capacity: alternating(2_000, 20, 8), workMs: () => 100, policy: "shed" },
    runs: 1_000,
    attemptTimeout: "10s",
    fixed: [8, 20],
    max: 64,
    settles: [4, 24],
  },
  "works on 16, every other five seconds on 4, and loses who waits for too long": {
    server: { capacity: alternating(5_000, 16, 4), workMs: () => 100, policy: "queue" },
    runs: 1_200,
    attemptTimeout: "2s",
    fixed: [8, 16],
    max: 128,
    // Twice the capacity; more when a busy machine was slow at first, so that slow answers seem usual.
    settles: [4, 64],
  },
};

for (const [name, { server, runs, fixed, max, settles, attemptTimeout }] of Object.entries(servers)) {
  test(`an adaptive limit is nearly as fast as the best one, with an order fewer errors, at a real server that ${name}`, async () => {
    const all = [`{ min: 1, max: ${max} }`, ...fixed, max].map((limit) =>
      measure({ concurrency: String(limit), server, runs, attemptTimeout })
    );
    // All at a time: what else the machine does slows all of them down.
    const [found, ...others] = await Promise.all(all) as [Measured, ...Measured[]];
    const best = others.filter(({ ok }) => ok === runs).sort((a, b) => a.ms - b.ms)[0]!;
    const wide = others.at(-1)!;
    const figures = JSON.stringify([found, ...others].map(({ report: _, ...figures }) => figures));
    assert.equal(found.ok, runs, figures);
    assert.ok(found.ms <= best.ms * 1.2, figures);
    assert.ok(wide.errors >= runs / 25, figures);
    assert.ok(found.errors * 10 <= wide.errors, figures);

    const { limit, settled, history, ...bounds } = found.report.targets.api.concurrency;
    assert.deepEqual([bounds.min, bounds.max], [1, max]);
    assert.ok(bounds.peak <= max);
    assert.ok(
      settled >= settles[0] && settled <= settles[1],
      `settled at ${settled}: ${JSON.stringify(history)}`,
    );
    assert.equal(limit, history.at(-1).limit);
    assert.deepEqual(history.slice(0, 2).map(({ why }: { why: string }) => why), ["start", "growth"]);
    assert.ok(history.some(isDecrease), JSON.stringify(history));
  });
}

function isDecrease({ why }: { readonly why: string }): boolean {
  return why === "loss" || why === "latency";
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** One run against a server of its own. */
async function measure({ concurrency, server: options, runs, attemptTimeout }: {
  readonly concurrency: string;
  readonly server: QueueServerOptions;
  readonly runs: number;
  readonly attemptTimeout: string;
}) {
  const server = await startQueueServer(options);
  // deno-lint-ignore no-explicit-any -- a report is read as the JSON it is
  let report: any;
  try {
    await inSandbox(async (sandbox) => {
      ({ report } = await sandbox.runConfig(`
version: 1
targets:
  api: { http: { baseUrl: "${server.url}" }, concurrency: ${concurrency}, timeout: { attempt: ${attemptTimeout}, total: 8s }, retry: { attempts: 10, backoff: { initial: 20ms, max: 200ms } } }
tasks: { call: { target: api, foreach: { range: "1..${runs}" }, capture: none, http: { url: "/\${{ item }}" } } }
`));
    })();
    const ok: number = report.summary.ok;
    // Counted at the server: what it turned away, or answered to nobody.
    return { concurrency, ms: report.run.durationMs as number, ok, errors: server.seen.length - ok, report };
  } finally {
    await server.close();
  }
}
