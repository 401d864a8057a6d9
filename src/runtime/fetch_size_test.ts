import assert from "node:assert/strict";
import { test } from "node:test";
import { FetchSize } from "./fetch_size.ts";

/** Sizes asked for, one after the other, when each row takes `rowMs`. */
function sizes(rowMs: number, count: number): number[] {
  const size = new FetchSize();
  let now = 0;
  return Array.from({ length: count }, () => {
    const { rows } = size;
    size.asked(now);
    size.came(now += rows * rowMs);
    return rows;
  });
}

test("FetchSize asks for one row at a time where each takes long", () => {
  assert.deepEqual(sizes(300, 4), [1, 1, 1, 1]);
});

test("FetchSize asks for more and more rows where they come fast, up to a thousand", () => {
  assert.deepEqual(sizes(0.001, 12), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000]);
});

test("FetchSize settles where so many rows take a tenth of a second", () => {
  assert.deepEqual(sizes(10, 8), [1, 2, 4, 8, 8, 8, 8, 8]);
});

test("FetchSize goes back to few rows when they come slowly", () => {
  const size = new FetchSize();
  size.rows = 1_000;
  for (let now = 0; now < 20_000; now += 1_000) {
    size.asked(now);
    size.came(now + 1_000);
  }
  assert.equal(size.rows, 1);
});
