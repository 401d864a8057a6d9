import assert from "node:assert/strict";
import { test } from "node:test";
import { runEngine } from "../../src/engine/engine.ts";
import type { Failure } from "../../src/model/verdict.ts";
import { down, ok, play } from "./play_target.ts";
import { VirtualClock } from "./virtual_clock.ts";

test("the retry budget keeps a half-broken target at 1.25 times the calls", async () => {
  const { startedAt, outcomes, pool } = await play({
    pool: { limit: 50 },
    runs: 10_000,
    serve: ({ random }) => ({ ms: 20, verdict: random < 0.5 ? down : ok }),
  });
  assert.ok(startedAt.length <= 12_500, `${startedAt.length} calls`);
  assert.equal((outcomes.ok ?? 0) + (outcomes.failed ?? 0), 10_000);
  assert.ok(pool.retriesWithheld > 0);
});

test("what the retry budget puts off past its total timeout ends then, and is counted", async () => {
  const { startedAt, outcomes, endedAt, pool } = await play({
    pool: { limit: 50 },
    runs: 600,
    attempts: 2,
    totalMs: 5_000,
    serve: () => ({ ms: 20, verdict: down }),
  });
  assert.deepEqual(outcomes, { failed: 600 });
  assert.equal(pool.retriesWithheld, 2 * 600 - startedAt.length);
  assert.ok(pool.retriesWithheld > 100, `${pool.retriesWithheld} withheld`);
  assert.ok(endedAt < 6_000, `ended at ${endedAt}`);
});

test("a target that fails each input once costs one retry each and no more", async () => {
  const { startedAt, outcomes } = await play({
    pool: { limit: 8 },
    runs: 60,
    serve: ({ attempt }) => ({ ms: 20, verdict: attempt === 1 ? down : ok }),
  });
  assert.deepEqual(outcomes, { ok: 60 });
  assert.equal(startedAt.length, 120);
});

const breaker = {
  failureRate: 0.5,
  windowMs: 30_000,
  minCalls: 20,
  openForMs: 5_000,
  giveUpAfterMs: 300_000,
};

test("the breaker waits out a target that is down for 20 s with a few probes, and every run is ok", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { startedAt, outcomes } = await play({
      pool: { limit: 16, breaker },
      runs: 5_000,
      attempts: 3,
      serve: ({ now }) => (now > 2_000 && now < 22_000 ? { ms: 1, verdict: down } : { ms: 20, verdict: ok }),
    }, seed);
    assert.deepEqual(outcomes, { ok: 5_000 }, `seed ${seed}`);
    const probes = startedAt.filter((at) => at > 3_000 && at < 22_000).length;
    assert.ok(probes <= 10, `${probes} probes`);
  }
});

test("to find out that a target is down costs no run more than one attempt, however slowly it fails", async () => {
  for (const [limit, ms] of [[2, 50], [4, 300], [8, 300], [8, 2_000], [16, 1_000]] as const) {
    for (let seed = 1; seed <= 10; seed++) {
      const { outcomes } = await play({
        pool: { limit, breaker },
        runs: 2_000,
        attempts: 2,
        serve: ({ now }) => (now > 2_000 && now < 62_000 ? { ms, verdict: down } : { ms: 20, verdict: ok }),
      }, seed);
      assert.deepEqual(outcomes, { ok: 2_000 }, `${limit} at a time, ${ms} ms each, seed ${seed}`);
    }
  }
});

test("an attempt that was on its way when the breaker opened uses up no more than a probe does", async () => {
  const { outcomes } = await play({
    pool: { limit: 40, breaker },
    runs: 400,
    attempts: 1,
    serve: ({ now }) => (now > 2_000 && now < 8_000 ? { ms: 300, verdict: down } : { ms: 500, verdict: ok }),
  });
  // The nineteen before it are the first that anybody knows of.
  assert.deepEqual(outcomes, { ok: 381, failed: 19 });
});

