import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../model/json.ts";
import { listJson, parseList } from "./list_json.ts";

const lists: readonly (readonly [string, readonly Value[]])[] = [
  ["nothing", []],
  ["plain values", [1, "a", null, { b: [true, { c: 9007199254740993n }] }]],
  ["bytes", [new Uint8Array([0, 255]), "AP8="]],
  ["bytes within", [{ id: 1, data: new Uint8Array([1]) }, {
    id: 2,
    data: null,
    more: [[], [new Uint8Array()]],
  }]],
  ["what looks like it", [{ bytes: [[0]], list: ["AP8="] }]],
];

for (const [what, list] of lists) {
  test(`listJson() keeps ${what} as they are`, () => {
    const json = listJson(list);
    assert.equal(json.startsWith("["), !what.startsWith("bytes"));
    assert.deepEqual(parseList(json), list);
  });
}
