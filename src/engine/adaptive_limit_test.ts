import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveLimit, type LimitChange, settledLimit } from "./adaptive_limit.ts";

interface Window {
  /** Attempts that end, by default as many as make a window. */
  readonly count?: number;
  readonly ms?: number;
  readonly task?: number;
  readonly losses?: number;
  /** In flight beside each; by default as many as the limit allows. */
  readonly running?: number;
}

/** An adaptive limit and a time that moves on by one latency a window. */
function limitOf(min: number, max: number) {
  const adaptive = new AdaptiveLimit({ min, max });
  let now = 0;
  return {
    adaptive,
    window({ count, ms = 100, task = 0, losses = 0, running }: Window = {}): number {
      now += ms + 1;
      const ended = count ?? Math.max(10, adaptive.limit);
      const inFlight = () => running ?? adaptive.limit;
      for (let i = 0; i < losses; i++) adaptive.record(ms, true, inFlight(), now, task);
      for (let i = losses; i < ended; i++) adaptive.record(ms, false, inFlight(), now, task);
      return adaptive.limit;
    },
  };
}

function changes({ history }: AdaptiveLimit): string[] {
  return history.map(({ limit, why }) => `${why} ${limit}`);
}

test("AdaptiveLimit doubles until the first loss, falls by a fifth, and then grows by one a window", () => {
  const { adaptive, window } = limitOf(1, 64);
  for (let i = 0; i < 3; i++) window();
  window({ losses: 5 });
  for (let i = 0; i < 3; i++) window();
  assert.deepEqual(changes(adaptive).slice(-5).map((change) => change.split(" ")[0]), [
    "growth",
    "loss",
    "growth",
    "growth",
    "growth",
  ]);
  const limits = adaptive.history.map(({ limit }) => limit);
  const lossAt = adaptive.history.findIndex(({ why }) => why === "loss");
  assert.equal(limits[lossAt], Math.floor(limits[lossAt - 1]! * 0.8));
  assert.deepEqual(limits.slice(lossAt + 1), [1, 2, 3].map((step) => limits[lossAt]! + step));
});

test("AdaptiveLimit grows only while its limit is in use", () => {
  const { adaptive, window } = limitOf(1, 64);
  for (let i = 0; i < 20; i++) window({ running: 3 });
  assert.deepEqual(changes(adaptive), ["start 4"]);
});

test("AdaptiveLimit stays within its bounds", () => {
  const { window } = limitOf(3, 7);
  for (let i = 0; i < 30; i++) assert.ok(window() <= 7);
  assert.equal(window(), 7);
  for (let i = 0; i < 30; i++) assert.ok(window({ count: 40, losses: 40 }) >= 3);
  assert.equal(window({ losses: 10 }), 3);
});

test("AdaptiveLimit takes one loss in a window for an accident", () => {
  const { adaptive, window } = limitOf(1, 64);
  for (let i = 0; i < 12; i++) window({ losses: 1 });
  assert.equal(adaptive.limit, 64);
});

test("AdaptiveLimit waits eight windows before the value that led to the last loss", () => {
  const { adaptive, window } = limitOf(1, 12);
  window();
  window();
  while (adaptive.limit < 12) window();
  window({ losses: 3 });
  assert.equal(adaptive.limit, 9);
  const seen = Array.from({ length: 12 }, () => window());
  assert.deepEqual(seen.slice(0, 8), [10, 11, 11, 11, 11, 11, 11, 11]);
  assert.equal(seen.at(-1), 12);
});

test("AdaptiveLimit shrinks by a tenth a window while latencies are more than twice their baseline", () => {
  const { adaptive, window } = limitOf(1, 64);
  while (adaptive.limit < 32) window();
  const before = adaptive.limit;
  assert.equal(window({ ms: 300 }), Math.floor(before * 0.9));
  assert.equal(window({ ms: 300 }), Math.floor(Math.floor(before * 0.9) * 0.9));
});

test("AdaptiveLimit measures a slow task by its own baseline", () => {
  const { adaptive, window } = limitOf(1, 16);
  for (let i = 0; i < 20; i++) window({ ms: i % 2 === 0 ? 10 : 900, task: i % 2, count: 16 });
  assert.equal(adaptive.limit, 16);
  assert.ok(adaptive.history.every(({ why }) => why !== "latency"));
});

test("AdaptiveLimit believes that a target has become slow once its least limit makes no difference", () => {
  const { adaptive, window } = limitOf(2, 16);
  while (adaptive.limit < 16) window();
  for (let i = 0; i < 25; i++) window({ ms: 1_000 });
  assert.ok(adaptive.history.some(({ limit, why }) => limit === 2 && why === "latency"));
  for (let i = 0; i < 10; i++) window({ ms: 1_000 });
  assert.equal(adaptive.limit, 16);
});

test("AdaptiveLimit ignores losses of attempts that began before the last decrease", () => {
  const adaptive = new AdaptiveLimit({ min: 1, max: 64 });
  for (let i = 0; i < 4; i++) adaptive.record(50, false, 4, 100, 0);
  const limit = adaptive.limit;
  adaptive.record(50, true, limit, 200, 0);
  const after = adaptive.record(50, true, limit, 200, 0);
  assert.equal(after, Math.floor(limit * 0.8));
  for (let i = 0; i < 10; i++) adaptive.record(50, true, limit, 240, 0);
  assert.equal(adaptive.limit, after);
});

test("AdaptiveLimit keeps the beginning and the end of a long history", () => {
  const { adaptive, window } = limitOf(1, 64);
  for (let i = 0; i < 2_000; i++) window(i % 9 === 0 ? { losses: 9 } : {});
  assert.equal(adaptive.history.length, 64);
  assert.equal(adaptive.history[0]!.why, "start");
  assert.equal(adaptive.history.at(-1)!.limit, adaptive.limit);
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
