import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionOf } from "./condition.ts";
import { type Expression, ExpressionError } from "./expression.ts";
import type { Value } from "./json.ts";

const expressionThatGives = (
  source: string,
  evaluate: () => Value,
  operands: readonly Expression[] = [],
) => ({
  source,
  type: "dyn",
  names: new Set(["item"]),
  evaluate,
  operands: () => operands,
});

const conditionThatGives = (value: Value) => conditionOf(expressionThatGives("item.ok", () => value));

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

const mask = (text: string) => text.replaceAll("s3cret-token", "***");

test("found() shows what was compared, masked, and passes over what has no value", () => {
  const nothing = () => {
    throw new ExpressionError('json has no "b"');
  };
  const condition = conditionOf(expressionThatGives("json.a == item.a || json.b == 1", () => false, [
    expressionThatGives("json.a", () => 3),
    expressionThatGives("item.a", () => "s3cret-token"),
    expressionThatGives("json.b", nothing),
  ]));
  assert.equal(condition.found({}, mask), 'json.a is 3 and item.a is "***"');
});

test("found() says nothing where nothing tells", () => {
  assert.equal(conditionThatGives(false).found({}, mask), "");
});
