import assert from "node:assert/strict";
import { test } from "node:test";
import { pooledMap, runConcurrent } from "./mod.ts";

test("pooledMap() runs on the machine's clock", async () => {
  const squares = pooledMap(3, [1, 2, 3, 4], async (n) => {
    await new Promise((resolve) => setImmediate(resolve));
    return n * n;
  });
  assert.deepEqual(await Array.fromAsync(squares), [1, 4, 9, 16]);
});

test("runConcurrent() gives a hundred thousand results", async () => {
  let ok = 0;
  const items = Array.from({ length: 100_000 }, (_, i) => i);
  for await (const result of runConcurrent((n) => n + 1, items, { concurrency: 8 })) {
    if (result.ok && result.value === result.item + 1) ok++;
  }
  assert.equal(ok, 100_000);
});
