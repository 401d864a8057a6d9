import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaker } from "./breaker.ts";

test("a probe that fails opens it for its whole time, whatever the probes beside it find", () => {
  const breaker = new Breaker({
    failureRate: 0.5,
    windowMs: 1_000,
    minCalls: 2,
    openForMs: 100,
    giveUpAfterMs: 10_000,
  });
  for (const now of [1, 2]) breaker.record(false, 0, now, 8);
  assert.equal(breaker.allowance(101, 8), 0);
  breaker.record(true, 102, 103, 8);
  breaker.record(true, 103, 104, 8);
  assert.equal(breaker.allowance(105, 8), 4);
  // Four are out from 105 on.
  breaker.record(false, 105, 110, 8);
  for (const now of [111, 112, 113]) breaker.record(true, 105, now, 8);
  assert.equal(breaker.allowance(209, 8), 0);
  assert.equal(breaker.allowance(210, 8), 1);
});
