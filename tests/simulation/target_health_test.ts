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

for (const retryable of [true, false]) {
  test(`the breaker gives up on a target that stays down, where a failure ${retryable ? "may" : "may not"} be repeated`, async () => {
    const verdict: Failure = { ...down, error: { ...down.error, retryable } };
    const { outcomes, endedAt } = await play({
      pool: { limit: 16, breaker: { ...breaker, giveUpAfterMs: 60_000 } },
      runs: 5_000,
      attempts: 3,
      serve: ({ now }) => (now > 2_000 ? { ms: 1, verdict } : { ms: 20, verdict: ok }),
    });
    assert.ok(outcomes.skipped! > 3_000, JSON.stringify(outcomes));
    assert.ok(endedAt < 70_000, `ended at ${endedAt}`);
  });
}

test("an attempt whose time is up before it went out says nothing of its target", async () => {
  const { outcomes, startedAt, pool } = await play({
    pool: { limit: 4, breaker: { ...breaker, minCalls: 2 } },
    runs: 8,
    attempts: 1,
    attemptMs: 50,
    recordsEveryMs: 70,
    serve: () => ({ ms: 1, verdict: ok }),
  });
  assert.deepEqual([outcomes, startedAt], [{ timed_out: 8 }, []]);
  assert.equal(pool.breaker!.openings, 0);
});

test("what was being recorded when the breaker opened goes out when a probe may", async () => {
  const answers = [{ ms: 5, verdict: down }, { ms: 30, verdict: down }, { ms: 40, verdict: ok }];
  const { outcomes, startedAt } = await play({
    pool: { limit: 3, breaker: { ...breaker, minCalls: 2, openForMs: 500 } },
    runs: 4,
    recordsEveryMs: 70,
    serve: () => answers.shift() ?? { ms: 1, verdict: ok },
  });
  assert.deepEqual(outcomes, { ok: 4 });
  // The fourth had its slot at 75 ms, the breaker opened at 100, and its begin was on the disk at 140.
  assert.deepEqual(startedAt.slice(0, 3), [70, 70, 70]);
  assert.ok(startedAt[3]! >= 600, `${startedAt}`);
});

test("a probe that finds the target well, and has to try again, waits as it would without a breaker", async () => {
  const notYet: Failure = { ...down, unhealthy: false, isPoll: true };
  const answers = [down, notYet, notYet, ok].map((verdict) => ({ ms: 1, verdict }));
  const { startedAt } = await play({
    pool: { limit: 8, breaker: { ...breaker, minCalls: 1 } },
    runs: 1,
    serve: () => answers.shift()!,
  });
  assert.equal(startedAt[1], 5_001);
  assert.ok(startedAt[2]! - startedAt[1]! > 10 && startedAt[3]! - startedAt[2]! > 10, `${startedAt}`);
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

for (
  const [disk, rate] of [["", {}], [", though its rate would let it", { ratePerMs: 1, burst: 2 }]] as const
) {
  test(`what was being recorded when a pause began goes out after it${disk}`, async () => {
    const wait: Failure = { ...down, throttled: true, retryAfterMs: 1_000 };
    const answers = [{ ms: 5, verdict: ok }, { ms: 30, verdict: wait }];
    const { outcomes, startedAt } = await play({
      pool: { limit: 2, ...rate },
      runs: 3,
      recordsEveryMs: 70,
      serve: () => answers.shift() ?? { ms: 1, verdict: ok },
    });
    assert.deepEqual(outcomes, { ok: 3 });
    // The third had its slot at 75 ms, the pause began at 100, and its begin was on the disk at 140.
    assert.ok(startedAt[1]! < 100 && startedAt[2]! >= 1_100, `${startedAt}`);
  });
}

test("a pause is no time for which the retry budget put anything off", async () => {
  const wait: Failure = { ...down, throttled: true, retryAfterMs: 60_000 };
  const { startedAt, outcomes, endedAt } = await play({
    pool: { limit: 1_000 },
    runs: 1_000,
    attempts: 2,
    serve: ({ running, attempt }) => ({
      ms: 10,
      verdict: attempt > 1 ? ok : running === 1_000 ? wait : down,
    }),
  });
  // As many as the floor has at once, and one a second for half a minute.
  const retries = startedAt.length - 1_000;
  assert.ok(retries >= 275 && retries <= 285, `${retries} retries`);
  assert.equal(outcomes.ok, retries);
  assert.ok(endedAt >= 90_000, `ended at ${endedAt}`);
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
