import assert from "node:assert/strict";
import { test } from "node:test";
import { Offsets } from "./offsets.ts";

test("Offsets keep every place and length exactly, however great", () => {
  const offsets = new Offsets();
  const lengths = [1, 65_534, 65_535, 65_536, 2 ** 30];
  const positions = [0, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 12_345, 2 ** 47 + 1];
  const indexes = [0, 15, 16, 65_535, 65_536, 1_000_000];
  for (const index of indexes) {
    for (const position of positions) {
      for (const length of lengths) {
        offsets.set(3, index, position, length);
        assert.deepEqual([offsets.offset(3, index), offsets.length(3, index)], [position, length]);
      }
    }
  }
  for (const index of indexes) {
    assert.deepEqual([offsets.offset(3, index), offsets.length(3, index)], [
      positions.at(-1),
      lengths.at(-1),
    ]);
  }
  assert.equal(offsets.size(3), 1_000_001);
});

test("Offsets know what was never set", () => {
  const offsets = new Offsets();
  offsets.set(1, 70_000, 9, 5);
  assert.deepEqual([0, 1, 69_999, 70_000, 70_001].map((index) => offsets.length(1, index)), [0, 0, 0, 5, 0]);
  assert.deepEqual([offsets.length(0, 0), offsets.length(7, 0), offsets.size(0), offsets.size(7)], [
    0,
    0,
    0,
    0,
  ]);
});

test("Offsets take a shorter result in the place of a long one", () => {
  const offsets = new Offsets();
  offsets.set(0, 0, 1, 100_000);
  offsets.set(0, 0, 2, 10);
  assert.deepEqual([offsets.offset(0, 0), offsets.length(0, 0)], [2, 10]);
});
