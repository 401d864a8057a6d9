import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "./simulate.ts";

const seeds = 400;

test("runEngine() keeps to every rule, ends every input once and replays alike over many seeds", async () => {
  const seen: Record<string, number> = {};
  for (let seed = 1; seed <= seeds; seed++) {
    const story = await simulate(seed);
    assert.deepEqual(story.faults.slice(0, 3), []);
    if (seed % 20 === 0) assert.equal((await simulate(seed)).log, story.log, `seed ${seed} gave two logs`);
    for (const [what, count] of Object.entries(story.seen)) seen[what] = (seen[what] ?? 0) + count;
  }
  // A rule that never had anything to look at says nothing.
  for (const [what, count] of Object.entries(seen)) assert.ok(count >= seeds / 20, `${count} ${what}`);
});
