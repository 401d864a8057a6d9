import assert from "node:assert/strict";
import { test } from "node:test";
import { copyBytes, writeText } from "./bytes.ts";

test("copyBytes() copies a range to a place, and nothing beside it", () => {
  const into = new Uint8Array(6);
  copyBytes(Uint8Array.of(1, 2, 3, 4, 5), 1, 4, into, 2);
  assert.deepEqual([...into], [0, 0, 2, 3, 4, 0]);
  copyBytes(Uint8Array.of(9).subarray(0, 1), 0, 1, into.subarray(5), 0);
  assert.deepEqual([...into], [0, 0, 2, 3, 4, 9]);
});

for (const text of ["", "plain", "é€😀", "half \ud800 of one"]) {
  test(`writeText() writes ${JSON.stringify(text)} as an encoder does`, () => {
    const expected = new TextEncoder().encode(text);
    const into = new Uint8Array(3 + text.length * 3).subarray(1);
    assert.equal(writeText(text, into, 2), expected.length);
    assert.deepEqual(into.subarray(2, 2 + expected.length), expected);
    assert.deepEqual([...into.subarray(0, 2), ...into.subarray(2 + expected.length)].filter(Boolean), []);
  });
}
