import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "./json.ts";
import { shownValue } from "./shown_value.ts";

const mask = (text: string) => text.replaceAll("s3cret-token", "***");

const table: readonly (readonly [value: Value, shown: string])[] = [
  [null, "null"],
  [true, "true"],
  [9007199254740993n, "9007199254740993"],
  [1.5, "1.5"],
  ["", '""'],
  ["3", '"3"'],
  ["a\nb", '"a\\nb"'],
  ["f".repeat(64), `"${"f".repeat(64)}"`],
  ["f".repeat(1_000), `"${"f".repeat(60)}…" (1,000 characters)`],
  ["f".repeat(70_000), "a text of 70,000 characters"],
  ["my s3cret-token", '"my ***"'],
  [`${"f".repeat(55)}s3cret-token${"f".repeat(55)}`, `"${"f".repeat(55)}***ff…" (122 characters)`],
  [[], "[]"],
  [[1, "a", null], '[1,"a",null]'],
  [["s3cret-token"], '["***"]'],
  [[1, [2]], "a list of 2"],
  [new Array(9).fill(0), "a list of 9"],
  [{ a: 1 }, '{"a":1}'],
  [{ a: { b: 1 } }, "a map of 1"],
  [{ a: "f".repeat(90) }, "a map of 1"],
  [new Uint8Array(2_000), "2,000 bytes"],
];

for (const [value, shown] of table) {
  test(`shownValue() writes ${shown}`, () => {
    assert.equal(shownValue(value, mask), shown);
  });
}
