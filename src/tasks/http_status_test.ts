import assert from "node:assert/strict";
import { test } from "node:test";
import { meaningOf, parseHttpDate, retryAfter, statusSet } from "./http_status.ts";

test("statusSet() takes numbers and ranges", () => {
  const isOk = statusSet(["200-299", 404, "500"]);
  const seen = [199, 200, 299, 300, 404, 405, 500, 1_234].map(isOk);
  assert.deepEqual(seen, [false, true, true, false, true, false, true, false]);
});

const now = Date.UTC(2026, 10, 21, 12, 0, 0);
const dates: readonly (readonly [string | undefined, string | undefined, number | null])[] = [
  [undefined, undefined, null],
  ["0", undefined, 0],
  ["120", undefined, 120_000],
  [" 1.5 ", undefined, 1_500],
  ["-5", undefined, null],
  ["soon", undefined, null],
  ["", undefined, null],
  ["99999999999999999999", undefined, null],
  ["Sat, 21 Nov 2026 12:00:30 GMT", undefined, 30_000],
  ["Sat, 21 Nov 2026 12:00:30 GMT", "Sat, 21 Nov 2026 12:00:20 GMT", 10_000],
  ["Sat, 21 Nov 2026 12:00:30 GMT", "garbage", 30_000],
  ["Saturday, 21-Nov-26 12:00:30 GMT", undefined, 30_000],
  ["Sat Nov 21 12:00:30 2026", undefined, 30_000],
  ["Sat, 21 Nov 2026 11:00:00 GMT", undefined, 0],
  ["2026-11-21", undefined, null],
];

for (const [value, date, expected] of dates) {
  test(`retryAfter() reads ${value ?? "nothing"} against ${date ?? "the clock"}`, () => {
    assert.equal(retryAfter(value, date, now), expected);
  });
}

test("parseHttpDate() refuses what is no HTTP date", () => {
  const wrong = ["1", "now", "Sat", "Sat, nonsense", "Sat, 31 Feb", "Sat, 31 Feb 2026 12:00:00 GMT"];
  for (const text of [...wrong, "Sat, 21 Nov 2026 12:00:00", "Sat, 21 Nov 2026 25:00:00 GMT"]) {
    assert.equal(parseHttpDate(text), null, text);
  }
});

const rows: readonly (readonly [number, number | null, boolean, boolean, boolean])[] = [
  // status, retry-after, harmless, first hop, retryable
  [408, null, true, true, true],
  [429, null, true, true, true],
  [500, null, true, true, true],
  [502, null, true, true, true],
  [503, null, true, true, true],
  [504, null, true, true, true],
  [501, null, true, true, false],
  [505, null, true, true, false],
  [400, null, true, true, false],
  [404, null, true, true, false],
  [409, null, true, true, false],
  [425, null, true, true, false],
  [500, null, false, true, false],
  [503, null, false, true, false],
  [503, 0, false, true, true],
  [429, 1_000, false, true, true],
  [500, 1_000, false, true, false],
  [503, 1_000, false, false, false],
  [503, 1_000, true, false, true],
];

for (const [status, after, harmless, isFirstHop, retryable] of rows) {
  const words = `${status}, ${harmless ? "harmless" : "harmful"}, ${
    after === null ? "no" : `${after} ms`
  } retry-after`;
  test(`meaningOf() a failed status: ${words}, ${isFirstHop ? "first" : "later"} hop`, () => {
    const meaning = meaningOf(status, after, { harmless, isFirstHop });
    assert.equal(meaning.retryable, retryable);
    assert.equal(meaning.unhealthy, status >= 500);
    assert.equal(meaning.throttled, status === 429 || status === 503);
  });
}
