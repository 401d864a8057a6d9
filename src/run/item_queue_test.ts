import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../inputs/items.ts";
import { noSpool, type Spool } from "../runtime/spool.ts";
import { ItemQueue } from "./item_queue.ts";

/** A spool that tells how many lists wait in it. */
function watchedSpool(): Spool & { waiting: number; cleared: number } {
  return {
    waiting: 0,
    cleared: 0,
    put<T>(value: T) {
      this.waiting++;
      return () => structuredClone(value);
    },
    clear() {
      this.waiting = 0;
      this.cleared++;
    },
  };
}

function takeAll(queue: ItemQueue) {
  const taken = [];
  for (let queued = queue.shift(); queued !== undefined; queued = queue.shift()) taken.push(queued);
  return taken;
}

test("ItemQueue gives everything back in order, of which some thousand items are in memory", () => {
  const spool = watchedSpool();
  const queue = new ItemQueue(spool);
  const count = 100_000;
  for (let i = 0; i < count; i++) queue.push({ i }, i % 7);
  assert.equal(queue.size, count);
  const inMemory = count - spool.waiting * 256;
  assert.ok(inMemory < 3_000, `${inMemory}`);
  assert.deepEqual(takeAll(queue), Array.from({ length: count }, (_, i) => ({ item: { i }, origin: i % 7 })));
  assert.deepEqual([queue.size, spool.waiting], [0, 0]);
});

test("ItemQueue uses no spool for as many items as a producer that is held back leaves", () => {
  const spool = watchedSpool();
  const queue = new ItemQueue(spool);
  for (let i = 0; i < 1_000; i++) queue.push(i, 0);
  for (let i = 1_000; i < 50_000; i++) {
    queue.push(i, 0);
    assert.equal(queue.shift()!.item, i - 1_000);
  }
  assert.equal(spool.waiting, 0);
});

test("ItemQueue takes items in and gives them out in turns, through the spool and past it", () => {
  const queue = new ItemQueue(watchedSpool());
  const taken: unknown[] = [];
  let given = 0;
  for (const [push, take] of [[5_000, 4_990], [10, 15], [9_000, 2_000], [0, 10_000], [300, 300]] as const) {
    for (let i = 0; i < push; i++) queue.push(given++, 1);
    for (let i = 0; i < take; i++) {
      const queued = queue.shift();
      if (queued !== undefined) taken.push(queued.item);
    }
  }
  assert.deepEqual(taken, Array.from({ length: given }, (_, i) => i));
});

test("ItemQueue reads what is added for later when its turn comes, and not before", () => {
  const queue = new ItemQueue(noSpool);
  let reads = 0;
  queue.push("a", 0);
  queue.pushLater(2, () => {
    reads++;
    return [{ item: "b", origin: 1 }, { item: "c", origin: 1 }];
  });
  queue.push("d", 2);
  assert.deepEqual([queue.size, reads], [4, 0]);
  assert.equal(queue.shift()!.item, "a");
  assert.equal(reads, 0);
  assert.deepEqual(takeAll(queue).map(({ item, origin }) => [item, origin]), [["b", 1], ["c", 1], ["d", 2]]);
  assert.equal(reads, 1);
});

test("ItemQueue keeps a fault what it is, in the spool too", () => {
  const queue = new ItemQueue(watchedSpool());
  const final = new Fault("broken");
  for (let i = 0; i < 4_000; i++) queue.push(new Fault(`f${i}`, { i }, "dependency"), i);
  queue.push(final, 0);
  const taken = takeAll(queue).map(({ item }) => item as Fault);
  assert.ok(taken.every((item) => item instanceof Fault));
  assert.deepEqual([taken[3_900]!.message, taken[3_900]!.item, taken[3_900]!.skip], [
    "f3900",
    { i: 3_900 },
    "dependency",
  ]);
  assert.deepEqual([taken[3_900]!.isFinal, taken[4_000]!.isFinal], [false, true]);
});

test("ItemQueue gives nothing any more once it is cleared, and the spool nothing back", () => {
  const spool = watchedSpool();
  const queue = new ItemQueue(spool);
  for (let i = 0; i < 10_000; i++) queue.push(i, 0);
  assert.ok(spool.waiting > 0);
  queue.clear();
  assert.deepEqual([queue.size, queue.shift(), spool.waiting], [0, undefined, 0]);
});
