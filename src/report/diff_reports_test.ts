import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../tests/simulation/virtual_clock.ts";
import { failedResult, sampleReport, sampleResult } from "../../tests/support/sample_run.ts";
import type { Result } from "../model/result.ts";
import { type DiffEntry, diffReports } from "./diff_reports.ts";
import { diffMarkdown, diffText } from "./render_diff.ts";
import { renderSourceOf } from "./render_source.ts";

function diffOf(before: readonly Result[], after: readonly Result[]) {
  return diffReports(renderSourceOf(sampleReport(before)), renderSourceOf(sampleReport(after)));
}

function keys(list: readonly DiffEntry[]): (string | null)[] {
  return list.map(({ key }) => key);
}

test("diffReports() tells newly failing, recovered, still failing, added and removed apart, by key", () => {
  const before = [
    sampleResult(0, { key: "same" }),
    sampleResult(1, { key: "breaks" }),
    failedResult(2, "no", { key: "heals" }),
    failedResult(3, "no", { key: "stays" }),
    sampleResult(4, { key: "goes" }),
  ];
  const after = [
    failedResult(0, "new", { key: "stays" }),
    sampleResult(1, { key: "comes" }),
    sampleResult(2, { key: "heals" }),
    failedResult(3, "new", { key: "breaks" }),
    failedResult(4, "new", { key: "comes broken" }),
    sampleResult(5, { key: "same" }),
  ];
  const diff = diffOf(before, after);
  assert.deepEqual(keys(diff.newlyFailing), ["breaks", "comes broken"]);
  assert.deepEqual(diff.newlyFailing.map(({ was, now }) => [was, now]), [["ok", "failed"], [null, "failed"]]);
  assert.deepEqual(keys(diff.recovered), ["heals"]);
  assert.deepEqual(keys(diff.stillFailing), ["stays"]);
  assert.deepEqual(keys(diff.added), ["comes", "comes broken"]);
  assert.deepEqual(keys(diff.removed), ["goes"]);
  assert.deepEqual(diff.counts, {
    newlyFailing: 2,
    recovered: 1,
    stillFailing: 1,
    slowerTasks: 0,
    slower: 0,
    added: 2,
    removed: 1,
    unchanged: 1,
  });
});

test("diffReports() matches runs without a key by item and matrix, equal ones by their number", () => {
  const of = (index: number, change: Partial<Result>) => sampleResult(index, { key: null, ...change });
  const before = [
    of(0, { item: { b: 1, a: 2 } }),
    of(1, { item: "x" }),
    of(2, { item: "x" }),
    of(3, { item: 1, matrix: { size: 1 } }),
  ];
  const after = [
    of(0, { item: 1, matrix: { size: 2 } }),
    of(1, { item: "x" }),
    of(2, { item: { a: 2, b: 1 } }),
  ];
  const diff = diffOf(before, after);
  assert.deepEqual(diff.added.map(({ index }) => index), [0]);
  assert.deepEqual(diff.removed.map(({ index }) => index), [2, 3]);
  assert.equal(diff.counts.unchanged, 2);
});

const fine: readonly (readonly [what: string, change: Partial<Result>, isFine: boolean])[] = [
  ["ok", {}, true],
  ["skipped by its if", { outcome: "skipped", reason: "if" }, true],
  ["an allowed failure", { outcome: "failed", allowed: true }, true],
  ["skipped for a dependency", { outcome: "skipped", reason: "dependency" }, false],
  ["timed out", { outcome: "timed_out" }, false],
  ["cancelled", { outcome: "cancelled" }, false],
  ["not run", { outcome: "not_run" }, false],
];

for (const [what, change, isFine] of fine) {
  test(`diffReports() takes ${what} for ${isFine ? "fine" : "a failure"}`, () => {
    const { counts } = diffOf([sampleResult(0)], [sampleResult(0, change)]);
    assert.deepEqual([counts.newlyFailing, counts.unchanged], isFine ? [0, 1] : [1, 0]);
  });
}

/** Runs of about `ms`, by a factor of up to `noise` more or less. */
function paced(seed: number, count: number, ms: number, noise: number): Result[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const durationMs = ms * noise ** (2 * random() - 1);
    return sampleResult(i, { durationMs });
  });
}

test("diffReports() takes noise for noise, however large", () => {
  for (let seed = 1; seed <= 40; seed++) {
    for (const [count, noise] of [[200, 1.2], [200, 3], [20, 2], [6, 2]] as const) {
      const diff = diffOf(paced(seed, count, 300, noise), paced(seed + 1_000, count, 300, noise));
      assert.equal(diff.counts.slowerTasks, 0, `seed ${seed}, ${count} runs, noise ${noise}`);
      assert.ok(diff.counts.slower <= count / 100, `${diff.counts.slower} of ${count} are slower`);
    }
  }
});

test("diffReports() finds a task that became slower, and the single run that did", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const before = paced(seed, 100, 200, 1.5);
    const half = diffOf(before, paced(seed + 1_000, 100, 320, 1.5));
    assert.deepEqual(half.slowerTasks.map(({ task }) => task), ["details"], `seed ${seed}`);
    assert.ok(Math.abs(half.slowerTasks[0]!.ratio - 1.6) < 0.35, `${half.slowerTasks[0]!.ratio}`);
    const one = paced(seed + 1_000, 100, 200, 1.5);
    one[42] = { ...one[42]!, durationMs: 9_000 };
    const diff = diffOf(before, one);
    assert.deepEqual(diff.slower.map(({ index }) => index), [42], `seed ${seed}`);
    assert.equal(diff.counts.slowerTasks, 0);
  }
});

test("diffReports() of the one run of a task asks for twice the time and a second more", () => {
  const of = (durationMs: number) => [sampleResult(0, { durationMs })];
  const times = [[100, 900], [5_000, 9_000], [1_000, 1_900], [1_000, 2_500]] as const;
  assert.deepEqual(times.map(([was, now]) => diffOf(of(was), of(now)).counts.slower), [0, 0, 0, 1]);
});

test("diffText() puts what failed of itself first, cuts long lists, and escapes what data says", () => {
  const before = Array.from({ length: 60 }, (_, i) => sampleResult(i));
  const after = before.map((result, i) =>
    i === 59
      ? failedResult(59, "\x1b[31mred\nline", { key: "evil\x07" })
      : { ...result, outcome: "skipped" as const, reason: "dependency" as const }
  );
  const text = diffText(diffOf(before, after));
  const lines = text.split("\n");
  assert.match(lines[0]!, /^nightly: 60 newly failing, 1 added, 1 removed \(.* failed, .* failed\)$/);
  assert.equal(lines[2], "Newly failing (60)");
  assert.ok(lines[3]!.includes("evil") && lines[3]!.includes("http_status"), lines[3]);
  assert.ok(lines.includes("  … and 40 more"));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\x00-\x1f]/);
});

test("diffText() of two equal runs says so in one line", () => {
  const text = diffText(diffOf([sampleResult(0)], [sampleResult(0)]));
  assert.match(text, /^nightly: no change \(2026-.* failed, 2026-.* failed\)\n$/);
});

test("diffMarkdown() lets no markup of the data through", () => {
  const key = "<script>|`*[x](y)";
  const text = diffMarkdown(diffOf([sampleResult(0, { key })], [failedResult(0, "<b>", { key })]));
  assert.match(text, /^## nightly&#58; 1 newly failing/);
  assert.match(text, /### Newly failing \(1\)\n\n\| task run \| what \|\n\| --- \| --- \|\n\| details/);
  assert.doesNotMatch(text, /<script|<b>|\[x\]/);
});
