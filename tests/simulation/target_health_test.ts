import assert from "node:assert/strict";
import { test } from "node:test";
import { runEngine } from "../../src/engine/engine.ts";
import type { PoolSpec, PoolView, TaskSpec } from "../../src/engine/types.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import type { Failure, Verdict } from "../../src/model/verdict.ts";
import { seededRandom, VirtualClock } from "./virtual_clock.ts";

interface World {
  readonly pool: Omit<PoolSpec, "name">;
  readonly runs: number;
  readonly attempts?: number;
  /** How long an attempt takes and what comes of it. */
  serve(
    world: { now: number; running: number; attempt: number; random: number },
  ): { ms: number; verdict: Verdict };
}

const ok: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };
const down: Failure = {
  kind: "failed",
  error: { code: "connect", message: "connection refused", retryable: true },
  unhealthy: true,
};

async function play(world: World, seed = 1) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const outcomes: Partial<Record<Outcome, number>> = {};
  const startedAt: number[] = [];
  let next = 0;
  let running = 0;
  const task: TaskSpec<number> = {
    source: { pull: () => (next < world.runs ? { payload: next++ } : null) },
    pool: 0,
    attemptMs: null,
    totalMs: null,
    retry: { attempts: world.attempts ?? 4, initialMs: 200, maxMs: 20_000, jitter: "full" },
  };
  const engine = runEngine<number>({
    pools: [{ name: "x", ...world.pool }],
    tasks: [task],
    clock,
    hooks: {
      random,
      ended: (_run, ending) => outcomes[ending.outcome] = (outcomes[ending.outcome] ?? 0) + 1,
      perform: (_run, call) => {
        running++;
        startedAt.push(clock.now());
        const { ms, verdict } = world.serve({
          now: clock.now(),
          running,
          attempt: call.attempt,
          random: random(),
        });
        return new Promise((resolve) =>
          clock.sleep(ms, () => {
            running--;
            resolve(verdict);
          })
        );
      },
    },
  });
  await clock.run(engine.done);
  return { outcomes, startedAt, endedAt: clock.now(), pool: engine.pools()[0] as PoolView };
}

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

test("an adaptive limit is within 20 % of the best fixed one without knowing it, with far fewer errors than a wide one", async () => {
  // Twelve at a time are served at full speed; more share it; beyond 30 it sheds.
  const serve: World["serve"] = ({ running, random }) =>
    running > 30
      ? { ms: 5, verdict: { ...down, error: { ...down.error, code: "http_status" } } }
      : { ms: (40 + random * 20) * Math.max(1, running / 12), verdict: ok };
  const best = await play({ pool: { limit: 12 }, runs: 8_000, serve });
  const wide = await play({ pool: { limit: 64 }, runs: 8_000, serve });
  const adaptive = await play({ pool: { limit: 64, minLimit: 1 }, runs: 8_000, serve });
  const errors = (result: { startedAt: number[] }) => result.startedAt.length - 8_000;
  assert.ok(adaptive.endedAt <= best.endedAt * 1.2, `${adaptive.endedAt} against ${best.endedAt}`);
  assert.ok(errors(adaptive) * 10 <= errors(wide), `${errors(adaptive)} against ${errors(wide)} errors`);
  assert.ok(adaptive.pool.limitHistory.length > 2);
});

test("an adaptive limit follows a capacity that changes", async () => {
  const serve: World["serve"] = ({ running, now, random }) => {
    const capacity = now < 10_000 ? 6 : 24;
    return { ms: (40 + random * 20) * Math.max(1, running / capacity), verdict: ok };
  };
  const best = await play({ pool: { limit: 24 }, runs: 8_000, serve });
  const adaptive = await play({ pool: { limit: 64, minLimit: 1 }, runs: 8_000, serve });
  assert.ok(adaptive.endedAt <= best.endedAt * 1.2, `${adaptive.endedAt} against ${best.endedAt}`);
});

test("a rate lets no window see more than its share and burst", async () => {
  const { startedAt } = await play({
    pool: { limit: 50, ratePerMs: 0.1, burst: 10 },
    runs: 500,
    serve: () => ({ ms: 1, verdict: ok }),
  });
  for (let i = 0; i < startedAt.length; i++) {
    for (let j = i; j < startedAt.length; j += 7) {
      const allowed = 0.1 * (startedAt[j]! - startedAt[i]!) + 10 + 1e-6;
      assert.ok(j - i + 1 <= allowed, `${j - i + 1} starts in ${startedAt[j]! - startedAt[i]!} ms`);
    }
  }
  assert.equal(startedAt.length, 500);
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
