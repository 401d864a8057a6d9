import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Buffer } from "node:buffer";
import { inBatches, inSandbox, type Sandbox } from "../e2e/sandbox.ts";
import { openEarlierRuns } from "../../src/journal/earlier_runs.ts";
import type { EarlierEnd } from "../../src/model/run_record.ts";
import { configDirectory } from "../../src/journal/state_directory.ts";
import { realDisk } from "../../src/runtime/disk.ts";

/** Every run leaves a line in `log`; `c` fails while there is a file `bad`. */
const config = `
version: 1
name: cut
targets: { one: { concurrency: 1 } }
tasks:
  items: { target: one, idempotent: true, exec: { command: [echo, '["x","y"]'] }, outputs: { first: "json[0]" } }
  each: { target: one, foreach: { from: items, each: json }, exec: { shell: 'echo "each $X" >> log', env: { X: "\${{ item }}" } } }
  work:
    target: one
    foreach: [a, b, c]
    exec: { shell: 'echo "work $X" >> log; test "$X" != c || test ! -e bad', env: { X: "\${{ item }}" } }
  last: { target: one, idempotent: true, needs: { work: done }, exec: { shell: "echo last >> log" } }
`;

interface Line {
  /** Where it begins, and one past its line end. */
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly id: string | undefined;
  readonly outcome: string | undefined;
}

function linesOf(journal: Uint8Array): Line[] {
  const lines: Line[] = [];
  for (let from = 0; from < journal.length;) {
    const to = journal.indexOf(10, from) + 1;
    const { type, id, outcome } = JSON.parse(new TextDecoder().decode(journal.subarray(from, to)));
    lines.push({ from, to, type, id, outcome });
    from = to;
  }
  return lines;
}

/** What is known of each id when the journal ends at `size`: a line lacks nothing when only its line end is missing. */
function known(lines: readonly Line[], size: number): Map<string, string> {
  const ends = new Map<string, string>();
  for (const { to, type, id, outcome } of lines) {
    if (to - 1 > size || id === undefined || type === "list") continue;
    ends.set(id, type === "begin" ? "lost" : outcome!);
  }
  return ends;
}

function stateDirectory(sandbox: Sandbox): string {
  const [name] = readdirSync(sandbox.path("state/fanout"));
  return sandbox.path(`state/fanout/${name}`);
}

/** The journal of a run in which `c` failed, and of one that went on with it and was cut. */
async function makeJournals(sandbox: Sandbox): Promise<{ directory: string; names: string[] }> {
  sandbox.write("bad", "");
  for (const flags of [[], ["--resume"]]) {
    const { code, stderr } = await sandbox.runConfig(config, flags);
    assert.equal(code, 1, stderr);
  }
  sandbox.unlink("bad");
  const directory = stateDirectory(sandbox);
  return { directory, names: readdirSync(directory).filter((name) => name.endsWith(".ndjson")).sort() };
}

test(
  "openEarlierRuns() of a journal cut anywhere knows every whole line, and nothing else",
  inSandbox(async (sandbox) => {
    const { directory, names: [first] } = await makeJournals(sandbox);
    const whole = readFileSync(join(directory, first!));
    const lines = linesOf(whole);
    const ids = new Set(lines.flatMap(({ id, type }) => id && type !== "list" ? [id] : []));
    const place = sandbox.path("cut");
    realDisk.makeDirectory(place);
    // Thousands of real locks would take most of the time.
    const disk = { ...realDisk, tryLock: async () => ({ release() {} }) };
    const ends = lines.map(({ to }) => to);
    for (let size = 0; size <= whole.length; size++) {
      // Every byte near a line's end, where it matters; some of those within it.
      if (size % 8 !== 0 && !ends.some((end) => Math.abs(end - size) < 4)) continue;
      writeFileSync(join(place, "r.ndjson"), whole.subarray(0, size));
      const reading = await openEarlierRuns(place, "r", disk);
      if (size < lines[0]!.to - 1) {
        assert.ok(reading.kind === "problem" && reading.problem.code === "empty", String(size));
        continue;
      }
      assert.ok(reading.kind === "found", `${size}: ${JSON.stringify(reading)}`);
      const expected = known(lines, size);
      for (const id of ids) {
        const found: EarlierEnd | null = reading.runs.find(id);
        const word: string | undefined = found === null
          ? undefined
          : found.kind === "lost"
          ? "lost"
          : found.outcome;
        assert.equal(word, expected.get(id), `${id} in ${size} bytes`);
      }
      reading.runs.close();
    }
  }),
);

