import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { foreachPlan, matrixPlan, taskPlan } from "../../tests/support/input_context.ts";
import type { Value } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import { cannotBeEqual, identifyInputs } from "./identify.ts";

const list = foreachPlan({ source: "list", items: [] });
const input = (index: number, item: Value, matrix: { [name: string]: Value } | null = null) => ({
  index,
  item,
  matrix,
});

test("identifyInputs() goes by task and key alone", () => {
  const task = taskPlan({ foreach: list, key: "${{ item.id }}" });
  const { id } = identifyInputs(task)(input(0, { id: 1 }), "1");
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(identifyInputs(task)(input(7, { id: 1, more: true }, { n: 1 }), "1").id, id);
  assert.notEqual(identifyInputs(task)(input(0, { id: 1 }), "2").id, id);
  assert.notEqual(identifyInputs({ ...task, name: "other" })(input(0, { id: 1 }), "1").id, id);
});

test("identifyInputs() names who had the same key before, and still gives an identity of its own", () => {
  const identify = identifyInputs(taskPlan({ foreach: list, key: "${{ item }}" }));
  const ids = [["a", 0], ["b", 1], ["a", 2], ["a", 3]].map(([key, index]) =>
    identify(input(index as number, null), key as string)
  );
  assert.deepEqual(ids.map((identity) => identity.duplicateOf), [null, null, 0, 0]);
  assert.equal(new Set(ids.map((identity) => identity.id)).size, 4);
});

test("identifyInputs() numbers equal items, so that reordering others changes nothing", () => {
  const task = taskPlan({ foreach: list });
  const idsOf = (...items: Value[]) => {
    const identify = identifyInputs(task);
    return items.map((item, index) => identify(input(index, item), null).id);
  };
  const [a1, b1, a2, a3] = idsOf({ x: 1, y: 2 }, "b", { y: 2, x: 1 }, { x: 1, y: 2 });
  assert.equal(new Set([a1, b1, a2, a3]).size, 4);
  assert.deepEqual(idsOf("new", "b", { x: 1, y: 2 }, { x: 1, y: 2 }, { x: 1, y: 2 }).slice(1), [
    b1,
    a1,
    a2,
    a3,
  ]);
});

test("identifyInputs() tells text from number, item from matrix, and a key from content", () => {
  const task = taskPlan({ foreach: list, matrix: matrixPlan({ n: [1] }) });
  const ids = [
    identifyInputs(task)(input(0, 1), null),
    identifyInputs(task)(input(0, "1"), null),
    identifyInputs(task)(input(0, null, { n: 1 }), null),
    identifyInputs(task)(input(0, { n: 1 }), null),
    identifyInputs(task)(input(0, null), "1"),
    identifyInputs(task)(input(0, null), ""),
    identifyInputs(task)(input(0, null), null),
  ];
  assert.equal(new Set(ids.map(({ id }) => id)).size, ids.length);
});

test("identifyInputs() gives every input another identity, whatever the items", () => {
  fc.assert(fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 50 }), (items) => {
    const identify = identifyInputs(taskPlan({ foreach: list }));
    const ids = items.map((item, index) => identify(input(index, item as Value), null).id);
    assert.equal(new Set(ids).size, items.length);
  }));
});

const range = foreachPlan({ source: "range", range: "1..9" }, { as: "n" });
const differing: readonly (readonly [string, Partial<TaskPlan>, boolean])[] = [
  ["one input", {}, true],
  ["a range", { foreach: range }, true],
  ["a range in batches", { foreach: { ...range, batch: 2 } }, false],
  ["a range with a matrix", { foreach: range, matrix: matrixPlan({ n: [1, 1] }) }, false],
  ["a list", { foreach: list }, false],
  ["a range by its item", { foreach: range, key: "user-${{ item }}" }, true],
  ["a range by its item's name", { foreach: range, key: "${{n}}" }, true],
  ["a range by something else", { foreach: range, key: "${{ n % 2 }}" }, false],
  ["a range by two expressions", { foreach: range, key: "${{ n }}${{ n }}" }, false],
  ["a range by a fixed text", { foreach: range, key: "x" }, false],
  ["a list by its item", { foreach: list, key: "${{ item }}" }, false],
  ["a list by its index", { foreach: list, key: "${{ index }}" }, true],
];
for (const [name, more, expected] of differing) {
  test(`cannotBeEqual() is ${expected} for ${name}`, () => {
    assert.equal(cannotBeEqual(taskPlan(more)), expected);
  });
}
