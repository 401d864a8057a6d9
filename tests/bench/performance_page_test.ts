import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "./median.ts";
import { comparisonText, growthText } from "./performance_page.ts";

test("median() is the middle one, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 20]), 3);
  assert.equal(median([4, 1, 3, 20]), 3.5);
});

test("comparisonText() shows what was measured, and names what could not be", () => {
  const contender = (name: string) => ({ name, needs: [], command: [] });
  const comparison = { title: "Work", details: "What is done.", directory: "", contenders: [] };
  const text = comparisonText(comparison, [
    {
      contender: contender("fanout"),
      median: { wallMs: 1234, cpuMs: 56.7, peakBytes: 2 ** 25 },
      fanoutTakes: null,
    },
    { contender: contender("other"), median: { wallMs: 617, cpuMs: null, peakBytes: null }, fanoutTakes: 2 },
    { contender: contender("gone"), median: "gone is not installed", fanoutTakes: null },
  ]);
  assert.equal(
    text,
    `## Work

What is done.

|        |                  time | CPU time | peak memory | fanout takes |
| ------ | --------------------: | -------: | ----------: | -----------: |
| fanout |                1.23 s |  56.7 ms |      32 MiB |              |
| other  |                617 ms |          |             |       2.00 × |
| gone   | gone is not installed |          |             |              |
`,
  );
});

test("growthText() shows what one more task run takes and holds", () => {
  const point = (count: number, liveBytes: number) => ({
    count,
    wallMs: count / 100,
    cpuMs: null,
    peakBytes: null,
    liveBytes,
  });
  const text = growthText({ title: "Growth", measure: () => Promise.resolve([]) }, [
    point(10_000, 2 ** 20),
    point(1_000_000, 2 ** 20 + 8 * 990_000),
  ]);
  assert.match(text, /\| 10,000 +\| 100 ms +\| 10.0 µs \| +\| +\| +1 MiB \| +\|\n/);
  assert.match(text, /\| 1,000,000 +\| 10.0 s +\| 10.0 µs \| +\| +\| +9 MiB \| +8.0 B \|\n/);
});
