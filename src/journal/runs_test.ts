import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { manualClock } from "../../tests/support/manual_clock.ts";
import { sampleClosing, sampleHeader } from "../../tests/support/sample_run.ts";
import { type Outcome, outcomes } from "../model/outcome.ts";
import { realDisk } from "../runtime/disk.ts";
import { shortHash } from "../runtime/hash.ts";
import { type EarlierRuns, openEarlierRuns } from "./earlier_runs.ts";
import { IdTable } from "./id_table.ts";
import { type Journal, openJournal } from "./journal.ts";
import { readJournal } from "./read_journal.ts";
import { latestRun, listRuns, pruneRuns } from "./runs.ts";

const root = mkdtempSync(join(tmpdir(), "fanout-runs-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));
let made = 0;
const newDirectory = () => join(root, String(made++));
const idOf = (index: number) => shortHash(String(index));
const resultOf = (index: number, word = "") => JSON.stringify({ index, word });

function start(directory: string, runId: string, resumes: string | null = null): Promise<Journal> {
  const header = { ...sampleHeader, runId, resumes };
  return openJournal({ directory, header, disk: realDisk, clock: manualClock(), onBroken: assert.ifError });
}

/** A whole run of these results. */
async function record(
  directory: string,
  runId: string,
  results: readonly (readonly [index: number, outcome: Outcome, word: string])[],
  options: { resumes?: string; killed?: boolean; begun?: readonly number[] } = {},
): Promise<void> {
  const journal = await start(directory, runId, options.resumes ?? null);
  for (const [index, outcome, word] of results) {
    journal.append(0, index, idOf(index), outcome, resultOf(index, word));
  }
  for (const index of options.begun ?? []) {
    await journal.begin(0, index, idOf(index), '{"key":null,"item":null,"matrix":null}');
  }
  if (!options.killed) await journal.finish(sampleClosing);
  await journal.close();
}

async function earlier(directory: string, runId: string): Promise<EarlierRuns> {
  const reading = await openEarlierRuns(directory, runId, realDisk);
  assert.equal(reading.kind, "found", JSON.stringify(reading));
  return (reading as { runs: EarlierRuns }).runs;
}

test("IdTable keeps the first place of an id", () => {
  const id = fc.record({ high: fc.nat(3), low: fc.nat(2000), outcome: fc.constantFrom(...outcomes) });
  fc.assert(
    fc.property(fc.array(id, { maxLength: 3000 }), (entries) => {
      const table = new IdTable();
      const expected = new Map<string, { position: number; outcome: Outcome }>();
      entries.forEach(({ high, low, outcome }, position) => {
        const isNew = table.add(high, low, { file: position % 3, position, length: 1, outcome });
        assert.equal(isNew, !expected.has(`${high}/${low}`));
        if (isNew) expected.set(`${high}/${low}`, { position, outcome });
      });
      assert.equal(table.size, expected.size);
      for (const [key, place] of expected) {
        const [high, low] = key.split("/").map(Number);
        assert.deepEqual(table.get(high!, low!), { ...place, file: place.position % 3, length: 1 });
      }
      assert.equal(table.get(9, 9), null);
    }),
    { numRuns: 30 },
  );
});

test("openEarlierRuns() finds each end by identity, and what was begun without one", async () => {
  const directory = newDirectory();
  await record(directory, "r1", [[0, "ok", "a"], [7, "failed", "Grüße"]], { killed: true, begun: [3] });
  const runs = await earlier(directory, "r1");
  assert.deepEqual(runs.find(idOf(0)), { kind: "ended", outcome: "ok", resultJson: resultOf(0, "a") });
  assert.deepEqual(runs.find(idOf(7)), {
    kind: "ended",
    outcome: "failed",
    resultJson: resultOf(7, "Grüße"),
  });
  assert.deepEqual(runs.find(idOf(3)), { kind: "lost" });
  assert.equal(runs.find(idOf(4)), null);
  // Same first half, another second half.
  assert.equal(runs.find(idOf(0).slice(0, 16) + "f".repeat(16)), null);
  assert.deepEqual([runs.closing, runs.tornBytes, runs.header.runId], [null, 0, "r1"]);
  runs.close();
  runs.close();
});

test("openEarlierRuns() goes back through the runs a killed resume went on with; the newest word counts", async () => {
  const directory = newDirectory();
  await record(directory, "r1", [[0, "ok", "old"], [1, "failed", "old"], [2, "ok", "old"], [3, "ok", "old"]]);
  await record(directory, "r2", [[1, "ok", "new"], [2, "failed", "new"], [3, "not_run", "new"]], {
    resumes: "r1",
    killed: true,
    begun: [0],
  });
  await record(directory, "r3", [], { resumes: "r2", killed: true });
  const runs = await earlier(directory, "r3");
  assert.deepEqual(runs.find(idOf(1)), { kind: "ended", outcome: "ok", resultJson: resultOf(1, "new") });
  assert.deepEqual(runs.find(idOf(2)), { kind: "ended", outcome: "failed", resultJson: resultOf(2, "new") });
  assert.equal((runs.find(idOf(3)) as { outcome: Outcome }).outcome, "not_run");
  assert.deepEqual(runs.find(idOf(0)), { kind: "lost" });
  assert.deepEqual([runs.runIds, runs.count("users"), runs.count("details")], [["r3", "r2", "r1"], 4, 0]);
  runs.close();
});

test("openEarlierRuns() finds lists by their ids, and counts neither them nor what has no identity", async () => {
  const directory = newDirectory();
  const journal = await start(directory, "r1");
  journal.addList(0, 0, idOf(100), '["ä",2]');
  journal.append(0, 0, idOf(0), "ok", resultOf(0));
  journal.append(0, 1, "", "failed", resultOf(1));
  await journal.close();
  const runs = await earlier(directory, "r1");
  assert.equal(runs.findList(idOf(100)), '["ä",2]');
  assert.equal(runs.findList(idOf(101)), null);
  assert.equal(runs.count("users"), 1);
  runs.close();
  const reading = readJournal(journal.path, realDisk);
  assert.ok(reading.ok && reading.run.results.size(0) === 2);
  reading.run.close();
});

test("openEarlierRuns() does without an older run that was pruned, and without one that goes in circles", async () => {
  const directory = newDirectory();
  await record(directory, "r2", [[0, "ok", ""]], { resumes: "r1" });
  (await earlier(directory, "r2")).close();
  await record(directory, "r3", [[0, "ok", ""]], { resumes: "r3" });
  (await earlier(directory, "r3")).close();
});

test("openEarlierRuns() tells a missing, a running and a damaged run apart", async () => {
  const directory = newDirectory();
  for (const runId of ["r1", "../r1"]) {
    assert.deepEqual(await openEarlierRuns(directory, runId, realDisk), { kind: "missing" });
  }
  const journal = await start(directory, "r1");
  assert.deepEqual(await openEarlierRuns(directory, "r1", realDisk), { kind: "running", runId: "r1" });
  await journal.close();
  const runs = await earlier(directory, "r1");
  assert.deepEqual(await openEarlierRuns(directory, "r1", realDisk), { kind: "running", runId: "r1" });
  runs.close();
  appendFileSync(journal.path, "not a record\n");
  const reading = await openEarlierRuns(directory, "r1", realDisk);
  assert.ok(reading.kind === "problem" && reading.problem.code === "damaged");
  assert.deepEqual(readdirSync(directory), ["r1.ndjson"]);
});

test("latestRun() is the newest whose header is accepted", async () => {
  const directory = newDirectory();
  assert.equal(latestRun(directory, realDisk, () => true), null);
  for (const runId of ["r2", "r1", "r3"]) await record(directory, runId, []);
  writeFileSync(join(directory, "r4.ndjson"), "");
  assert.deepEqual(listRuns(directory, realDisk), ["r4", "r3", "r2", "r1"]);
  assert.equal(latestRun(directory, realDisk, () => true)?.runId, "r3");
  assert.equal(latestRun(directory, realDisk, (header) => header.runId < "r3")?.runId, "r2");
  assert.equal(latestRun(directory, realDisk, () => false), null);
});

test("pruneRuns() removes all files of old runs and nobody else's", async () => {
  const directory = newDirectory();
  for (const runId of ["r1", "r2", "r3", "r4"]) {
    await record(directory, runId, []);
    writeFileSync(join(directory, `${runId}.report.json`), "");
  }
  writeFileSync(join(directory, "r1x"), "");
  writeFileSync(join(directory, "notes.txt"), "");
  const living = await start(directory, "r0");
  assert.deepEqual(await pruneRuns({ directory, keep: 2, disk: realDisk }), []);
  await living.close();
  assert.deepEqual(readdirSync(directory).sort(), [
    "notes.txt",
    "r0.ndjson",
    "r1x",
    "r3.ndjson",
    "r3.report.json",
    "r4.ndjson",
    "r4.report.json",
  ]);
});

test("pruneRuns() keeps what a killed run went on with, and no longer chain than that", async () => {
  const directory = newDirectory();
  await record(directory, "r1", []);
  await record(directory, "r2", [], { resumes: "r1" });
  await record(directory, "r3", [], { resumes: "r2", killed: true });
  await record(directory, "r4", [], { resumes: "r3", killed: true });
  await pruneRuns({ directory, keep: 1, disk: realDisk });
  assert.deepEqual(listRuns(directory, realDisk), ["r4", "r3", "r2"]);
});

const script = fileURLToPath(new URL("../../tests/fixtures/appends_for_ever.ts", import.meta.url));

test("a killed process loses nothing that it said was written, and its run can be gone on with at once", async () => {
  const directory = newDirectory();
  const runtime = process.versions.bun === undefined
    ? ["run", "-A", script, directory]
    : ["run", script, directory];
  const child = spawn(process.execPath, runtime, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  const isReady = new Promise<void>((resolve) =>
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.split("\n").length > 200) resolve();
    })
  );
  await isReady;
  assert.equal((await openEarlierRuns(directory, "r1", realDisk)).kind, "running");
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.kill("SIGKILL");
  await ended;
  const written = said.split("\n").filter((line) => line.endsWith(".")).map((line) =>
    Number(line.slice(0, -1))
  );
  const runs = await earlier(directory, "r1");
  for (const index of written) assert.equal(runs.find(idOf(index))?.kind, "ended", String(index));
  runs.close();
  const reading = readJournal(join(directory, "r1.ndjson"), realDisk);
  assert.ok(reading.ok && reading.run.closing === null);
  reading.run.close();
  assert.ok(readFileSync(join(directory, "r1.ndjson")).length > 0);
});
