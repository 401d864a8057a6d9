import assert from "node:assert/strict";
import { test } from "node:test";
import { runEngine } from "../../src/engine/engine.ts";
import type { Source, TaskSpec } from "../../src/engine/types.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { failed } from "./random_world.ts";
import { VirtualClock } from "./virtual_clock.ts";

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
          call.onCancel = () => resolve(failed("reset", { retryable: false }));
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
        return new Promise((resolve) =>
          clock.sleep(1, () => resolve(failed("connect", { retryable: true })))
        );
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
              resolve(failed("reset", { retryable: false }));
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
          if (run.payload === "waits") {
            clock.sleep(10, () => resolve(failed("http_status", { retryable: true })));
          } else clock.sleep(5_000, () => resolve(ok));
        }),
    },
  });
  await clock.run(engine.done);
  assert.deepEqual(ends, ["waits: failed at 600", "holds the slot: ok at 5010"]);
});

test("an attempt that waits for its rate ends at its timeout, before its turn", async () => {
  const clock = new VirtualClock();
  const ends: string[] = [];
  const task = (names: string[], attemptMs: number | null): TaskSpec<string> => ({
    source: {
      pull: () => {
        const payload = names.shift();
        return payload === undefined ? null : { payload };
      },
    },
    pool: 0,
    attemptMs,
    totalMs: null,
    retry: { attempts: 1, initialMs: 1, maxMs: 1, jitter: "none" },
  });
  const engine = runEngine<string>({
    pools: [{ name: "x", limit: 8, ratePerMs: 0.01, burst: 1 }],
    tasks: [task(["first"], null), task(["second"], 300)],
    clock,
    hooks: {
      random: () => 0,
      // All that began by then is on the disk after 350 ms, and goes out at the rate: the second at 450.
      begin: () => new Promise((resolve) => clock.sleep(350 - clock.now(), resolve)),
      ended: (run, ending) => ends.push(`${run.payload}: ${ending.outcome} at ${clock.now()}`),
      perform: () => ({ kind: "ok", output: { fields: {}, outputs: null, saved: null } }),
    },
  });
  await clock.run(engine.done);
  assert.deepEqual(ends, ["first: ok at 350", "second: timed_out at 400"]);
});

test("a hook that throws when a time comes ends the engine with what it threw", async () => {
  const clock = new VirtualClock();
  let isGiven = false;
  const engine = runEngine<null>({
    pools: [{ name: "x", limit: 1 }],
    tasks: [{
      source: { pull: () => isGiven ? null : (isGiven = true, { payload: null }) },
      pool: 0,
      attemptMs: null,
      totalMs: 600,
      retry: { attempts: 2, initialMs: 500, maxMs: 500, jitter: "none" },
    }],
    clock,
    hooks: {
      random: () => 0,
      ended: () => {
        throw new Error("the journal is full");
      },
      // The second time the machine has nothing to give; then the total time is up during the wait.
      perform: (_run, call) =>
        new Promise((resolve) => {
          const isFirst = call.attempt === 1;
          clock.sleep(isFirst ? 10 : 80, () =>
            resolve(
              isFirst ? failed("reset", { retryable: true }) : { kind: "backpressure", message: "none" },
            ));
        }),
    },
  });
  const refused = assert.rejects(engine.done, /the journal is full/);
  await clock.run(engine.done);
  await refused;
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
          call.onCancel = () => resolve(failed("reset", { retryable: false }));
          if (run.payload === 0) clock.sleep(1_000, () => resolve(ok));
        }),
    },
  });
  clock.sleep(300, () => clock.holdUp(5_000));
  await clock.run(engine.done);
  assert.deepEqual(outcomes, ["0 ok at 5300", "1 timed_out at 5400"]);
});
