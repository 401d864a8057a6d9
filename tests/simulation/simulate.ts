import { runEngine } from "../../src/engine/engine.ts";
import type { Attempt, Stop, TaskRun, TaskSpec } from "../../src/engine/types.ts";
import type { Ending } from "../../src/model/outcome.ts";
import type { Call, Verdict } from "../../src/model/verdict.ts";
import type { AttemptCall } from "../../src/engine/call.ts";
import { checkEnding } from "./check_ending.ts";
import { type Item, RandomSource } from "./random_source.ts";
import { drawWorld, failed, serve } from "./random_world.ts";
import { CeilingRule } from "./rules/ceiling_rule.ts";
import { healthOf } from "./rules/rule.ts";
import { SimulatedPool } from "./simulated_pool.ts";
import { seededRandom, VirtualClock } from "./virtual_clock.ts";

/** What came of a seed. */
export interface Story {
  readonly log: string;
  /** What was found wrong; empty when all went well. */
  readonly faults: readonly string[];
  /** How often there was something to look at. */
  readonly seen: { readonly [what: string]: number };
}

/** How long the work of an attempt goes on after it was told to end. */
const dyingMs = 3;

/** Plays a random world to its end with the real engine. */
export async function simulate(seed: number): Promise<Story> {
  const random = seededRandom(seed);
  const world = drawWorld(random);
  const clock = new VirtualClock();
  const log: string[] = [];
  // Kept, not thrown: most is found inside an attempt, where the engine takes what is thrown for a failed attempt.
  const faults: string[] = [];
  const wrong = (what: string) => void faults.push(`seed ${seed}, ${clock.now().toFixed(3)} ms: ${what}`);
  const say = (what: string) => void log.push(`${clock.now().toFixed(3)} ${what}`);

  const sources = world.tasks.map((task, t) =>
    new RandomSource(
      t,
      task,
      world.pools[task.pool]!.isFamily,
      random,
      (ms) => clock.sleep(ms, () => engine.wake()),
      () => clock.now(),
    )
  );
  for (const source of sources) source.join(sources);
  const tasks = world.tasks.map((task, t): TaskSpec<Item> => ({
    ...task,
    source: {
      pull: () => notePulled(t, sources[t]!.pull()),
      stopped: () => sources[t]!.stopped(),
    },
    family: world.pools[task.pool]!.isFamily,
  }));
  const pools = new Map<string, SimulatedPool>();
  const refused = new Set<Item>();
  const live = new Set<Call>();
  const outOfTask = tasks.map(() => 0);
  const slotsOfTask = tasks.map(() => new Set<Item>());
  let stopped: (Stop & { readonly at: number }) | null = null;

  const engine = runEngine<Item>({
    pools: world.pools.map(({ spec }) => spec),
    tasks,
    ceiling: world.ceiling,
    ...(world.deadline === null ? {} : { deadline: world.deadline }),
    clock,
    hooks: { random: () => random(), begin, perform, attempted, ended },
  });
  world.pools.forEach((pool, p) => {
    if (pool.isFamily || !world.tasks.some((task) => task.pool === p)) return;
    pools.set(pool.spec.name, new SimulatedPool(pool.spec.name, pool, () => engine.pools()[p]!, wrong));
  });
  const hasFamily = world.tasks.some(({ pool }) => world.pools[pool]!.isFamily);
  const ceilingRule = hasFamily
    ? null
    : new CeilingRule(world.ceiling, [...pools.values()], tasks, slotsOfTask, wrong);
  for (const stop of world.stops) clock.sleep(stop.at, () => stopNow(stop));
  if (world.deadline !== null) {
    clock.sleep(world.deadline, () => stopNow({ how: "now", code: "run_timeout", message: "time is up" }));
  }
  clock.onQuiet = () => {
    if (stopped === null) ceilingRule?.quiet(clock.now());
  };

  try {
    await clock.run(engine.done);
    await engine.done;
  } catch (error) {
    wrong(String(error));
  }
  checkTheEnd();
  return { log: log.join("\n"), faults, seen: whatWasSeen() };

  function poolOf(task: number, { poolKey }: Item): SimulatedPool {
    const pool = world.pools[tasks[task]!.pool]!;
    const name = poolKey === undefined ? pool.spec.name : `${pool.spec.name}/${poolKey}`;
    let found = pools.get(name);
    if (found === undefined) pools.set(name, found = new SimulatedPool(name, pool, null, wrong));
    return found;
  }

  function notePulled<T extends ReturnType<RandomSource["pull"]>>(task: number, got: T): T {
    if (got instanceof Promise) return got.then((later) => notePulled(task, later)) as T;
    if (got && got.ending === undefined) poolOf(task, got.payload).waiting.add(got.payload);
    return got;
  }

  /** The first attempt has its slot; a run that was put back before it went out may come here again. */
  function begin(run: TaskRun<Item>): Promise<void> | undefined {
    const item = run.payload;
    takesSlot(run);
    if (!item.hasBegun) poolOf(run.task, item).budget?.begins(clock.now());
    item.hasBegun = true;
    if (!item.isRecorded) return undefined;
    const isRefused = random() < 0.02;
    if (isRefused) refused.add(item);
    // Those that come together share a sync: then they want to go out together.
    return new Promise((resolve, reject) =>
      clock.sleep(
        world.diskMs - clock.now() % world.diskMs,
        () => isRefused ? reject(new Error("the disk is full")) : resolve(),
      )
    );
  }

  function takesSlot(run: TaskRun<Item>): void {
    const item = run.payload;
    const pool = poolOf(run.task, item);
    if (stopped !== null) wrong(`${item.name} got a slot after the stop`);
    if (clock.now() < item.dueAt) wrong(`${item.name} got a slot before its time`);
    pool.waiting.delete(item);
    item.state = "slot";
    slotsOfTask[run.task]!.add(item);
    pool.takesSlot(clock.now());
    ceilingRule?.takesSlot(pool, clock.now());
  }

  function perform(run: TaskRun<Item>, call: Call): Verdict | Promise<Verdict> {
    const item = run.payload;
    const pool = poolOf(run.task, item);
    const spec = tasks[run.task]!;
    // Only a first attempt's slot is told of; others take theirs and go out in one, but under a rate.
    if (item.state !== "slot") takesSlot(run);
    if (stopped !== null) wrong(`${item.name} went out after the stop`);
    if (refused.has(item)) wrong(`${item.name} went out unrecorded`);
    if (!item.next.includes(call.attempt)) {
      wrong(`${item.name} had attempt ${call.attempt}, not ${item.next}`);
    }
    if (call.attempt > spec.retry.attempts) wrong(`${item.name} had too many attempts`);
    const out = { now: clock.now(), name: item.name, isRetry: item.isRetry };
    item.isRetry =
      item.isPoll =
      item.isUnhealthy =
      item.mayBePutOff =
        false;
    item.next = [call.attempt];
    item.state = "out";
    pool.goesOut(out);
    if (++outOfTask[run.task]! > (spec.limit ?? Infinity)) wrong(`task ${run.task} is over its limit`);
    live.add(call);
    if (live.size > world.ceiling) wrong("over the ceiling");
    say(`+ ${item.name}#${call.attempt}`);

    let isOpen = true;
    const back = (verdict: Verdict) => {
      isOpen = false;
      live.delete(call);
      outOfTask[run.task]!--;
      slotsOfTask[run.task]!.delete(item);
      // The engine will make it wait, or end it.
      item.state = "waiting";
      if (verdict.kind === "backpressure") pool.waiting.add(item);
      item.isPoll = verdict.kind === "failed" && verdict.isPoll === true;
      item.isUnhealthy = healthOf(verdict, call.cancelled) === false;
      pool.comesBack({
        now: clock.now(),
        outAt: out.now,
        slotAt: (call as AttemptCall).startedAt,
        verdict,
        isHealthy: healthOf(verdict, call.cancelled),
      });
    };
    const { ms, verdict } = serve(pool.pool.server, clock.now(), random);
    // A few are broken themselves, and a few answer at once.
    const dice = random();
    if (dice < 0.03) {
      const settled = dice < 0.01 ? failed("internal", { retryable: false }) : verdict;
      queueMicrotask(() => back(settled));
      if (dice < 0.01) throw new Error("a bug");
      return verdict;
    }
    return new Promise((resolve) => {
      const settle = (settled: Verdict) => {
        if (!isOpen) return;
        back(settled);
        resolve(settled);
      };
      call.onCancel = ({ code }) => {
        if (code === "interrupted") checkCancelled();
        clock.sleep(random() * dyingMs, () => settle(failed("reset", { retryable: true })));
      };
      clock.sleep(ms, () => settle(verdict));
    });
  }

  function attempted(run: TaskRun<Item>, attempt: Attempt, retryInMs: number | null): void {
    const item = run.payload;
    item.attempts++;
    slotsOfTask[run.task]!.delete(item);
    if (retryInMs === null) return;
    const { breaker } = poolOf(run.task, item);
    // One that was on its way when the breaker opened, and finds what a probe finds, is taken for one.
    const isLikeProbe = breaker?.isClosed === false && (item.isUnhealthy || attempt.outcome === "timed_out");
    const wasProbe = isLikeProbe || (breaker !== null && breaker.wasProbe(attempt.startedAt));
    const number = item.next[0]!;
    item.next = wasProbe === null ? [number, number + 1] : [number + (wasProbe ? 0 : 1)];
    item.isRetry = wasProbe === false && !item.isPoll;
    item.mayBePutOff = wasProbe !== true && !item.isPoll;
    item.dueAt = clock.now() + retryInMs;
    item.state = "waiting";
    poolOf(run.task, item).waiting.add(item);
  }

  function ended(run: TaskRun<Item>, ending: Ending): void {
    const item = run.payload;
    const pool = poolOf(run.task, item);
    const now = clock.now();
    say(`= ${item.name} ${ending.outcome} ${"error" in ending ? ending.error?.message ?? "" : ""}`);
    if (item.state === "ended") wrong(`${item.name} ended twice`);
    if (item.state === "out") wrong(`${item.name} ended while it was out`);
    const { totalMs } = tasks[run.task]!;
    const lateMs = now - run.startedAt - (totalMs ?? Infinity);
    if (lateMs > dyingMs + (item.isRecorded ? world.diskMs : 0) + 1e-6) {
      wrong(`${item.name} ended ${lateMs} ms late`);
    }
    pool.waiting.delete(item);
    const hasTimeLimit = totalMs !== null || world.deadline !== null;
    checkEnding({
      run,
      ending,
      pool,
      task: tasks[run.task]!,
      now,
      isStopped: stopped !== null,
      hasTimeLimit,
      wrong,
    });
    item.state = "ended";
    item.outcome = ending.outcome;
    if (sources[run.task]!.ended(ending.outcome === "ok")) clock.sleep(0, () => engine.wake());
  }

  function stopNow(stop: Stop): void {
    say(`stop ${stop.how}`);
    stopped = { ...stop, at: clock.now() };
    engine.stop(stop);
  }

  /** Work in flight is told to end by `now`, and by `grace` when that has passed. */
  function checkCancelled(): void {
    const mayBe = world.stops.some(({ at, how, graceMs }) =>
      how !== "drain" && clock.now() >= at + (how === "grace" ? graceMs! : 0)
    );
    if (!mayBe) wrong("work in flight was told to end before its grace was over");
  }

  function checkTheEnd(): void {
    if (live.size > 0) wrong(`${live.size} attempts are still out`);
    for (const source of sources) {
      if (source.given.length < source.expected) wrong(`task ${source.position} was not read to its end`);
      for (const { name, state } of source.given) if (state !== "ended") wrong(`${name} has no outcome`);
    }
    for (const { running, waiting, name } of engine.pools()) {
      if (running + waiting > 0) wrong(`${name} ends with ${running} slots taken and ${waiting} that wait`);
    }
    for (const { budget } of pools.values()) budget?.check();
  }

  function whatWasSeen(): Story["seen"] {
    const all = [...pools.values()];
    const sum = (of: (pool: SimulatedPool) => number | undefined) =>
      all.reduce((total, pool) => total + (of(pool) ?? 0), 0);
    return {
      attempts: log.filter((line) => line.includes(" + ")).length,
      pauses: sum(({ pause }) => pause.pauses),
      openings: sum(({ breaker }) => breaker?.openings),
      probes: sum(({ breaker }) => breaker?.probes),
      "targets given up": all.filter(({ breaker }) => breaker?.hasGivenUp).length,
      "steps of limits": sum(({ adaptive }) => adaptive?.steps),
      "spent budgets": all.filter(({ budget }) => budget !== null && budget.retries > 250).length,
      "retries withheld": engine.pools().reduce((total, pool) => total + pool.retriesWithheld, 0),
      stops: stopped === null ? 0 : 1,
    };
  }
}
