import assert from "node:assert/strict";
import { test } from "node:test";
import { Ceiling } from "./ceiling.ts";
import { TaskState } from "./pool.ts";
import { PoolSet } from "./pool_set.ts";
import type { TaskSpec } from "./types.ts";

const spec: TaskSpec<null> = {
  source: { pull: () => null },
  pool: 0,
  family: true,
  attemptMs: null,
  totalMs: null,
  retry: { attempts: 1, initialMs: 1, maxMs: 1, jitter: "none" },
};
const breaker = { failureRate: 0.5, windowMs: 1_000, minCalls: 1, openForMs: 100, giveUpAfterMs: 10_000 };

function familyOf(more: { readonly minLimit?: number; readonly breaker?: typeof breaker } = {}) {
  const ceiling = new Ceiling<null>(Infinity);
  const pools = new PoolSet<null>([{ name: "api", limit: 8, ...more }], ceiling);
  return { pools, task: new TaskState<null>(0, spec) };
}

test("restIfIdle() takes an idle pool out of the run, and laneOf() brings it back as it was", () => {
  const { pools, task } = familyOf({ minLimit: 1 });
  const lane = pools.laneOf(task, "a");
  lane.pool.adaptive!.record(10, false, 1, 0, 0);
  lane.pool.limit = 7;
  lane.pool.peak = 3;
  pools.restIfIdle(lane.pool, 1);
  assert.deepEqual([pools.all.size, task.lanes.length], [0, 0]);
  assert.deepEqual(pools.views(1)[0]!.limitHistory.map(({ why }) => why), ["start"]);
  const again = pools.laneOf(task, "a");
  assert.equal(again.pool, lane.pool);
  assert.deepEqual([pools.all.size, task.lanes.length, again.pool.limit], [1, 1, 7]);
  const [view] = pools.views(1);
  assert.deepEqual([view!.pools, view!.peak, view!.limit], [1, 3, 7]);
});

test("restIfIdle() leaves a pool that still has something to do, or to wait for", () => {
  const { pools, task } = familyOf();
  const { pool } = pools.laneOf(task, "a");
  pool.running = 1;
  pools.restIfIdle(pool, 0);
  pool.running = 0;
  pool.pausedUntil = 10;
  pools.restIfIdle(pool, 5);
  assert.equal(pools.all.size, 1);
  pools.restIfIdle(pool, 10);
  assert.equal(pools.all.size, 0);
});

test("views() sums up every pool of a family, the forgotten ones too, in little memory", () => {
  const { pools, task } = familyOf({ breaker });
  for (let i = 0; i < 3_000; i++) {
    const { pool } = pools.laneOf(task, `origin ${i}`);
    pool.throttled = 2;
    pool.peak = i % 5;
    pool.breaker!.record(false, i, i, 8);
    pool.breaker!.record(true, i + 100, i + 100, 1);
    pools.restIfIdle(pool, i + 100);
  }
  const [view] = pools.views(5_000);
  assert.deepEqual([view!.pools, view!.throttled, view!.peak], [3_000, 6_000, 4]);
  assert.deepEqual(view!.breaker, { openings: 3_000, openMs: 300_000 });
  assert.deepEqual(view!.limitHistory, []);
});
