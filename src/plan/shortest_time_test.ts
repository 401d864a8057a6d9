import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../tests/fixtures/plan_of.ts";
import type { PlanFlags } from "./given.ts";
import { type InputCounts, shortestTime } from "./shortest_time.ts";

const exec = { command: ["true"] };
const many = { exec, foreach: { range: "1..1000" } };
const targets = {
  slow: { rate: "10/s" },
  burst: { rate: { limit: "10/s", burst: 100 } },
  fast: { rate: "100/s" },
  family: { rate: "1/s", per: "item" },
};

function shortest(tasks: object, counts: InputCounts, flags?: Partial<PlanFlags>) {
  const time = shortestTime(planOf({ targets, tasks }, { flags }).plan!, counts);
  return time && [time.ms, time.because];
}

test("shortestTime() knows nothing without a rate, without counts, and of one attempt", () => {
  assert.equal(shortest({ a: many }, { a: 1000 }), null);
  assert.equal(shortest({ a: { ...many, target: "slow" } }, {}), null);
  assert.equal(shortest({ a: { ...many, target: "slow" } }, { a: null }), null);
  assert.equal(shortest({ a: { exec, target: "slow" } }, { a: 1 }), null);
  assert.equal(shortest({ a: { ...many, target: "family" } }, { a: 1000 }), null);
});

test("shortestTime() counts from the first start to the last, less the burst", () => {
  const a = { ...many, target: "slow" };
  assert.deepEqual(shortest({ a }, { a: 1001 }), [100_000, "1,001 attempts at 10/s in slow"]);
  const b = { ...many, target: "burst" };
  assert.deepEqual(shortest({ b }, { b: 1100 }), [100_000, "1,100 attempts at 10/s, burst 100 in burst"]);
});

test("shortestTime() adds up the tasks of a pool", () => {
  const a = { ...many, target: "slow" };
  assert.deepEqual(shortest({ a, b: a }, { a: 500, b: 501 }), [100_000, "1,001 attempts at 10/s in slow"]);
});

test("shortestTime() adds up along needs, across pools", () => {
  const tasks = {
    a: { ...many, target: "slow" },
    b: { ...many, target: "fast", needs: ["a"] },
    c: { exec, needs: ["b"] },
  };
  const because = "101 attempts at 10/s in slow, then 1,001 attempts at 100/s in fast";
  assert.deepEqual(shortest(tasks, { a: 101, b: 1001 }), [20_000, because]);
});

test("shortestTime() lets a task that goes run by run overlap with the other", () => {
  const tasks = { a: { ...many, target: "slow" }, b: { exec, target: "fast", foreach: { from: "a" } } };
  assert.deepEqual(shortest(tasks, { a: 101, b: 501 }), [10_000, "101 attempts at 10/s in slow"]);
});

test("shortestTime() takes no run for certain that `if`, --first or --only may leave out", () => {
  const a = { ...many, target: "slow" };
  assert.equal(shortest({ a: { ...a, if: "index > 5" } }, { a: 1001 }), null);
  assert.equal(shortest({ a }, { a: 1001 }, { first: 11 })?.[0], 1_000);
  assert.equal(shortest({ a: { ...a, key: "${{ item }}" } }, { a: 1001 }, { only: ["a/1,a/2"] })?.[0], 100);
});
