import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionOf } from "./condition.ts";
import { ExpressionError } from "./expression.ts";
import type { Value } from "./json.ts";

const conditionThatGives = (value: Value) =>
  conditionOf({ source: "item.ok", type: "dyn", names: new Set(["item"]), evaluate: () => value });

test("holds() gives what the expression gives", () => {
  assert.equal(conditionThatGives(true).holds({}), true);
  assert.equal(conditionThatGives(false).holds({}), false);
});

const others: readonly (readonly [Value, string])[] = [
  [1, "the number 1"],
  [0n, "the number 0"],
  ["true", "a text"],
  ["", "an empty text"],
  [null, "null"],
  [[true], "a list"],
  [{}, "a map"],
];

for (const [value, name] of others) {
  test(`holds() takes ${name} for neither yes nor no`, () => {
    assert.throws(() => conditionThatGives(value).holds({}), (error: Error) => {
      assert.ok(error instanceof ExpressionError);
      assert.equal(
        error.message,
        `cannot evaluate \`item.ok\`: it gives ${name}, and a condition gives true or false: compare it with something`,
      );
      return true;
    });
  });
}
