import assert from "node:assert/strict";
import { test } from "node:test";
import { printable, writtenBytes, writtenCount, writtenDuration } from "./written.ts";

const durations: readonly (readonly [number, string])[] = [
  [0, "0ms"],
  [0.1234, "0.123ms"],
  [250, "250ms"],
  [999.4, "999ms"],
  [999.9, "1s"],
  [1000, "1s"],
  [1234.5, "1.23s"],
  [30_000, "30s"],
  [59_940, "59.9s"],
  [59_990, "1m"],
  [60_000, "1m"],
  [90_400, "1m30s"],
  [3_599_900, "1h"],
  [3_605_000, "1h5s"],
  [5_400_000, "1h30m"],
  [86_400_000, "1d"],
  [90_061_000, "1d1h1m1s"],
  [Infinity, "Infinity"],
];

test("writtenDuration() writes as the config does", () => {
  for (const [ms, text] of durations) assert.equal(writtenDuration(ms), text);
});

const sizes: readonly (readonly [number, string])[] = [
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [1024, "1KiB"],
  [1536, "1.5KiB"],
  [65_536, "64KiB"],
  [1_048_576, "1MiB"],
  [50_000_000, "50MB"],
  [10_000_000, "10MB"],
  [2 ** 30, "1GiB"],
  [1_234_567, "1.23MB"],
  [123_456_789, "123MB"],
];

test("writtenBytes() keeps the unit that was meant", () => {
  for (const [bytes, text] of sizes) assert.equal(writtenBytes(bytes), text);
});

test("writtenCount() groups thousands", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(writtenCount), ["0", "999", "1,000", "1,234,567"]);
});

test("printable() lets no data move the cursor", () => {
  assert.equal(printable("a\x1b[2Jb\nc\td\u202ee é 漢"), "a\\x1b[2Jb\\nc\\td\\u202ee é 漢");
});
