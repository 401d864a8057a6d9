import assert from "node:assert/strict";
import { test } from "node:test";
import { runEngine } from "../../src/engine/engine.ts";
import type { PoolSpec, Pulled, Source, TaskSpec } from "../../src/engine/types.ts";
import type { Ending } from "../../src/model/outcome.ts";
import type { Call, Failure, Verdict } from "../../src/model/verdict.ts";
import { seededRandom, VirtualClock } from "./virtual_clock.ts";

interface Item {
  readonly name: string;
}

const seeds = 400;

test("runEngine() holds every limit, ends every input once and replays alike over many seeds", async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const log = await simulate(seed);
    if (seed % 20 === 0) assert.equal(await simulate(seed), log, `seed ${seed} gave two logs`);
  }
});

/** A random world: pools, families, sources, faults, a stop. Gives its log. */
async function simulate(seed: number): Promise<string> {
  const random = seededRandom(seed);
  const pick = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const chance = (share: number) => random() < share;
  const clock = new VirtualClock();
  const log: string[] = [];
  // Kept, not thrown: most is found inside an attempt, where the engine takes what is thrown for a failed attempt.
  const faults: string[] = [];
  const wrong = (what: string) => void faults.push(`seed ${seed}: ${what}`);
  const say = (what: string) => log.push(`${clock.now().toFixed(3)} ${what}`);

  const pools: PoolSpec[] = Array.from({ length: pick(1, 5) }, (_, i) => ({
    name: `p${i}`,
    limit: pick(1, 6),
    ...(chance(0.4) ? { ratePerMs: 0.02 + random() * 0.2, burst: pick(1, 5) } : {}),
  }));
  const ceiling = pick(1, 12);
  const inPool = new Map<string, number>();
  const starts = new Map<string, number[]>();
  const ended = new Map<string, Ending["outcome"]>();
  const pulled = new Set<string>();
  const expected = new Set<string>();
  const unrecorded = new Set<string>();
  const live = new Set<Call>();

  const tasks: TaskSpec<Item>[] = Array.from({ length: pick(1, 7) }, (_, t) => {
    const family = chance(0.3);
    return {
      source: scriptedSource(t, pick(0, 60), family),
      pool: pick(0, pools.length - 1),
      family,
      ...(chance(0.3) ? { limit: pick(1, 4) } : {}),
      attemptMs: chance(0.5) ? 40 : null,
      totalMs: chance(0.3) ? 90 : null,
      retry: {
        attempts: pick(1, 4),
        initialMs: 50,
        maxMs: 200,
        jitter: chance(0.8) ? "full" as const : "none" as const,
      },
    };
  });
  const inTask = tasks.map(() => 0);
  let hasStopped = false;
  let total = 0;

  function scriptedSource(task: number, count: number, family: boolean): Source<Item> {
    let next = 0;
    const give = (): Pulled<Item> | null | undefined => {
      if (next >= count) return null;
      if (chance(0.1)) {
        clock.sleep(pick(1, 30), () => engine.wake());
        return undefined;
      }
      const name = `${task}:${next++}`;
      pulled.add(name);
      if (chance(0.1)) {
        return { payload: { name }, ending: { outcome: "skipped", reason: "if", error: null } };
      }
      return { payload: { name }, ...(family ? { poolKey: `o${pick(0, 3)}` } : {}) };
    };
    for (let i = 0; i < count; i++) expected.add(`${task}:${i}`);
    return { pull: () => (chance(0.3) ? Promise.resolve().then(give) : give()) };
  }

  const engine = runEngine<Item>({
    pools,
    tasks,
    ceiling,
    clock,
    hooks: {
      random: () => random(),
      begin(run) {
        if (!chance(0.2)) return undefined;
        const isRefused = chance(0.05);
        if (isRefused) unrecorded.add(run.payload.name);
        return new Promise((resolve, reject) =>
          clock.sleep(2, () => isRefused ? reject(new Error("the disk is full")) : resolve())
        );
      },
      ended(run, ending) {
        const name = run.payload.name;
        if (ended.has(name)) wrong(`${name} ended twice`);
        ended.set(name, ending.outcome);
        say(`= ${name} ${ending.outcome}`);
      },
      perform(run, call) {
        if (hasStopped) wrong(`${run.payload.name} began after the stop`);
        if (unrecorded.has(run.payload.name)) wrong(`${run.payload.name} began unrecorded`);
        const spec = tasks[run.task]!;
        const pool = pools[spec.pool]!;
        const key = spec.family ? `${pool.name}/${run.task}` : pool.name;
        if (!spec.family) {
          inPool.set(key, (inPool.get(key) ?? 0) + 1);
          if (inPool.get(key)! > pool.limit) wrong(`${key} over its limit`);
          if (pool.ratePerMs) starts.set(key, [...(starts.get(key) ?? []), clock.now()]);
        }
        if (++inTask[run.task]! > (spec.limit ?? Infinity)) wrong(`task ${run.task} over its limit`);
        if (++total > ceiling) wrong("over the ceiling");
        if (call.attempt > spec.retry.attempts) wrong("too many attempts");
        live.add(call);
        say(`+ ${run.payload.name}#${call.attempt}`);
        return new Promise<Verdict>((resolve) => {
          let open = true;
          const settle = (verdict: Verdict) => {
            if (!open) return;
            open = false;
            live.delete(call);
            total--;
            inTask[run.task]!--;
            if (!spec.family) inPool.set(key, inPool.get(key)! - 1);
            resolve(verdict);
          };
          call.onCancel = () => clock.sleep(random() * 3, () => settle(failed("reset", true)));
          clock.sleep(random() * 60, () => {
            const dice = random();
            if (dice < 0.6) settle({ kind: "ok", output: { fields: {}, outputs: null, saved: null } });
            else if (dice < 0.65) settle({ kind: "backpressure", message: "no more descriptors" });
            else if (dice < 0.7) {
              settle({ ...failed("http_status", true), retryAfterMs: random() * 100, throttled: true });
            } else settle(failed("connect", dice < 0.9));
          });
        });
      },
    },
  });

  if (chance(0.4)) {
    clock.sleep(random() * 400, () => {
      say("stop");
      hasStopped = true;
      const how = (["drain", "grace", "now"] as const)[pick(0, 2)]!;
      engine.stop({ how, graceMs: 30, code: "interrupted", message: "stopped" });
    });
  }
  await clock.run(engine.done);
  if (live.size > 0) wrong("something is still live");
  for (const name of expected) if (!ended.has(name)) wrong(`${name} has no outcome`);
  for (const name of pulled) if (!ended.has(name)) wrong(`${name} was lost`);
  for (const [key, times] of starts) {
    const pool = pools.find((p) => p.name === key)!;
    for (let i = 0; i < times.length; i++) {
      for (let j = i; j < times.length; j++) {
        const allowed = pool.ratePerMs! * (times[j]! - times[i]!) + pool.burst! + 1e-6;
        if (j - i + 1 > allowed) wrong(`${key} over its rate`);
      }
    }
  }
  assert.deepEqual(faults.slice(0, 3), []);
  return log.join("\n");
}

