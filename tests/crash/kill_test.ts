import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { checkReport } from "../e2e/check_report.ts";
import { ended, inSandbox, type Sandbox } from "../e2e/sandbox.ts";
import { type FaultServer, startFaultServer } from "../servers/fault_server.ts";

/** How many times the program is killed; `FANOUT_CRASHES=500` asks for more. */
const crashes = Number(process.env.FANOUT_CRASHES ?? 50);

const config = (url: string) => `
version: 1
name: crash
targets: { api: { http: { baseUrl: "${url}" }, concurrency: 4 } }
tasks:
  read: { target: api, foreach: { range: "1..60" }, key: "\${{ item }}", http: { url: "/busy?ms=8&key=read-\${{ item }}" }, outputs: { n: item } }
  write: { target: api, foreach: { range: "1..60" }, key: "\${{ item }}", http: { method: POST, url: "/busy?ms=8&key=write-\${{ item }}" } }
  chain: { target: api, foreach: { from: read }, key: "\${{ item.key }}", http: { url: "/busy?ms=4&key=chain-\${{ item.key }}" } }
  lists: { target: api, foreach: { range: "1..5" }, http: { url: "/json?text=[1,2,3]&key=lists-\${{ item }}" } }
  each: { target: api, foreach: { from: lists, each: json }, http: { url: "/busy?ms=4&key=each" } }
  append: { foreach: { range: "1..30" }, key: "\${{ item }}", exec: { shell: 'echo "$X" >> appended', env: { X: "\${{ item }}" } } }
  sum: { needs: [read], exec: { command: [echo, "\${{ sum(needs.read.outputs.n) }}"] }, idempotent: true }
`;

const total = 60 + 60 + 60 + 5 + 15 + 30 + 1;

/** The same numbers for the same seed, so that a failure can be repeated: FANOUT_SEED=… */
const seed = Number(process.env.FANOUT_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The latest journal; undefined when the program was killed before there was one. */
function latestJournal(sandbox: Sandbox): string | undefined {
  if (!sandbox.exists("state/fanout")) return undefined;
  const names = readdirSync(sandbox.path("state/fanout"), { recursive: true, encoding: "utf8" });
  const journals = names.filter((name) => name.endsWith(".ndjson"))
    .toSorted((a, b) => a.slice(a.lastIndexOf("/")) < b.slice(b.lastIndexOf("/")) ? -1 : 1);
  return journals.length === 0 ? undefined : join(sandbox.path("state/fanout"), journals.at(-1)!);
}

/** Runs until it ends by itself, killed as often as `deaths` says. Gives how often it was. */
async function runThroughDeaths(sandbox: Sandbox, deaths: number, random: () => number): Promise<number> {
  let killed = 0;
  for (;;) {
    const isFirst = latestJournal(sandbox) === undefined;
    const child = sandbox.start([
      "run",
      "fanout.yaml",
      "--report",
      "report.json",
      ...(isFirst ? [] : ["--resume"]),
    ]);
    const end = ended(child);
    const timer = killed < deaths ? setTimeout(() => child.kill("SIGKILL"), random() * 400) : undefined;
    const { code, signal, stderr } = await end;
    clearTimeout(timer);
    if (signal === null && code !== 2) {
      assert.ok(code === 0 || code === 1, stderr);
      return killed;
    }
    // Killed before its first line, a run leaves nothing to resume.
    if (code === 2) assert.match(stderr, /nothing to resume/);
    else killed++;
    if (code !== 2) await checkRebuilt(sandbox);
  }
}

/** What a killed run's journal tells makes a report in which everything adds up. */
async function checkRebuilt(sandbox: Sandbox): Promise<void> {
  const journal = latestJournal(sandbox);
  if (journal === undefined) return;
  const { code, stdout, stderr } = await sandbox.run(["report", journal, "--format", "json"]);
  // Its first line may not be whole.
  if (code === 2) {
    return assert.match(stderr, /killed before anything started|no report of fanout|cannot read/);
  }
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  checkReport(report);
  // It may have been killed after its last line.
  assert.equal(report.run.status === "incomplete", report.run.finishedAt === null);
}

function countsOf(server: FaultServer, sandbox: Sandbox): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of ["read", "write", "chain"]) {
    for (let item = 1; item <= 60; item++) counts.set(`${name}/${item}`, server.count(`${name}-${item}`));
  }
  const appended = sandbox.exists("appended") ? sandbox.read("appended").trim().split("\n") : [];
  for (let item = 1; item <= 30; item++) {
    counts.set(`append/${item}`, appended.filter((line) => line === String(item)).length);
  }
  return counts;
}

