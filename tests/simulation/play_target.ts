import { runEngine } from "../../src/engine/engine.ts";
import type { PoolSpec, PoolView, TaskSpec } from "../../src/engine/types.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import type { Failure, Verdict } from "../../src/model/verdict.ts";
import { seededRandom, VirtualClock } from "./virtual_clock.ts";

/** A target, what is asked of it, and how it answers. */
export interface World {
  readonly pool: Omit<PoolSpec, "name">;
  readonly runs: number;
  readonly attempts?: number;
  readonly totalMs?: number;
  /** Nothing is out for longer in the worlds that have one. */
  readonly attemptMs?: number;
  /** A disk that records begins so often: what is begun in between goes out together. */
  readonly recordsEveryMs?: number;
  /** How long an attempt takes and what comes of it. */
  serve(
    world: { now: number; running: number; attempt: number; random: number },
  ): { ms: number; verdict: Verdict };
}

/** A good answer. */
export const ok: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };
/** Nobody is there. */
export const down: Failure = {
  kind: "failed",
  error: { code: "connect", message: "connection refused", retryable: true },
  unhealthy: true,
};

/** Plays it to its end in no time. */
export async function play(world: World, seed = 1) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const outcomes: Partial<Record<Outcome, number>> = {};
  const startedAt: number[] = [];
  let next = 0;
  let running = 0;
  const task: TaskSpec<number> = {
    source: { pull: () => (next < world.runs ? { payload: next++ } : null) },
    pool: 0,
    attemptMs: world.attemptMs ?? null,
    totalMs: world.totalMs ?? null,
    retry: { attempts: world.attempts ?? 4, initialMs: 200, maxMs: 20_000, jitter: "full" },
  };
  const engine = runEngine<number>({
    pools: [{ name: "x", ...world.pool }],
    tasks: [task],
    clock,
    hooks: {
      random,
      begin: () => {
        const every = world.recordsEveryMs;
        if (every === undefined) return undefined;
        return new Promise((resolve) => clock.sleep(every - clock.now() % every, resolve));
      },
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