function failed(code: "reset" | "connect" | "http_status", retryable: boolean): Failure {
  return { kind: "failed", error: { code, message: code, retryable } };
}

test("a fast pool keeps its share of the ceiling beside a slow one", async () => {
  const clock = new VirtualClock();
  const finished = [0, 0];
  const endless = (): Source<null> => {
    let open = true;
    return { pull: () => (open ? { payload: null } : null), stopped: () => open = false };
  };
  const task = (pool: number): TaskSpec<null> => ({
    source: endless(),
    pool,
    attemptMs: null,
    totalMs: null,
    retry: { attempts: 1, initialMs: 1, maxMs: 1, jitter: "none" },
  });
  const engine = runEngine<null>({
    pools: [{ name: "slow", limit: 64 }, { name: "fast", limit: 64 }],
    tasks: [task(0), task(1)],
    ceiling: 64,
    clock,
    hooks: {
      random: () => 0,
      ended: (run, ending) => {
        if (ending.outcome === "ok") finished[run.task]!++;
      },
      perform: (run, call) =>
        new Promise((resolve) => {
          call.onCancel = () => resolve(failed("reset", false));
          const ok: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };
          clock.sleep(run.task === 0 ? 60_000 : 100, () => resolve(ok));
        }),
    },
  });
  clock.sleep(10_000, () => engine.stop({ how: "now", code: "interrupted", message: "enough" }));
  await clock.run(engine.done);
  // 32 slots, 100 ms each, 10 s.
  assert.ok(finished[1]! >= 3_100, `the fast pool ended only ${finished[1]}`);
  assert.ok(engine.pools()[0]!.peak >= 32, "the slow pool has its share too");
});

