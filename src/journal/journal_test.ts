import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ResultStore, RunClosing, RunHeader } from "../model/run_record.ts";
import { realDisk } from "../runtime/disk.ts";
import { faultyDisk } from "../../tests/support/faulty_disk.ts";
import { manualClock } from "../../tests/support/manual_clock.ts";
import { type Journal, JournalError, openJournal } from "./journal.ts";
import { readJournal, recordId, recordResult } from "./read_journal.ts";

const root = mkdtempSync(join(tmpdir(), "fanout-journal-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));
let made = 0;
const newDirectory = () => join(root, String(made++), "deep");

const header: RunHeader = {
  runId: "20260101-000000-abcdef",
  name: "nightly",
  config: { path: "/etc/nightly.yaml", sha256: "00" },
  params: { day: "2026-01-01" },
  identity: { name: "nightly" },
  tool: "fanout 0.1.0",
  host: "here",
  pid: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  cpus: 2,
  resumes: null,
  tasks: [
    { name: "a", kind: "http", target: "api", total: 3 },
    { name: "b", kind: "exec", target: "cpu", total: null },
  ],
  targets: [{ name: "api", kind: "http", limit: 16 }],
};

const closing: RunClosing = {
  finishedAt: "2026-01-01T00:00:01.000Z",
  durationMs: 1000,
  status: "passed",
  stoppedBy: null,
  exitCode: 0,
  totalKnown: true,
  targets: {
    api: { limit: 16, peak: 3, throttled: 0, retriesWithheld: 0, pools: 1, breaker: null, adaptive: null },
  },
};

const idOf = (task: number, index: number) => `${task}`.repeat(16) + String(index).padStart(16, "0");
const resultOf = (task: number, index: number) =>
  JSON.stringify({ index, task, body: `Grüße ${"x".repeat(index)}` });

async function open(disk = realDisk, onBroken: (error: JournalError) => void = assert.ifError) {
  const clock = manualClock();
  const directory = newDirectory();
  const journal = await openJournal({ directory, header, disk, clock, onBroken });
  return { journal, clock, directory };
}

function append(journal: Journal, task: number, index: number): void {
  journal.append(task, index, idOf(task, index), "ok", resultOf(task, index));
}

function textAt(results: ResultStore, task: number, index: number): string | null {
  const chunks: Uint8Array[] = [];
  if (!results.copy(task, index, (bytes, from, to) => chunks.push(bytes.slice(from, to)))) return null;
  return Buffer.concat(chunks).toString();
}

function read(path: string) {
  const reading = readJournal(path, realDisk);
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.run;
}

test("openJournal() has its header on disk, in a private file of a private directory", async () => {
  const { journal, directory } = await open();
  assert.equal(statSync(journal.path).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const run = read(journal.path);
  assert.equal(run.header.runId, header.runId);
  assert.equal(run.closing, null);
  run.close();
  await journal.close();
});

test("openJournal() refuses an id that is taken, and a place that cannot be written, saying what to do", async () => {
  const { journal, directory } = await open();
  const options = { directory, header, disk: realDisk, clock: manualClock(), onBroken: assert.ifError };
  await assert.rejects(openJournal(options), JournalError);
  await journal.close();
  await assert.rejects(openJournal(options), /cannot start the journal .*--state-dir/);
  await assert.rejects(openJournal({ ...options, directory: "/proc/no/such" }), JournalError);
});

test("append() writes after 2 ms, and at once past 128 KiB", async () => {
  const { journal, clock } = await open();
  const before = statSync(journal.path).size;
  append(journal, 0, 0);
  assert.equal(statSync(journal.path).size, before);
  clock.advance(2);
  const after = statSync(journal.path).size;
  assert.ok(after > before);
  journal.append(0, 1, idOf(0, 1), "ok", JSON.stringify("x".repeat(128 * 1024)));
  assert.ok(statSync(journal.path).size > after + 128 * 1024);
  await journal.close();
});

test("results of the open journal and of the read one are the bytes that were appended", async () => {
  const { journal } = await open();
  const places = [[1, 0], [0, 2], [0, 0], [0, 1], [1, 70_000], [1, 400]] as const;
  for (const [task, index] of places) append(journal, task, index);
  for (const [task, index] of places) {
    assert.equal(textAt(journal.results, task, index), resultOf(task, index));
  }
  assert.equal(textAt(journal.results, 1, 1), null);
  assert.equal(journal.results.size(1), 70_001);
  await journal.finish(closing);
  await journal.close();
  const run = read(journal.path);
  for (const [task, index] of places) assert.equal(textAt(run.results, task, index), resultOf(task, index));
  assert.deepEqual({ ...run.closing, type: undefined }, { ...closing, type: undefined });
  assert.deepEqual([run.tornBytes, run.lost, run.totals], [0, [], [3, null]]);
  run.close();
});

test("results are copied from pages, across pages and far apart alike", async () => {
  const { journal } = await open();
  const big = (index: number) => JSON.stringify(String(index).repeat(30_000 + index * 7));
  for (let index = 0; index < 60; index++) journal.append(0, index, idOf(0, index), "ok", big(index));
  for (const index of [0, 1, 59, 30, 31, 2, 58, 0, 59, ...Array(60).keys()]) {
    assert.equal(textAt(journal.results, 0, index), big(index));
  }
  await journal.close();
});

test("append() refuses a second result for one task run", async () => {
  const { journal } = await open();
  append(journal, 0, 0);
  assert.throws(() => append(journal, 0, 0), /ended twice/);
  await journal.close();
  assert.throws(() => append(journal, 0, 1), /closed/);
});

const inputOf = (index: number) => `{"key":"k${index}","item":{"n":${index}},"matrix":null}`;

test("begin() resolves once its record is on disk, many with one sync", async () => {
  const disk = faultyDisk();
  const { journal } = await open(disk);
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => journal.begin(0, index, idOf(0, index), inputOf(index))),
  );
  assert.equal(disk.calls.syncSoon, 1);
  const run = read(journal.path);
  assert.equal(run.lost.length, 50);
  run.close();
  append(journal, 0, 7);
  await journal.close();
  const after = read(journal.path);
  assert.equal(after.lost.length, 49);
  assert.ok(!after.lost.some((lost) => lost.index === 7));
  assert.deepEqual(after.lost[48]!.input, JSON.parse(inputOf(49)));
  after.close();
});

test("the journal is synced a second after it was written, and not again while nothing is added", async () => {
  const disk = faultyDisk();
  const { journal, clock } = await open(disk);
  append(journal, 0, 0);
  clock.advance(999);
  assert.equal(disk.calls.syncSoon, 0);
  clock.advance(3);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(disk.calls.syncSoon, 1);
  clock.advance(10_000);
  await journal.close();
  assert.equal(disk.calls.syncSoon, 1);
  assert.equal(clock.armed, 0);
});

test("close() leaves no lock, may be called twice, and writes what was waiting", async () => {
  const { journal, directory } = await open();
  append(journal, 0, 0);
  await Promise.all([journal.close(), journal.close()]);
  assert.deepEqual(readdirSync(directory), [`${header.runId}.ndjson`]);
  const run = read(journal.path);
  assert.equal(textAt(run.results, 0, 0), resultOf(0, 0));
  run.close();
});

test("short writes are gone on with", async () => {
  const { journal } = await open(faultyDisk(7));
  append(journal, 0, 0);
  append(journal, 0, 1);
  await journal.close();
  const run = read(journal.path);
  assert.equal(textAt(run.results, 0, 1), resultOf(0, 1));
  run.close();
});

for (const call of ["write", "syncSoon"] as const) {
  for (const forGood of [false, true]) {
    test(`a ${call} that fails ${forGood ? "for good" : "once"} breaks the journal, which is never tried again`, async () => {
      const broken: Error[] = [];
      const disk = faultyDisk(100);
      const { journal, clock, directory } = await open(disk, (error) => broken.push(error));
      disk.arm({ call, nth: 1, forGood });
      append(journal, 0, 0);
      await assert.rejects(journal.begin(0, 1, idOf(0, 1), inputOf(1)), /no space is left.*--state-dir/);
      append(journal, 0, 1);
      await assert.rejects(journal.begin(0, 2, idOf(0, 2), inputOf(2)), JournalError);
      await assert.rejects(journal.finish(closing), JournalError);
      for (const index of [0, 1]) assert.equal(textAt(journal.results, 0, index), resultOf(0, index));
      const calls = disk.calls[call];
      clock.advance(10_000);
      await journal.close();
      assert.equal(disk.calls[call], calls);
      assert.equal(broken.length, 1);
      assert.deepEqual(readdirSync(directory), [`${header.runId}.ndjson`]);
    });
  }
}

test("a write that fails half-way leaves results readable from both halves", async () => {
  const disk = faultyDisk(100);
  const { journal, clock } = await open(disk, () => {});
  append(journal, 0, 0);
  clock.advance(2);
  for (const index of [1, 2, 3]) append(journal, 0, index);
  disk.arm({ call: "write", nth: 3, forGood: true });
  clock.advance(2);
  for (const index of [0, 1, 2, 3]) assert.equal(textAt(journal.results, 0, index), resultOf(0, index));
  await journal.close();
});

test("openJournal() leaves nothing locked when any step of it fails", async () => {
  for (const call of ["create", "write", "sync", "syncDirectory"] as const) {
    const disk = faultyDisk();
    disk.arm({ call, nth: 1, forGood: false });
    const options = { directory: newDirectory(), header, clock: manualClock(), onBroken: assert.ifError };
    await assert.rejects(openJournal({ ...options, disk }), JournalError, call);
    assert.ok(!readdirSync(options.directory).some((name) => name.endsWith(".lock")), call);
  }
});

test("a broken journal drops results past 64 MiB instead of filling the memory", async () => {
  const disk = faultyDisk();
  const { journal } = await open(disk, () => {});
  disk.arm({ call: "write", nth: 1, forGood: true });
  const large = JSON.stringify("x".repeat(8 * 1024 * 1024));
  for (let index = 0; index < 12; index++) journal.append(0, index, idOf(0, index), "ok", large);
  assert.equal(journal.results.has(0, 0), true);
  assert.equal(journal.results.has(0, 11), false);
  await journal.close();
});

test("readJournal() of a journal cut at every byte keeps every whole record and says how much it cut", async () => {
  const { journal } = await open();
  for (let index = 0; index < 5; index++) append(journal, index % 2, index);
  await journal.finish(closing);
  await journal.close();
  const whole = readFileSync(journal.path);
  const cut = join(root, "cut.ndjson");
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(cut, whole.subarray(0, length));
    const ends = whole.subarray(0, length).filter((byte) => byte === 10).length;
    // A record without its line end is whole, too.
    const records = ends + (whole[length] === 10 ? 1 : 0);
    const reading = readJournal(cut, realDisk);
    if (records === 0) {
      assert.ok(!reading.ok && reading.problem.code === "empty", `${length}`);
      continue;
    }
    assert.ok(reading.ok, `${length}: ${JSON.stringify(reading)}`);
    const { run } = reading;
    const kept = [0, 1, 2, 3, 4].filter((index) => run.results.has(index % 2, index)).length;
    assert.equal(kept, Math.min(5, records - 1), `${length}`);
    assert.equal(run.closing !== null, records === 7);
    assert.equal(
      run.tornBytes > 0,
      whole[length] !== 10 && length < whole.length && whole[length - 1] !== 10,
    );
    run.close();
  }
});

