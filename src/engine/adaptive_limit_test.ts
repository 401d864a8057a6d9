import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveLimit } from "./adaptive_limit.ts";

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

test("AdaptiveLimit takes three losses for an accident, and four in a row for a sign", () => {
  const { adaptive, window } = limitOf(1, 64);
  while (adaptive.limit < 64) window();
  window({ losses: 3 });
  assert.equal(adaptive.limit, 64);
  window({ losses: 4 });
  assert.equal(adaptive.limit, 51);
});

test("AdaptiveLimit bears a target that loses one attempt in fifty, and not one that loses one in nine", () => {
  const lowest = (every: number) => {
    const { adaptive, window } = limitOf(1, 9);
    for (let i = 0; i < 600; i++) window({ count: 10, losses: i * 10 % every < 10 ? 1 : 0 });
    return Math.min(...adaptive.history.slice(2).map(({ limit }) => limit));
  };
  assert.equal(lowest(50), 9);
  const { adaptive, window } = limitOf(1, 9);
  for (let i = 0; i < 100; i++) window({ count: 9, losses: 1 });
  assert.ok(adaptive.history.some(({ why }) => why === "loss"));
});

test("AdaptiveLimit does not grow while it loses", () => {
  const { adaptive, window } = limitOf(1, 64);
  while (adaptive.limit < 16) window();
  window({ losses: 4 });
  const after = adaptive.limit;
  window({ losses: 3 });
  window();
  assert.equal(adaptive.limit, after);
  window();
  window();
  assert.ok(adaptive.limit > after);
});

test("AdaptiveLimit waits eight windows before the value that led to the last loss, and twice as long when it fails again", () => {
  const { adaptive, window } = limitOf(1, 12);
  while (adaptive.limit < 12) window();
  window({ losses: 4 });
  assert.equal(adaptive.limit, 9);
  const calm = () => {
    let count = 0;
    while (adaptive.limit < 12) {
      window();
      if (adaptive.limit === 11) count++;
    }
    return count;
  };
  const waits = [8, 16, 16].map(() => {
    const count = calm();
    window({ losses: 2 });
    assert.equal(adaptive.limit, 9);
    return count;
  });
  assert.deepEqual(waits, [8, 16, 16]);
  // Once it has been passed unharmed it is forgotten.
  calm();
  window();
  window({ losses: 2 });
  assert.equal(adaptive.limit, 12);
});

test("AdaptiveLimit shrinks as far as high latencies would fall to twice their baseline, by a tenth to a half", () => {
  const { adaptive, window } = limitOf(1, 32);
  for (let i = 0; i < 9; i++) window({ count: adaptive.limit });
  assert.equal(adaptive.limit, 32);
  const slow = (times: number) => {
    const before = adaptive.limit;
    assert.equal(window({ ms: 102 * times - 2 }), before, "one window is not enough");
    return window({ ms: 102 * times - 2 });
  };
  assert.equal(slow(2.1), 28, "a tenth");
  assert.equal(slow(2.5), 22, "a fifth");
  assert.equal(slow(9), 11, "a half");
});

test("AdaptiveLimit measures a slow task by its own baseline", () => {
  const { adaptive, window } = limitOf(1, 16);
  for (let i = 0; i < 20; i++) window({ ms: i % 2 === 0 ? 10 : 900, task: i % 2, count: 16 });
  assert.equal(adaptive.limit, 16);
  assert.ok(adaptive.history.every(({ why }) => why !== "latency"));
});

test("AdaptiveLimit takes back the doubling that made answers slow", () => {
  const { adaptive, window } = limitOf(1, 64);
  const slowOver8 = () => window({ count: adaptive.limit, ms: 100 * Math.max(1, adaptive.limit / 8) });
  for (let i = 0; i < 4; i++) slowOver8();
  assert.deepEqual(changes(adaptive), ["start 4", "growth 8", "growth 16", "growth 32", "latency 16"]);
});

test("AdaptiveLimit waits until latencies cease to rise", () => {
  const { adaptive, window } = limitOf(1, 32);
  for (let i = 0; i < 9; i++) window({ count: adaptive.limit });
  for (const ms of [250, 350, 500]) assert.equal(window({ ms }), 32);
  assert.equal(window({ ms: 500 }), 16);
});

test("AdaptiveLimit goes on shrinking while that brings latencies down", () => {
  const { adaptive, window } = limitOf(1, 64);
  while (adaptive.limit < 64) window();
  // A queue for 6 at a time.
  for (let i = 0; i < 40; i++) window({ ms: 100 * Math.max(1, adaptive.limit / 6) });
  assert.ok(adaptive.limit <= 13, String(adaptive.limit));
  assert.ok(adaptive.history.every(({ why }) => why !== "restored"));
});

for (const min of [1, 12]) {
  test(`AdaptiveLimit takes back decreases that did not help: the target is slow by itself, from ${min} on`, () => {
    const { adaptive, window } = limitOf(min, 16);
    for (let i = 0; i < 6; i++) window();
    for (let i = 0; i < 40; i++) window({ ms: 300 });
    assert.equal(adaptive.limit, 16);
    const whys = adaptive.history.map(({ why }) => why);
    assert.deepEqual([...new Set(whys)], ["start", "growth", "latency", "restored"]);
    const lowered = adaptive.history.filter(({ why }) => why === "latency").map(({ limit }) => limit);
    assert.equal(Math.min(...lowered), Math.max(min, 6), "by a third and by a third");
  });
}

test("AdaptiveLimit ignores attempts that began before the last decrease", () => {
  const adaptive = new AdaptiveLimit({ min: 1, max: 64 });
  for (let i = 0; i < 4; i++) adaptive.record(50, false, 4, 100, 0);
  assert.equal(adaptive.limit, 8);
  for (let i = 0; i < 4; i++) adaptive.record(50, true, 8, 200, 0);
  assert.equal(adaptive.limit, 6);
  for (let i = 0; i < 20; i++) adaptive.record(50, true, 6, 240, 0);
  for (let i = 0; i < 20; i++) adaptive.record(250, false, 6, 400, 0);
  assert.equal(adaptive.limit, 6);
  for (let i = 0; i < 4; i++) adaptive.record(50, true, 6, 400, 0);
  assert.equal(adaptive.limit, 4);
});
