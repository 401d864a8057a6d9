import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplate } from "../expr/compile_template.ts";
import { orThrow } from "../expr/testing.ts";
import type { Value } from "../model/json.ts";
import { compileValue } from "./render_value.ts";

test("compileValue() renders texts at any depth and keeps the types of whole expressions", () => {
  const render = compile({ a: ["${{ item.id }}", "no ${{ item.id }}", 1], b: { c: null }, d: true });
  assert.deepEqual(render({ item: { id: 7 } }), { a: [7, "no 7", 1], b: { c: null }, d: true });
});

test("compileValue() hands out a value without expressions as it is", () => {
  const value = { a: [1, { b: "text" }] };
  const render = compile(value);
  assert.equal(render({}), value);
});

function compile(value: Value) {
  return compileValue(value, (source) => orThrow(compileTemplate(source, { item: "dyn" })));
}