test("readJournal() notices any flipped byte, and names its line", async () => {
  const { journal } = await open();
  for (let index = 0; index < 3; index++) append(journal, 0, index);
  await journal.begin(1, 0, idOf(1, 0), inputOf(0));
  await journal.close();
  const whole = readFileSync(journal.path);
  const damagedPath = join(root, "damaged.ndjson");
  for (let at = 0; at < whole.length; at++) {
    const copy = Buffer.from(whole);
    copy[at]! ^= 1;
    writeFileSync(damagedPath, copy);
    const reading = readJournal(damagedPath, realDisk);
    assert.ok(!reading.ok, `flip at ${at}`);
    assert.equal(reading.problem.code, "damaged");
    const lineStart = whole.subarray(0, at).lastIndexOf(10) + 1;
    assert.match(reading.problem.message, new RegExp(`at byte ${lineStart}:`), `flip at ${at}`);
  }
});

test("readJournal() takes nothing that stands behind the end of a run", async () => {
  const { journal } = await open();
  append(journal, 0, 0);
  await journal.finish(closing);
  await journal.close();
  const whole = readFileSync(journal.path);
  const path = join(root, "longer.ndjson");
  const record = whole.subarray(whole.indexOf(10) + 1, whole.indexOf(10, whole.indexOf(10) + 1) + 1);
  for (const more of [Buffer.from("{"), Buffer.from([0]), record, record.subarray(0, -1)]) {
    writeFileSync(path, Buffer.concat([whole, more]));
    const reading = readJournal(path, realDisk);
    assert.ok(!reading.ok && reading.problem.code === "damaged", JSON.stringify(reading));
    assert.match(reading.problem.message, new RegExp(`at byte ${whole.length}:`));
  }
});

