import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { readJournal } from "../../src/journal/read_journal.ts";
import { realDisk } from "../../src/runtime/disk.ts";
import { inBatches, inSandbox } from "../e2e/sandbox.ts";
import { makeSmallJournals, plantJournals, type SmallJournal } from "./small_journals.ts";

/** What may become of a byte on its way through a disk, a copy or an editor. */
const damages: { readonly [what: string]: (bytes: Uint8Array, at: number) => Uint8Array } = {
  "a bit flipped": (bytes, at) => replaced(bytes, at, bytes[at]! ^ (1 << at % 8)),
  "made a line end": (bytes, at) => replaced(bytes, at, 0x0a),
  "made a NUL": (bytes, at) => replaced(bytes, at, 0),
  "made a space": (bytes, at) => replaced(bytes, at, 0x20),
  "deleted": (bytes, at) => joined(bytes.subarray(0, at), bytes.subarray(at + 1)),
  "doubled": (bytes, at) => joined(bytes.subarray(0, at + 1), bytes.subarray(at)),
  "preceded by a line end": (bytes, at) =>
    joined(bytes.subarray(0, at), Uint8Array.of(0x0a), bytes.subarray(at)),
};

function replaced(bytes: Uint8Array, at: number, by: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = by;
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

interface Case {
  readonly what: string;
  readonly journal: SmallJournal;
  readonly damaged: Uint8Array;
  readonly at: number;
}

function casesAt(journal: SmallJournal, at: number): Case[] {
  return Object.entries(damages).map(([what, damage]) => ({
    what: `byte ${at} of ${journal.lines.length} lines ${what}`,
    journal,
    damaged: damage(journal.bytes, at),
    at,
  })).filter(({ damaged }) => !sameBytes(damaged, journal.bytes));
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** The byte that a message has to name: where the line begins that is not what was written. */
function isNamed({ journal, at }: Case, message: string): boolean {
  const named = Number(/is damaged at byte (\d+):/.exec(message)?.[1] ?? NaN);
  const { from, to } = journal.lines.find((line) => at < line.to)!;
  // The line may be whole, and what comes before its own end, or after, be strange.
  return named === from || (at === to - 1 && named === to);
}

/** A last line that lacks nothing but its line end is a whole record. */
function isHarmless({ journal, damaged, at }: Case): boolean {
  return at === journal.bytes.length - 1 && damaged.length === at;
}

test("readJournal() notices whatever happens to any byte, and names its line", async () => {
  const { killed, resumed } = await makeSmallJournals();
  await inSandbox(async (sandbox) => {
    const path = sandbox.path("damaged.ndjson");
    for (const journal of [killed, resumed]) {
      for (let at = 0; at < journal.bytes.length; at++) {
        for (const one of casesAt(journal, at)) {
          writeFileSync(path, one.damaged);
          const reading = readJournal(path, realDisk);
          if (reading.ok) reading.run.close();
          if (isHarmless(one)) assert.ok(reading.ok && reading.run.tornBytes === 0, one.what);
          else {assert.ok(
              !reading.ok && isNamed(one, reading.problem.message),
              `${one.what}: ${JSON.stringify(reading)}`,
            );}
        }
      }
    }
  })();
});

test("the program notices whatever happens to a byte of a journal: exit 5, with the place", async () => {
  const { resumed } = await makeSmallJournals();
  const { bytes, lines } = resumed;
  const nearEnds = lines.flatMap(({ to }) => [to - 12, to - 2, to - 1, to]);
  const atEvery = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, nth) => nth * 16);
  const places = [...new Set([...atEvery, ...nearEnds])].filter((at) => at < bytes.length);
  // Each place another damage in turn: every one of them comes to every sort of line.
  const cases = places.map((at, nth) => {
    const possible = casesAt(resumed, at);
    return possible[nth % possible.length]!;
  });
  await inBatches(cases, (one) =>
    inSandbox(async (sandbox) => {
      const [path] = plantJournals(sandbox, [{ ...resumed, bytes: one.damaged }]);
      const rebuilt = await sandbox.run(["report", path!]);
      const again = await sandbox.run(["run", "fanout.yaml", "--resume"]);
      for (const { code, stderr } of isHarmless(one) ? [] : [rebuilt, again]) {
        assert.equal(code, 5, `${one.what}: ${stderr}`);
        assert.ok(isNamed(one, stderr), `${one.what}: ${stderr}`);
      }
      assert.equal(sandbox.exists("log"), isHarmless(one), one.what);
    })());
});
