import assert from "node:assert/strict";
import { test } from "node:test";
import { end, Fault } from "../inputs/items.ts";
import type { Ending } from "../model/outcome.ts";
import { noSpool } from "../runtime/spool.ts";
import { FromEdge } from "./from_edge.ts";
import type { Payload } from "./payload.ts";

function makeEdge() {
  const made = { released: 0 };
  const edge = new FromEdge({
    producer: "a",
    hasEach: true,
    spool: noSpool,
    onRelease: () => void made.released++,
  });
  return Object.assign(made, { edge });
}

const payload = (index: number) =>
  ({ index, item: null, matrix: null, key: null, id: "", vars: {} }) satisfies Payload;

const entry = (index: number, ending: Ending, elements: readonly number[] = []) => ({
  payload: payload(index),
  ending,
  outputs: null,
  saved: null,
  elements,
});

test("FromEdge gives elements while their run goes on, to who waits for them too", async () => {
  const { edge } = makeEdge();
  const waiting = edge.next();
  edge.give("first", 3);
  assert.deepEqual([await waiting, edge.lastOrigin], ["first", 3]);
  edge.give("second", 3);
  edge.push(entry(3, { outcome: "ok" }));
  edge.push(entry(4, { outcome: "ok" }, [41, 42]));
  edge.finish();
  assert.deepEqual([edge.next(), edge.next(), edge.next(), edge.next()], ["second", 41, 42, end]);
  assert.equal(edge.lastOrigin, 4);
});

test("FromEdge adds one fault for a run that gave some and then ended badly", () => {
  const { edge } = makeEdge();
  edge.give("stands", 0);
  edge.push(entry(0, { outcome: "timed_out", error: { code: "timeout", message: "late", retryable: true } }));
  assert.equal(edge.next(), "stands");
  const fault = edge.next() as Fault;
  assert.deepEqual([fault.message, fault.skip], [
    'the run of "a" it comes from ended timed_out',
    "dependency",
  ]);
});

test("FromEdge holds its producer back past a thousand items, and lets it go when they are taken", () => {
  const made = makeEdge();
  const { edge } = made;
  edge.push(entry(0, { outcome: "ok" }, Array.from({ length: 1_005 }, (_, i) => i)));
  assert.equal(edge.holdsBack(), true);
  for (let taken = 0; taken < 4; taken++) edge.next();
  assert.equal(made.released, 0);
  // Whoever takes it may end none of its runs for that: a filter, a batch.
  edge.next();
  assert.equal(made.released, 1);
  assert.equal(edge.holdsBack(), false);
  edge.next();
  assert.equal(made.released, 1);
});

test("FromEdge lets its producer go when nobody wants anything any more", () => {
  const made = makeEdge();
  const { edge } = made;
  edge.push(entry(0, { outcome: "ok" }, Array.from({ length: 2_000 }, (_, i) => i)));
  assert.equal(edge.holdsBack(), true);
  edge.close();
  edge.give("late", 1);
  assert.deepEqual([made.released, edge.holdsBack(), edge.next()], [1, false, end]);
});
