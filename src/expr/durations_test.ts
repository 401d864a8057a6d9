import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, makeDuration, nanosOf, parseDuration } from "./durations.ts";
import { Trouble } from "./evaluation.ts";

test("parseDuration() reads what Go and CEL read", () => {
  const table: readonly [text: string, written: string][] = [
    ["24h", "86400s"],
    ["1h30m", "5400s"],
    ["-1.5s", "-1.5s"],
    ["+250ms", "0.25s"],
    ["1us", "0.000001s"],
    ["3µs", "0.000003s"],
    ["1.000000001s", "1.000000001s"],
    ["0s", "0s"],
    ["1.s", "1s"],
  ];
  for (const [text, written] of table) assert.equal(formatDuration(parseDuration(text)), written, text);
});

test("parseDuration() refuses everything else", () => {
  for (
    const text of [
      "",
      "-",
      "10",
      "s",
      "1d",
      "1h 30m",
      "1,5s",
      "h1",
      "--1s",
      "1e3s",
      ".s",
      "9".repeat(30) + "h",
    ]
  ) {
    assert.throws(() => parseDuration(text), Trouble, text);
  }
});

test("durations keep their nanoseconds, below zero too", () => {
  const nanos = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
  fc.assert(fc.property(nanos, (value) => {
    const duration = makeDuration(value);
    assert.equal(nanosOf(duration), value);
    assert.equal(nanosOf(parseDuration(formatDuration(duration))), value);
    // The library compares by seconds and a positive rest.
    assert.ok(duration.nanos >= 0 && duration.nanos < 1e9);
  }));
});