test("a storm of failures keeps the number of begun runs bounded", async () => {
  const clock = new VirtualClock();
  let begun = 0;
  let most = 0;
  let next = 0;
  let open = true;
  const engine = runEngine<number>({
    pools: [{ name: "x", limit: 50 }],
    tasks: [{
      source: {
        pull: () => (open && next < 50_000 ? { payload: next++ } : null),
        stopped: () => open = false,
      },
      pool: 0,
      attemptMs: null,
      totalMs: null,
      retry: { attempts: 3, initialMs: 20_000, maxMs: 20_000, jitter: "none" },
    }],
    clock,
    hooks: {
      random: () => 0.5,
      ended: (run) => {
        if (run.attemptCount > 0) begun--;
      },
      perform: (_run, call) => {
        if (call.attempt === 1) most = Math.max(most, ++begun);
        return new Promise((resolve) => clock.sleep(1, () => resolve(failed("connect", true))));
      },
    },
  });
  clock.sleep(10_000, () => engine.stop({ how: "now", code: "interrupted", message: "enough" }));
  await clock.run(engine.done);
  assert.ok(most <= 4_096, `${most} runs had begun at once`);
});

test("an attempt past its timeout keeps its slot until its work has stopped", async () => {
  const clock = new VirtualClock();
  let running = 0;
  let peak = 0;
  const outcomes: string[] = [];
  let next = 0;
  const engine = runEngine<number>({
    pools: [{ name: "x", limit: 1 }],
    tasks: [{
      source: { pull: () => (next < 3 ? { payload: next++ } : null) },
      pool: 0,
      attemptMs: 10,
      totalMs: null,
      retry: { attempts: 1, initialMs: 1, maxMs: 1, jitter: "none" },
    }],
    clock,
    hooks: {
      random: () => 0,
      ended: (_run, ending) => outcomes.push(ending.outcome),
      perform: (_run, call) => {
        peak = Math.max(peak, ++running);
        return new Promise((resolve) => {
          call.onCancel = () =>
            clock.sleep(500, () => {
              running--;
              resolve(failed("reset", false));
            });
        });
      },
    },
  });
  await clock.run(engine.done);
  assert.deepEqual(outcomes, ["timed_out", "timed_out", "timed_out"]);
  assert.equal(peak, 1);
  assert.ok(clock.now() >= 1_530, "each slot was held until its work had stopped");
});

test("a run that waits for its next attempt ends at its total timeout, though its pool is full", async () => {
  const clock = new VirtualClock();
  const ends: string[] = [];
  const task = (payload: string, totalMs: number | null): TaskSpec<string> => {
    let given = false;
    return {
      source: { pull: () => given ? null : (given = true, { payload }) },
      pool: 0,
      attemptMs: null,
      totalMs,
      retry: { attempts: 9, initialMs: 100, maxMs: 100, jitter: "none" },
    };
  };
  const engine = runEngine<string>({
    pools: [{ name: "x", limit: 1 }],
    tasks: [task("waits", 600), task("holds the slot", null)],
    clock,
    hooks: {
      random: () => 0,
      ended: (run, ending) => ends.push(`${run.payload}: ${ending.outcome} at ${clock.now()}`),
      perform: (run) =>
        new Promise((resolve) => {
          const ok: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };
          if (run.payload === "waits") clock.sleep(10, () => resolve(failed("http_status", true)));
          else clock.sleep(5_000, () => resolve(ok));
        }),
    },
  });
  await clock.run(engine.done);
  assert.deepEqual(ends, ["waits: failed at 600", "holds the slot: ok at 5010"]);
});

test("what ended while the program was held up is not timed out", async () => {
  const clock = new VirtualClock();
  const outcomes: string[] = [];
  let next = 0;
  const engine = runEngine<number>({
    pools: [{ name: "x", limit: 2 }],
    tasks: [{
      source: { pull: () => (next < 2 ? { payload: next++ } : null) },
      pool: 0,
      attemptMs: 3_000,
      totalMs: null,
      retry: { attempts: 1, initialMs: 1, maxMs: 1, jitter: "none" },
    }],
    clock,
    hooks: {
      random: () => 0,
      ended: (run, ending) => outcomes.push(`${run.payload} ${ending.outcome} at ${clock.now()}`),
      perform: (run, call) =>
        new Promise((resolve) => {
          const ok: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };
          call.onCancel = () => resolve(failed("reset", false));
          if (run.payload === 0) clock.sleep(1_000, () => resolve(ok));
        }),
    },
  });
  clock.sleep(300, () => clock.holdUp(5_000));
  await clock.run(engine.done);
  assert.deepEqual(outcomes, ["0 ok at 5300", "1 timed_out at 5400"]);
});