test("readJournal() says what is wrong with a file that is no journal", () => {
  const cases: readonly (readonly [content: string | null, code: string])[] = [
    [null, "unreadable"],
    ["", "empty"],
    ["no journal\n", "damaged"],
    ["{}\n", "damaged"],
    [`{"type":"header"}\n`, "damaged"],
  ];
  for (const [content, code] of cases) {
    const path = join(root, "strange.ndjson");
    rmSync(path, { force: true });
    if (content !== null) writeFileSync(path, content);
    const reading = readJournal(path, realDisk);
    assert.ok(!reading.ok);
    assert.equal(reading.problem.code, code, String(content));
  }
  const directory = readJournal(root, realDisk);
  assert.ok(!directory.ok && directory.problem.code === "unreadable");
});

test("readJournal() hands over task runs in the order they ended, kept ones marked", async () => {
  const { journal } = await open();
  append(journal, 0, 2);
  journal.keep(0, 0, idOf(0, 0), "skipped", resultOf(0, 0));
  journal.setTotal(1, 9);
  await journal.close();
  const seen: unknown[] = [];
  const reading = readJournal(journal.path, realDisk, (record) => {
    seen.push([
      record.type,
      record.task,
      record.index,
      record.outcome,
      recordId(record),
      recordResult(record),
    ]);
  });
  assert.ok(reading.ok);
  assert.deepEqual(reading.run.totals, [3, 9]);
  reading.run.close();
  assert.deepEqual(seen, [
    ["run", 0, 2, "ok", idOf(0, 2), resultOf(0, 2)],
    ["kept", 0, 0, "skipped", idOf(0, 0), resultOf(0, 0)],
  ]);
});
