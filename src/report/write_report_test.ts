import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { faultyDisk } from "../../tests/support/faulty_disk.ts";
import { manualClock } from "../../tests/support/manual_clock.ts";
import { failedResult, sampleHeader, sampleReport, sampleResult } from "../../tests/support/sample_run.ts";
import { realDisk } from "../runtime/disk.ts";
import { ReportError } from "./destination.ts";
import { probeDestinations } from "./probe_destinations.ts";
import { writeReport } from "./write_report.ts";

const root = mkdtempSync(join(tmpdir(), "fanout-report-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));
const ports = { disk: realDisk, clock: manualClock(), random: Math.random };
let made = 0;
const newPath = () => join(root, String(made++), "report.json");

const results = [
  failedResult(2, "503 from api"),
  sampleResult(0, { task: "users", key: null, item: null }),
  sampleResult(1),
  sampleResult(3, { outcome: "skipped", reason: "if", attempts: [] }),
  failedResult(0, "404 from api"),
];

test("writeReport() writes head and results, these in input order, in a private file", async () => {
  const path = newPath();
  await writeReport(sampleReport(results), path, ports);
  const report = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(Object.keys(report), [
    "schema",
    "run",
    "summary",
    "targets",
    "failures",
    "advice",
    "results",
  ]);
  assert.deepEqual(
    report.results.map((one: { task: string; index: number }) => [one.task, one.index]),
    [["users", 0], ["details", 0], ["details", 1], ["details", 2], ["details", 3]],
  );
  assert.equal(report.failures.first.index, 2);
  assert.deepEqual(report.failures.byCode, { http_status: 2 });
  assert.equal(report.summary.total, 5);
  assert.deepEqual(report.targets.api.concurrency, { limit: 16, peak: 3 });
  assert.equal(report.targets.cpu.latencyMs, null);
  assert.deepEqual(readdirSync(join(path, "..")), ["report.json"]);
});

test("writeReport() of a killed run fills in what has no record; the counts add up", async () => {
  const path = newPath();
  const input = { key: "k", item: 17, matrix: null };
  const lost = [{ task: 1, index: 3, id: "x", input }, { task: 2, index: 1, id: "y", input }];
  const header = {
    ...sampleHeader,
    tasks: sampleHeader.tasks.map((task) => ({ ...task, total: task.total || null })),
  };
  const source = { header, closing: null, totals: header.tasks.map((task) => task.total), lost };
  await writeReport(sampleReport(results.slice(0, 3), source), path, ports);
  const report = JSON.parse(readFileSync(path, "utf8"));
  assert.deepEqual(
    report.results.map((one: { task: string; outcome: string }) => `${one.task} ${one.outcome}`),
    [
      "users ok",
      "details not_run",
      "details ok",
      "details failed",
      "details failed",
      "thumbs not_run",
      "thumbs failed",
    ],
  );
  const { error, key, item } = report.results[4];
  assert.deepEqual([error.code, key, item], ["outcome_unknown", "k", 17]);
  assert.deepEqual(
    [report.run.status, report.run.exitCode, report.run.finishedAt, report.summary.totalKnown],
    ["incomplete", null, null, false],
  );
  const { ok, failed, timed_out, cancelled, skipped, not_run, total } = report.summary;
  assert.equal(ok + failed + timed_out + cancelled + skipped + not_run, total);
  assert.equal(total, report.results.length);
});

test("a task whose inputs were never known counts as one run that did not run", async () => {
  const path = newPath();
  const header = { ...sampleHeader, tasks: [{ ...sampleHeader.tasks[0]!, total: null }] };
  await writeReport(sampleReport([], { header, closing: null, totals: [null] }), path, ports);
  const report = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(report.summary.not_run, 1);
  assert.equal(report.results[0].item, null);
});

for (const call of ["create", "write", "syncSoon", "rename", "syncDirectory"] as const) {
  test(`writeReport() leaves the old report whole and nothing else when ${call} fails`, async () => {
    const path = newPath();
    mkdirSync(join(path, ".."));
    writeFileSync(path, "old");
    const disk = faultyDisk();
    disk.arm({ call, nth: 1, forGood: true });
    await assert.rejects(writeReport(sampleReport(results), path, { ...ports, disk }), (error) => {
      assert.ok(error instanceof ReportError);
      assert.match(error.message, /cannot write the report .*report\.json: no space is left/);
      return true;
    });
    assert.deepEqual(readdirSync(join(path, "..")), ["report.json"]);
    const content = readFileSync(path, "utf8");
    // After the rename only the name's durability is in doubt.
    if (call === "syncDirectory") JSON.parse(content);
    else assert.equal(content, "old");
  });
}

test("writeReport() is an error when a result cannot be read back", async () => {
  const path = newPath();
  const report = sampleReport(results);
  const store = {
    ...report.source.results,
    copy: () => {
      throw new Error("the journal ends within the result");
    },
  };
  await assert.rejects(
    writeReport({ ...report, source: { ...report.source, results: store } }, path, ports),
    /report\.json: the journal ends within/,
  );
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("writeReport() writes through a FIFO, and keeps a symlink that leads to a file", async () => {
  const path = newPath();
  mkdirSync(join(path, ".."));
  const fifo = path + ".fifo";
  execFileSync("mkfifo", [fifo]);
  const reader = spawn("cat", [fifo], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  reader.stdout.on("data", (chunk) => text += chunk);
  const ended = new Promise<void>((resolve) => reader.on("close", () => resolve()));
  await writeReport(sampleReport(results), fifo, ports);
  await ended;
  assert.equal(JSON.parse(text).results.length, 5);
  assert.equal(statSync(fifo).isFIFO(), true);

  const link = path + ".link";
  writeFileSync(path, "old");
  symlinkSync(path, link);
  await writeReport(sampleReport(results), link, ports);
  assert.equal(JSON.parse(readFileSync(path, "utf8")).results.length, 5);
  assert.deepEqual(readdirSync(join(path, "..")).sort(), [
    "report.json",
    "report.json.fifo",
    "report.json.link",
  ]);
});

test("probeDestinations() makes missing directories and leaves no file behind", () => {
  const path = newPath();
  assert.deepEqual(probeDestinations([{ what: "report.json", path }], [], ports), []);
  assert.deepEqual(readdirSync(join(path, "..")), []);
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
});

test("probeDestinations() names what cannot be written, and what would be overwritten", () => {
  const path = newPath();
  const directory = join(path, "..");
  mkdirSync(directory);
  const config = join(directory, "nightly.yaml");
  writeFileSync(config, "");
  symlinkSync(config, join(directory, "link.yaml"));
  symlinkSync(join(directory, "nowhere"), join(directory, "dangling"));
  const pipe = join(directory, "pipe");
  execFileSync("mkfifo", [pipe]);
  const inputs = [{ what: "the config", path: config }];
  const cases: readonly (readonly [string[], RegExp[]])[] = [
    [[directory], [/^cannot write r0 to .*: it is a directory$/]],
    [[join(config, "x")], [/not a directory/]],
    [["/proc/nothing/x"], [/^cannot write r0/]],
    [[join(directory, "dangling")], [/there is no such file/]],
    [[config], [/^r0 would overwrite the config, .*nightly.yaml: give it another path$/]],
    [[join(directory, "link.yaml")], [/r0 would overwrite the config/]],
    [[path, join(directory, ".", "report.json")], [/r1 would overwrite r0/]],
    [[pipe, pipe], [/r1 would overwrite r0/]],
    [["/dev/null", "/dev/null"], []],
  ];
  for (const [paths, messages] of cases) {
    const outputs = paths.map((path, index) => ({ what: `r${index}`, path }));
    const problems = probeDestinations(outputs, inputs, ports);
    assert.equal(problems.length, messages.length, JSON.stringify(problems));
    messages.forEach((message, index) => assert.match(problems[index]!.message, message));
  }
  assert.equal(existsSync(path), false);
});
