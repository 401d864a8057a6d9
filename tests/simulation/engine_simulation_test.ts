import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "./simulate.ts";

const seeds = 300;
const seedsInOne = 50;
const seen: Record<string, number> = {};

for (let first = 1; first <= seeds; first += seedsInOne) {
  const last = first + seedsInOne - 1;
  test(
    `runEngine() keeps to every rule and replays alike, seeds ${first} to ${last}`,
    { timeout: 120_000 },
    async () => {
      for (let seed = first; seed <= last; seed++) {
        const story = await simulate(seed);
        assert.deepEqual(story.faults.slice(0, 3), []);
        if (seed % 25 === 0) {
          assert.equal((await simulate(seed)).log, story.log, `seed ${seed} gave two logs`);
        }
        for (const [what, count] of Object.entries(story.seen)) {
          seen[what] = (seen[what] ?? 0) + count;
        }
      }
    },
  );
}

test("the seeds give every rule something to look at", () => {
  for (const [what, count] of Object.entries(seen)) assert.ok(count >= seeds / 20, `${count} ${what}`);
  assert.ok(Object.keys(seen).length > 0);
});
