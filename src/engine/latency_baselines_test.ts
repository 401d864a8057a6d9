import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../tests/simulation/virtual_clock.ts";
import { LatencyBaselines } from "./latency_baselines.ts";

/** Windows of this many answers, one after the other; gives what was found in the last. */
function slowdownAfter(...windows: readonly (readonly number[])[]): number {
  const latencies = new LatencyBaselines();
  let last = 1;
  for (const window of windows) {
    for (const ms of window) latencies.add(0, ms);
    last = latencies.slowdown(8);
  }
  return last;
}

const many = (count: number, ms: number) => Array<number>(count).fill(ms);

const cases: readonly (readonly [what: string, windows: number[][], slowdown: number])[] = [
  ["the first window", [many(10, 98)], 1],
  ["as fast as before", [many(10, 98), many(10, 98)], 1],
  ["half as fast", [many(10, 98), many(10, 198)], 1],
  ["three times as slow", [many(50, 98), many(50, 298)], 3],
  ["three times as slow, in two milliseconds of noise", [many(50, 0.5), many(50, 1.5)], 1],
  ["too few to tell", [many(50, 98), many(9, 998)], 1],
  ["too few to tell, and a few more", [many(50, 98), many(9, 998), many(9, 998)], 10],
  ["a bare majority", [many(50, 98), [...many(24, 98), ...many(26, 998)]], 1],
  ["a clear majority", [many(50, 98), [...many(10, 98), ...many(40, 998)]], 10],
];

for (const [what, windows, slowdown] of cases) {
  test(`LatencyBaselines finds ${what} to be ${slowdown === 1 ? "no sign" : `${slowdown} times slower`}`, () => {
    assert.ok(Math.abs(slowdownAfter(...windows) - slowdown) < 1e-9, String(slowdownAfter(...windows)));
  });
}

test("LatencyBaselines takes no long tail for slowness, whatever the seed", () => {
  let alarms = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    // Log-normal: one in six takes more than e times as long as most.
    const window = (count: number) =>
      Array.from(
        { length: count },
        () => 40 * Math.exp(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
      );
    const latencies = new LatencyBaselines();
    for (const limit of [8, 16, 32, 64, 64, 64, 64, 64]) {
      for (const ms of window(Math.max(12, limit))) latencies.add(0, ms);
      if (latencies.slowdown(limit) > 1) alarms++;
    }
  }
  assert.ok(alarms <= 2, `${alarms} of 1,400 windows`);
});

test("LatencyBaselines learns from a higher limit only what is clearly lower", () => {
  const latencies = new LatencyBaselines();
  const window = (ms: number, limit: number) => {
    for (let i = 0; i < 50; i++) latencies.add(0, ms);
    return latencies.slowdown(limit);
  };
  window(98, 8);
  for (let limit = 9; limit < 24; limit++) window(180, limit);
  assert.equal(Math.round(window(298, 24)), 3, "the baseline did not follow the limit upwards");
  window(48, 24);
  assert.equal(Math.round(window(148, 24)), 3, "what was lower is the baseline now");
});

test("LatencyBaselines measures each task by its own baseline", () => {
  const latencies = new LatencyBaselines();
  const window = (fast: number, slow: number) => {
    for (let i = 0; i < 20; i++) {
      latencies.add(0, fast);
      latencies.add(1, slow);
    }
    return latencies.slowdown(8);
  };
  window(8, 998);
  assert.equal(window(8, 998), 1);
  assert.equal(Math.round(window(28, 2_998)), 3);
  assert.equal(window(8, 2_998), 1, "half of them are as before");
});
