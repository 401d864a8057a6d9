import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./near.ts";

const keys = ["min", "max", "retry", "timeout", "okStatus", "http"];

const cases: readonly (readonly [given: string, meant: string | undefined])[] = [
  ["retyr", "retry"],
  ["retries", "retry"],
  ["ok_status", "okStatus"],
  ["TIMEOUT", "timeout"],
  ["minimum", "min"],
  ["htpp", "http"],
  ["parallelism", undefined],
  ["m", undefined],
];

for (const [given, meant] of cases) {
  test(`nearest() takes ${given} for ${meant ?? "no known word"}`, () => {
    assert.equal(nearest(given, keys), meant);
  });
}
