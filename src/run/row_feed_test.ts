import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../model/json.ts";
import { parseList } from "./list_json.ts";
import { RowFeed } from "./row_feed.ts";

function makeFeed({ mayRepeat = true, mayBeKept = (_json: string): boolean => true } = {}) {
  const given: ValueMap[] = [];
  const kept: string[] = [];
  const feed = new RowFeed({
    consumers: [1],
    mayRepeat,
    give: (row) => void given.push(row),
    keep(number, json) {
      assert.equal(number, kept.length);
      if (!mayBeKept(json)) return false;
      kept.push(json);
      return true;
    },
  });
  const attempt = (...rows: readonly number[]) => {
    const give = feed.open();
    for (const i of rows) give({ i });
  };
  const numbers = () => given.splice(0).map(({ i }) => i);
  return { feed, attempt, numbers, kept };
}

test("RowFeed hands rows on at once, equal ones too", () => {
  for (const mayRepeat of [true, false]) {
    const { attempt, numbers } = makeFeed({ mayRepeat });
    attempt(1, 2, 2, 3, 2);
    assert.deepEqual(numbers(), [1, 2, 2, 3, 2]);
  }
});

/** Rows of each attempt, and what it has to hand on. */
const repeated:
  readonly (readonly [string, ...(readonly (readonly [readonly number[], readonly number[]])[])])[] = [
    ["the same, and more", [[1, 2], [1, 2]], [[1, 2, 3], [3]]],
    ["in another order", [[1, 2, 3], [1, 2, 3]], [[4, 3, 2, 1], [4]]],
    ["equal ones as often as they come", [[1, 1], [1, 1]], [[1, 1, 1, 2], [1, 2]]],
    ["fewer", [[1, 2, 3], [1, 2, 3]], [[2], []]],
    ["three attempts", [[1], [1]], [[2, 1, 1], [2, 1]], [[1, 1, 2, 3, 1], [3, 1]]],
  ];

for (const [what, ...attempts] of repeated) {
  test(`RowFeed hands on what earlier attempts did not: ${what}`, () => {
    const { attempt, numbers } = makeFeed();
    for (const [rows, given] of attempts) {
      attempt(...rows);
      assert.deepEqual(numbers(), given);
    }
  });
}

test("RowFeed keeps in pieces exactly what it handed on, over all attempts", () => {
  const { feed, attempt, numbers, kept } = makeFeed();
  const many = Array.from({ length: 20_000 }, (_, i) => i);
  attempt(...many.slice(0, 15_000));
  attempt(...many);
  const given = numbers();
  assert.equal(given.length, 20_000);
  const counts = feed.finish();
  const lists = kept.map((json) => JSON.parse(json) as ValueMap[]);
  assert.deepEqual(lists.flat().map(({ i }) => i), given);
  assert.deepEqual(counts, lists.map(({ length }) => length));
  assert.ok(kept.length > 2 && kept.every(({ length }) => length < 70_000), `${kept.length} pieces`);
});

test("RowFeed says so when a piece must not be kept, and keeps no more of them", () => {
  const { feed, attempt, numbers, kept } = makeFeed({ mayBeKept: (json) => !json.includes('"i":9000}') });
  attempt(...Array.from({ length: 20_000 }, (_, i) => i));
  assert.equal(numbers().length, 20_000);
  assert.equal(feed.finish(), null);
  assert.equal(kept.length, 1);
});

test("RowFeed keeps bytes as bytes, in each piece", () => {
  const { feed, kept } = makeFeed();
  const give = feed.open();
  const rows = Array.from(
    { length: 30 },
    (_, i) => ({ i, data: i % 2 === 0 ? null : new Uint8Array(9_000).fill(i) }),
  );
  rows.forEach(give);
  feed.finish();
  assert.ok(kept.length > 1);
  assert.deepEqual(kept.flatMap(parseList), rows);
});

test("RowFeed has no pieces where there were no rows", () => {
  const { feed, attempt } = makeFeed();
  attempt();
  assert.deepEqual([feed.isOpen, feed.finish()], [true, []]);
});
