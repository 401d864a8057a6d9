import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplate } from "../expr/compile_template.ts";
import { ExpressionError } from "../model/expression.ts";
import type { ValueMap } from "../model/json.ts";
import { compileQuery, withQuery } from "./http_query.ts";

function render(query: ValueMap, item: unknown = null): string {
  return compileQuery(query, (source) => {
    const compiled = compileTemplate(source, { item: "dyn" });
    assert.ok(compiled.ok);
    return compiled.value;
  })({ item });
}

const rows: readonly (readonly [string, ValueMap, unknown, string])[] = [
  ["nothing", {}, null, ""],
  [
    "scalars",
    { a: 1, b: true, c: "x y", d: 12345678901234567890n },
    null,
    "a=1&b=true&c=x%20y&d=12345678901234567890",
  ],
  ["an empty text", { a: "" }, null, "a="],
  ["null", { a: null, b: 1 }, null, "b=1"],
  ["a list", { a: [1, "b&c", "${{ item }}"] }, "d", "a=1&a=b%26c&a=d"],
  ["a list from an expression", { a: "${{ item }}" }, [1, "x"], "a=1&a=x"],
  ["an empty list", { a: "${{ item }}", b: 1 }, [], "b=1"],
  ["null from an expression", { a: "${{ item }}", b: 1 }, null, "b=1"],
  ["an expression in a text", { a: "<${{ item }}>" }, 7, "a=%3C7%3E"],
  ["an odd name", { "a b[]": 1 }, null, "a%20b%5B%5D=1"],
];

for (const [name, query, item, expected] of rows) {
  test(`compileQuery() of ${name}`, () => assert.equal(render(query, item), expected));
}

test("compileQuery() refuses maps and lists of lists", () => {
  for (const item of [{ a: 1 }, [[1]], [{ a: 1 }], [null]]) {
    assert.throws(() => render({ q: "${{ item }}" }, item), ExpressionError);
  }
});

test("withQuery() adds to what is there", () => {
  const seen = ["/x", "/x?", "/x?a=1", "/x?a=1&"].map((path) => withQuery(path, "b=2"));
  assert.deepEqual(seen, ["/x?b=2", "/x?b=2", "/x?a=1&b=2", "/x?a=1&b=2"]);
  assert.equal(withQuery("/x", ""), "/x");
});
