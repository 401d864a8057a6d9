import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { startFaultServer } from "../servers/fault_server.ts";
import { seededRandom } from "../simulation/virtual_clock.ts";
import { inBatches, inSandbox, send } from "./sandbox.ts";

/**
 * Runs that nobody thought of: tasks of any kind, with any faults, needs, limits and signals, drawn from a seed. Whatever
 * happens, the report has to be as promised (`finish` looks), say what the exit code says, and leave nothing running.
 * `FANOUT_RANDOM_RUNS=300` tries more of them, `FANOUT_RANDOM_SEED=96` begins with another one.
 */
const count = Number(process.env.FANOUT_RANDOM_RUNS ?? 12);
const firstSeed = Number(process.env.FANOUT_RANDOM_SEED ?? 1);

const paths = [
  ...["/bytes/10", "/busy?ms=30", "/redirect/3", "/slow-head?ms=200", "/drip?bytes=5&everyMs=30"],
  ...[
    "/status/500",
    "/status/404",
    "/status/503",
    "/status/429?retryAfter=0",
    "/redirect-loop",
    "/gzip-bomb?mb=20",
  ],
  ...["/hang", "/hang-body", "/endless", "/reset-before", "/reset-body", "/short", "/chunk-bad", "/garbage"],
];
const scripts = [
  ...[
    "true",
    "exit 1",
    "exit 75",
    "echo [1,2,3]",
    "printf 'a\\377'",
    "cat; echo done",
    "yes | head -c 3000000",
  ],
  ...[
    "sleep 0.1",
    "sleep 5",
    "sleep 5 & wait",
    "trap '' TERM; sleep 2; sleep 2",
    "kill -9 $$",
    "sleep 5 & exit 3",
  ],
];
const queries = ["select 1 as a", "select * from nope", "create table if not exists t(x)", endlessQuery()];
const sources = [
  ...["{ range: '1..7' }", "{ range: '1..200' }", "[a, b, c]", "{ csv: in.csv }", "{ csv: ragged.csv }"],
  ...["{ lines: in.csv, batch: 2 }", "{ glob: 'none*' }", "{ glob: '*.csv' }"],
];

interface RandomRun {
  readonly config: string;
  readonly signals: readonly { readonly name: "SIGINT" | "SIGTERM" | "SIGHUP"; readonly afterMs: number }[];
}

/** A config and what is done to its run, always the same for a seed. */
function drawRun(seed: number, url: string): RandomRun {
  const random = seededRandom(seed * 7919);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const perhaps = (share: number, text: () => string) => random() < share ? [text()] : [];

  const work = () =>
    pick([
      () => `target: api, http: { url: "${pick(paths)}", method: ${pick(["GET", "GET", "POST"])} }`,
      () => `exec: { shell: ${JSON.stringify(pick(scripts))} }`,
      () => `file: { path: ${pick(["in.csv", "none", "."])} }`,
      () => `sql: { url: "sqlite:x.db", query: "${pick(queries)}" }`,
    ])();
  const task = (position: number) => {
    const earlier = `t${Math.floor(random() * position)}`;
    const comesFrom = position > 0 && random() < 0.3;
    const parts = [
      ...(comesFrom ? [`foreach: { from: ${earlier} }`] : perhaps(0.7, () => `foreach: ${pick(sources)}`)),
      ...(comesFrom || position === 0
        ? []
        : perhaps(0.4, () => `needs: { ${earlier}: ${pick(["ok", "any", "done"])} }`)),
      ...perhaps(0.15, () => 'if: "index % 2 == 0"'),
      ...perhaps(0.2, () => "allowFailure: true"),
      ...perhaps(0.3, () => `concurrency: ${pick([1, 2, 4])}`),
      ...perhaps(
        0.4,
        () => `timeout: ${pick(["300ms", "{ attempt: 300ms, total: 700ms }", "{ total: 500ms }"])}`,
      ),
      ...perhaps(
        0.5,
        () => `retry: { attempts: ${pick([1, 2, 3])}, backoff: { initial: ${pick(["1ms", "1s"])} } }`,
      ),
      ...perhaps(0.2, () => `expect: ["1 == ${pick([1, 2])}"]`),
      ...perhaps(0.2, () => `capture: ${pick(["none", "failed", "100B", "all"])}`),
      ...perhaps(0.2, () => `save: "out/t${position}-\${{ index }}"`),
      work(),
    ];
    return `  t${position}: { ${parts.join(", ")} }`;
  };
  const tasks = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, position) => task(position));
  const run = [
    `timeout: ${pick(["1500ms", "3s"])}, grace: ${pick(["0s", "300ms", "1s"])}, onFailure: ${
      pick(["drain", "cancel"])
    }`,
    ...perhaps(0.3, () => `maxFailures: ${pick(["0", "2", "10%"])}`),
    ...perhaps(0.3, () => `concurrency: ${pick([1, 3, 5])}`),
  ];
  const api = [
    `http: { baseUrl: "${url}" }, concurrency: ${pick(["1", "3", "10", "auto"])}`,
    ...perhaps(0.2, () => "breaker: { minCalls: 3, openFor: 200ms, giveUpAfter: 1s }"),
    ...perhaps(0.2, () => "rate: 50/s"),
  ];
  const signals = random() < 0.5 ? [] : Array.from({ length: pick([1, 1, 2]) }, () => ({
    name: pick(["SIGINT", "SIGTERM", "SIGHUP"] as const),
    afterMs: 250 + random() * 1_500,
  }));
  return {
    config: `version: 1\nrun: { ${run.join(", ")} }\ntargets: { api: { ${api.join(", ")} } }\ntasks:\n${
      tasks.join("\n")
    }\n`,
    signals,
  };
}

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

test("a run that nobody thought of ends in order too", async () => {
  const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
  await inBatches(seeds, (seed) =>
    inSandbox(async (sandbox) => {
      const server = await startFaultServer();
      sandbox.write("in.csv", "id,v\n1,a\n2,b\n3,c\n");
      sandbox.write("ragged.csv", "id,v\n1,a\n2\n3,c\n");
      const { config, signals } = drawRun(seed, server.url);
      const child = sandbox.startConfig(config, ["-v"]);
      for (const { name, afterMs } of signals) {
        setTimeout(() => {
          if (child.exitCode === null && child.signalCode === null) send(child, name);
        }, afterMs);
      }
      const { code, signal, stderr, report } = await sandbox.finish(child);
      await server.close();
      const what = `seed ${seed}, code ${code}, signal ${signal}\n${config}\n${stderr.slice(-2_000)}`;
      // A busy machine may take longer to start than the signal takes to come.
      if (report === undefined) return assert.ok(signals.length > 0 && code !== 0, what);
      assert.equal(report.run.exitCode, code, what);
      const allowed = [0, 1, 124, ...signals.map(({ name }) => codes[name])];
      assert.ok(allowed.includes(code!), what);
      assert.doesNotMatch(JSON.stringify(report), /"code":"internal"/, what);
      assert.doesNotMatch(stderr, /bunfs|TypeError|ReferenceError|RangeError/, what);
      assert.deepEqual(sandbox.survivors(), [], what);
    })());
});

function endlessQuery(): string {
  return "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c";
}
