import assert from "node:assert/strict";
import { test } from "node:test";
import type { OriginChange, ResultStore } from "../model/run_record.ts";
import { inInputOrder } from "./input_order.ts";

/** Results of one task, each a JSON text that begins with its index. */
function storeOf(texts: readonly (string | null)[]): ResultStore {
  return {
    size: () => texts.length,
    has: (_, index) => texts[index] !== null && texts[index] !== undefined,
    copy(_, index, put) {
      const text = texts[index];
      if (text === null || text === undefined) return false;
      const bytes = new TextEncoder().encode(text);
      // In pieces, one of which ends within the index.
      put(bytes, 0, 4);
      put(bytes, 4, bytes.length);
      return true;
    },
  };
}

function read(results: ResultStore): (string | null)[] {
  return Array.from({ length: results.size(0) }, (_, index) => {
    let text = "";
    const put = (bytes: Uint8Array, from: number, to: number) =>
      text += new TextDecoder().decode(bytes.subarray(from, to));
    return results.copy(0, index, put) ? text : null;
  });
}

const cases: readonly (readonly [
  string,
  readonly OriginChange[],
  readonly (string | null)[],
  readonly (string | null)[],
])[] = [
  ["one origin", [{ index: 0, origin: 5 }], ["a", "b"], ["a", "b"]],
  ["origins in order", [{ index: 0, origin: 1 }, { index: 1, origin: 2 }], ["a", "b", "c"], ["a", "b", "c"]],
  ["origins in turns", [{ index: 0, origin: 2 }, { index: 2, origin: 0 }, { index: 3, origin: 2 }], [
    "a",
    "b",
    "c",
    "d",
  ], ["c", "a", "b", "d"]],
  ["one without a result", [{ index: 0, origin: 1 }, { index: 1, origin: 0 }], ["a", null, "c"], [
    null,
    "c",
    "a",
  ]],
];

for (const [what, changes, came, shown] of cases) {
  test(`inInputOrder() numbers results by the runs they come from: ${what}`, () => {
    const texts = (all: readonly (string | null)[]) =>
      all.map((name, index) => name === null ? null : `{"index":${index},"name":"${name}"}`);
    const { results, placeOf } = inInputOrder(storeOf(texts(came)), new Map([[0, changes]]));
    assert.deepEqual(read(results), texts(shown));
    came.forEach((name, index) => name !== null && assert.equal(shown[placeOf(0, index)], name));
    assert.equal(placeOf(0, came.length + 3), came.length + 3);
    assert.equal(placeOf(1, 7), 7);
  });
}
