import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { openEarlierRuns } from "../../src/journal/earlier_runs.ts";
import { readJournal, recordId, recordResult } from "../../src/journal/read_journal.ts";
import type { EarlierEnd } from "../../src/model/run_record.ts";
import { realDisk } from "../../src/runtime/disk.ts";
import { inBatches, inSandbox, type Sandbox } from "../e2e/sandbox.ts";
import {
  knownAt,
  makeSmallJournals,
  plantJournals,
  smallInputs,
  type SmallJournal,
} from "./small_journals.ts";

/** The ids of all inputs, from the journal that has an end for each. */
function idsOf(path: string): Map<string, string> {
  const ids = new Map<string, string>();
  const reading = readJournal(path, realDisk, (record) => {
    ids.set(JSON.parse(recordResult(record)).item, recordId(record));
  });
  assert.ok(reading.ok);
  reading.run.close();
  return ids;
}

test(
  "openEarlierRuns() of a journal cut at any byte knows every whole line, and nothing else",
  inSandbox(async (sandbox) => {
    const { killed, resumed } = await makeSmallJournals();
    // Thousands of real locks would take most of the time.
    const disk = { ...realDisk, tryLock: async () => ({ release() {} }) };
    const [older, newer] = plantJournals(sandbox, [killed, resumed]) as [string, string];
    const ids = idsOf(newer);
    const check = async (path: string, { name, bytes, lines }: SmallJournal, before: Map<string, string>) => {
      const directory = path.slice(0, path.lastIndexOf("/"));
      for (let size = 0; size <= bytes.length; size++) {
        writeFileSync(path, bytes.subarray(0, size));
        const reading = await openEarlierRuns(directory, name.replace(".ndjson", ""), disk);
        if (size < lines[0]!.to - 1) {
          assert.ok(reading.kind === "problem" && reading.problem.code === "empty", String(size));
          continue;
        }
        assert.ok(reading.kind === "found", `${size}: ${JSON.stringify(reading)}`);
        const expected = new Map([...before, ...knownAt(lines, size)]);
        for (const [item, id] of ids) {
          const found: EarlierEnd | null = reading.runs.find(id);
          const word: string | undefined = found === null
            ? undefined
            : found.kind === "lost"
            ? "lost"
            : found.outcome;
          assert.equal(word, expected.get(item), `${item} in ${size} bytes`);
        }
        reading.runs.close();
      }
    };
    await check(newer, resumed, knownAt(killed.lines, killed.bytes.length));
    await check(older, killed, new Map());
  }),
);

/** Before, in and after every line. */
function cuts({ lines }: SmallJournal): number[] {
  const sizes = lines.flatMap(({ from, to }) => [from, (from + to) >> 1, to - 2, to - 1]);
  return [...new Set([...sizes, lines.at(-1)!.to])];
}

test(
  "a run whose journal was cut at any byte is resumed: what is in it stands, what may have happened is not repeated",
  async () => {
    const { killed, resumed } = await makeSmallJournals();
    const everySize = Array.from({ length: resumed.bytes.length + 1 }, (_, size) => size);
    await inBatches(everySize, (size) =>
      inSandbox(async (sandbox) => {
        plantJournals(sandbox, [killed, { ...resumed, bytes: resumed.bytes.subarray(0, size) }]);
        const known = [...knownAt(killed.lines, killed.bytes.length), ...knownAt(resumed.lines, size)];
        await checkResumed(sandbox, new Map(known), `the second cut at ${size}`);
      })());
    await inBatches(cuts(killed), (size) =>
      inSandbox(async (sandbox) => {
        plantJournals(sandbox, [{ ...killed, bytes: killed.bytes.subarray(0, size) }]);
        const isNothing = size < killed.lines[0]!.to - 1;
        await checkResumed(
          sandbox,
          isNothing ? null : knownAt(killed.lines, size),
          `the first cut at ${size}`,
        );
      })());
  },
);

/** @param ends by input; null when there is nothing to resume */
async function checkResumed(
  sandbox: Sandbox,
  ends: ReadonlyMap<string, string> | null,
  where: string,
): Promise<void> {
  const flags = ["run", "fanout.yaml", "--report", "report.json", "--resume"];
  const { code, stderr, report } = await sandbox.finish(sandbox.start(flags, { stdin: smallInputs }));
  const log = sandbox.exists("log") ? sandbox.read("log").trim().split("\n") : [];
  if (ends === null) {
    assert.equal(code, 2, `${where}: ${stderr}`);
    return assert.deepEqual(log, [], where);
  }
  assert.equal(report.results.length, 4, where);
  for (const { item, outcome, error } of report.results) {
    const before = ends.get(item);
    const happened = log.filter((line: string) => line === item).length;
    const what: string = `${where}: ${item} was ${before}, is ${outcome}, happened ${happened} times`;
    // The first run was killed in the middle of `c`.
    const isUnknown: boolean = before === "lost" || (item === "c" && before === "failed");
    if (isUnknown) assert.equal(error?.code, "outcome_unknown", what);
    else assert.equal(outcome, "ok", what);
    assert.equal(happened, before === "ok" || isUnknown ? 0 : 1, what);
  }
}