/** Before, in and after every line. */
function cuts(lines: readonly Line[]): number[] {
  const sizes = lines.flatMap(({ from, to }) => [from, (from + to) >> 1, to - 2, to - 1]);
  return [...new Set([...sizes, lines.at(-1)!.to])];
}

/** `work "a"` by the id of its task run. */
function namesOf(journal: Uint8Array): Map<string, string> {
  const records = new TextDecoder().decode(journal).trim().split("\n").map((line) => JSON.parse(line));
  return new Map(
    records.filter(({ type }) => type === "run" || type === "kept").map(({ id, result }) => [
      id,
      nameOf(result),
    ]),
  );
}

function nameOf({ task, item }: { readonly task: string; readonly item: string | null }): string {
  return item === null ? task : `${task} ${item}`;
}

test(
  "a run whose journal was cut anywhere is resumed: what is in it stands, what may have happened is not repeated",
  inSandbox(async (sandbox) => {
    const { directory, names } = await makeJournals(sandbox);
    const [first, second] = names.map((name) => readFileSync(join(directory, name))) as [Buffer, Buffer];
    const [firstLines, secondLines] = [linesOf(first), linesOf(second)];
    const cases = [
      ...cuts(firstLines).map((size) => ({ older: size, newer: 0 })),
      ...cuts(secondLines).map((size) => ({ older: first.length, newer: size })),
    ];
    await inBatches(cases, ({ older, newer }) =>
      inSandbox(async (copy) => {
        copy.write("fanout.yaml", config);
        const place = configDirectory(copy.path("state/fanout"), "cut", copy.path("fanout.yaml"));
        realDisk.makeDirectory(place);
        writeFileSync(join(place, names[0]!), first.subarray(0, older));
        if (newer > 0) writeFileSync(join(place, names[1]!), second.subarray(0, newer));
        const ends = new Map([...known(firstLines, older), ...known(secondLines, newer)]);
        const isNothing = older < firstLines[0]!.to - 1;
        const named = namesOf(first);
        const expected = new Map([...ends].map(([id, end]) => [named.get(id)!, end]));
        await checkResumed(copy, isNothing ? null : expected, `cut at ${older} and ${newer}`);
      })());
  }),
);

/** @param ends by name of the task run; null when there is nothing to resume */
async function checkResumed(
  sandbox: Sandbox,
  ends: ReadonlyMap<string, string> | null,
  where: string,
): Promise<void> {
  const { code, stderr, report } = await sandbox.runConfig(config, ["--resume"]);
  const log = sandbox.exists("log") ? sandbox.read("log").trim().split("\n") : [];
  if (ends === null) {
    assert.equal(code, 2, `${where}: ${stderr}`);
    return assert.deepEqual(log, [], where);
  }
  assert.equal(report.results.length, 7, where);
  for (const result of report.results) {
    const name = nameOf(result);
    const before: string | undefined = ends.get(name);
    const happened = log.filter((line: string) => line === name).length;
    const what: string = `${where}: ${name} was ${before}, is ${result.outcome}, happened ${happened} times`;
    const isUnknown: boolean = before === "lost" && (result.task === "work" || result.task === "each");
    if (isUnknown) assert.equal(result.error?.code, "outcome_unknown", what);
    else assert.equal(result.outcome, "ok", what);
    if (result.task !== "items") assert.equal(happened, before === "ok" || isUnknown ? 0 : 1, what);
  }
}