test("the breaker gives up on a target that stays down", async () => {
  const { outcomes, endedAt } = await play({
    pool: { limit: 16, breaker: { ...breaker, giveUpAfterMs: 60_000 } },
    runs: 5_000,
    attempts: 3,
    serve: ({ now }) => (now > 2_000 ? { ms: 1, verdict: down } : { ms: 20, verdict: ok }),
  });
  assert.ok(outcomes.skipped! > 3_000, JSON.stringify(outcomes));
  assert.ok(endedAt < 70_000, `ended at ${endedAt}`);
});

/** Holds starts against rate × length + burst, in every window from one start to another. */
function checkRate(startedAt: readonly number[], perMs: number, burst: number): void {
  for (let i = 0; i < startedAt.length; i++) {
    for (let j = i; j < startedAt.length; j++) {
      const ms = startedAt[j]! - startedAt[i]!;
      assert.ok(j - i + 1 <= perMs * ms + burst + 1e-6, `${j - i + 1} starts in ${ms} ms`);
    }
  }
}

for (const recordsEveryMs of [undefined, 1, 70, 400]) {
  const disk = recordsEveryMs === undefined
    ? ""
    : `, with a disk that takes ${recordsEveryMs} ms for a begin`;
  test(`a rate lets no window see more than its share and burst${disk}`, async () => {
    const { startedAt, endedAt } = await play({
      pool: { limit: 50, ratePerMs: 0.1, burst: 10 },
      runs: 500,
      recordsEveryMs,
      serve: ({ random }) => ({ ms: random * 30, verdict: ok }),
    });
    assert.equal(startedAt.length, 500);
    checkRate(startedAt, 0.1, 10);
    assert.ok(endedAt < 4_900 * 1.5, `it took ${endedAt} ms for 4,900`);
  });
}

test("a target that was told to wait comes back bit by bit, and nobody before the time", async () => {
  const wait: Failure = {
    ...down,
    error: { code: "http_status", message: "429", retryable: true },
    throttled: true,
    retryAfterMs: 10_000,
  };
  const { startedAt, outcomes } = await play({
    pool: { limit: 40 },
    runs: 2_000,
    serve: ({ now, random }) => now < 100 ? { ms: 99, verdict: wait } : { ms: 500 + random, verdict: ok },
  });
  assert.deepEqual(outcomes, { ok: 2_000 });
  const told = startedAt.filter((at) => at <= 99).length;
  assert.equal(startedAt.filter((at) => at > 99 && at < 10_099).length, 0);
  const back = startedAt.slice(told).filter((at) => at < 11_099);
  assert.ok(back.length >= 40, `${back.length} came back within a second`);
  for (const from of back) {
    const close = back.filter((at) => at >= from && at < from + 100).length;
    assert.ok(close <= 15, `${close} came back within 100 ms`);
  }
});

test("a pause ends at once the runs whose total time is up before it is over", async () => {
  const clock = new VirtualClock();
  const ends: { outcome: string; at: number }[] = [];
  let next = 0;
  const engine = runEngine<number>({
    pools: [{ name: "x", limit: 2 }],
    tasks: [{
      source: { pull: () => (next < 2 ? { payload: next++ } : null) },
      pool: 0,
      attemptMs: null,
      totalMs: 5_000,
      retry: { attempts: 3, initialMs: 1_000, maxMs: 1_000, jitter: "none" },
    }],
    clock,
    hooks: {
      random: () => 0,
      ended: (_run, ending) => ends.push({ outcome: ending.outcome, at: clock.now() }),
      perform: (run) =>
        new Promise((resolve) => {
          // The first fails and waits; then the second is told that nobody may call for a minute.
          if (run.payload === 0) clock.sleep(10, () => resolve(down));
          else clock.sleep(100, () => resolve({ ...down, retryAfterMs: 60_000, throttled: true }));
        }),
    },
  });
  await clock.run(engine.done);
  assert.deepEqual(ends, [{ outcome: "failed", at: 100 }, { outcome: "failed", at: 100 }]);
});
