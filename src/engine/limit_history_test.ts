import assert from "node:assert/strict";
import { test } from "node:test";
import { type LimitChange, noteChange, settledLimit } from "./limit_history.ts";

test("noteChange() keeps the beginning and the end of a long history", () => {
  const history: LimitChange[] = [];
  for (let at = 0; at < 2_000; at++) noteChange(history, { at, limit: 1 + at % 9, why: "growth" });
  assert.deepEqual(history.map(({ at }) => at), [
    ...Array.from({ length: 32 }, (_, i) => i),
    ...Array.from({ length: 32 }, (_, i) => 1_968 + i),
  ]);
});

const settled: readonly (readonly [what: string, history: [number, number][], endedAt: number, number])[] = [
  ["a limit that never changed", [[0, 4]], 1_000, 4],
  ["no time at all", [[0, 4]], 0, 4],
  ["the second half, not the beginning", [[0, 4], [100, 8], [500, 12]], 1_000, 12],
  [
    "the value in the middle of a saw",
    [[0, 4], [500, 10], [600, 11], [700, 12], [800, 9], [900, 10]],
    1_000,
    10,
  ],
];

for (const [what, steps, endedAt, expected] of settled) {
  test(`settledLimit() of ${what} is ${expected}`, () => {
    const history = steps.map(([at, limit]): LimitChange => ({ at, limit, why: "growth" }));
    assert.equal(settledLimit(history, endedAt), expected);
  });
}