const isHarmful = (task: string) => task === "write" || task === "append";

test(
  `a run killed ${crashes} times at any moment ends every task run once, and repeats none that may not be`,
  inSandbox(async (sandbox) => {
    const random = randomFrom(seed);
    let killed = 0;
    for (let job = 0; killed < crashes; job++) {
      const server = await startFaultServer();
      try {
        sandbox.write("fanout.yaml", config(server.url));
        sandbox.write("appended", "");
        const deaths = await runThroughDeaths(sandbox, Math.min(5, crashes - killed), random);
        killed += deaths;
        const where = `seed ${seed}, job ${job}`;
        const report = sandbox.json("report.json");
        checkReport(report);
        assert.equal(report.results.length, total, where);

        const counts = countsOf(server, sandbox);
        for (const { task, key, outcome, error, attempts } of report.results) {
          const what = `${where}: ${task}[${key}] ${outcome} ${JSON.stringify(error)}`;
          if (outcome !== "ok") {
            assert.ok(isHarmful(task) && error.code === "outcome_unknown", what);
          }
          const count = counts.get(`${task}/${key}`);
          if (count === undefined) continue;
          if (isHarmful(task)) assert.ok(count <= 1, `${what} happened ${count} times`);
          else assert.ok(count <= 1 + deaths, `${what} happened ${count} times in ${deaths} deaths`);
          if (outcome === "ok") assert.ok(count >= attempts.length, `${what} never happened`);
        }
        const sum = report.results.find(({ task }: { task: string }) => task === "sum");
        assert.equal(sum.output.stdout, "1830\n", where);
      } finally {
        await server.close();
        sandbox.clear();
      }
    }
    assert.equal(killed, crashes);
  }),
);

test(
  "the report of a killed run counts the inputs it had read to their end, also of a pipe",
  inSandbox(async (sandbox) => {
    const { signal } = await sandbox.runConfig(
      `
version: 1
run: { concurrency: 1 }
tasks:
  pipe: { foreach: { lines: "-" }, idempotent: true, exec: { shell: 'test "$X" != c || { sleep 0.2; kill -9 $PPID; }', env: { X: "\${{ item }}" } } }
`,
      [],
      { stdin: "a\nb\nc\n" },
    );
    assert.equal(signal, "SIGKILL");
    const { stdout } = await sandbox.run(["report", latestJournal(sandbox)!, "--format", "json"]);
    const report = JSON.parse(stdout);
    checkReport(report);
    const { total, ok, not_run, totalKnown } = report.summary;
    assert.deepEqual([total, ok, not_run, totalKnown], [3, 2, 1, true]);
  }),
);

test(
  "runs that are killed each time do not pile up, and what a resume goes on with stays",
  inSandbox(async (sandbox) => {
    const text = `
version: 1
run: { keepRuns: 1 }
tasks: { a: { foreach: [x, y], key: "\${{ item }}", idempotent: true, exec: { shell: 'test "$X" = x -o -e calm || kill -9 $PPID', env: { X: "\${{ item }}" } } } }
`;
    const journals = () =>
      readdirSync(sandbox.path("state/fanout"), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ndjson"));
    for (let death = 0; death < 3; death++) {
      assert.equal((await sandbox.runConfig(text)).signal, "SIGKILL");
      assert.equal(journals().length, 1);
    }
    for (let death = 2; death <= 4; death++) {
      assert.equal((await sandbox.runConfig(text, ["--resume"])).signal, "SIGKILL");
      assert.equal(journals().length, death);
    }
    sandbox.write("calm", "");
    const { code, report } = await sandbox.runConfig(text, ["--resume"]);
    assert.deepEqual([code, report.summary.ok], [0, 2]);
    assert.equal(journals().length, 1);
  }),
);
