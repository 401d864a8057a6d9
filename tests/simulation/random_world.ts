import type { PoolSpec, RetryPolicy, Stop } from "../../src/engine/types.ts";
import type { RunError } from "../../src/model/outcome.ts";
import type { Failure, Verdict } from "../../src/model/verdict.ts";

/** What a seed draws: pools with their servers, tasks with their inputs, a disk, a ceiling, stops. Times in ms. */
export interface RandomWorld {
  readonly pools: readonly RandomPool[];
  readonly tasks: readonly RandomTask[];
  readonly ceiling: number;
  readonly deadline: number | null;
  /** How often the disk records the begins that have come. */
  readonly diskMs: number;
  readonly stops: readonly (Stop & { readonly at: number })[];
}

export interface RandomPool {
  readonly spec: PoolSpec;
  /** One pool for each of a few keys. */
  readonly isFamily: boolean;
  readonly server: RandomServer;
}

export interface RandomTask {
  readonly count: number;
  readonly pool: number;
  readonly limit?: number;
  readonly attemptMs: number | null;
  readonly totalMs: number | null;
  readonly retry: RetryPolicy;
  /** Its items are this task's runs that ended ok, as they end. */
  readonly from: number | null;
  /** It starts when this task has ended. */
  readonly needs: number | null;
  /** It cannot be read again: a stop ends it. */
  readonly isOnePass: boolean;
  /** It has nothing to give before. */
  readonly lateMs: number;
  /** Of its runs, those that are recorded before they go out. */
  readonly recorded: number;
}

/** How often a server gives which answer (the rest is ok), how slowly, and when it is down. */
export interface RandomServer {
  readonly slowMs: number;
  readonly pauseMs: number;
  readonly shares: { readonly [answer in Answer]?: number };
  /** From then on everything takes five times as long. */
  readonly slowFrom: number;
  readonly downFrom: number;
  readonly downTo: number;
}

type Answer = keyof typeof answers;

/** Everything an attempt may find but success. */
const answers = {
  down: () => failed("connect", { retryable: true, unhealthy: true }),
  broken: () => failed("http_status", { retryable: false, unhealthy: true }),
  ownTimeout: () => failed("timeout", { retryable: true, timedOut: true }),
  missing: () => failed("not_found", { retryable: false }),
  exit: () => failed("exit_code", { retryable: true }),
  shed: () => failed("http_status", { retryable: true, throttled: true }),
  wait: (ms: number) => failed("http_status", { retryable: true, throttled: true, retryAfterMs: ms }),
  notYet: () => failed("until", { retryable: true, isPoll: true }),
  noDescriptor: (): Verdict => ({ kind: "backpressure", message: "no more descriptors" }),
} as const;

const ok: Verdict = { kind: "ok", output: { fields: {}, outputs: null, saved: null } };

export function failed(
  code: RunError["code"],
  { retryable, ...more }: { retryable: boolean } & Omit<Partial<Failure>, "kind" | "error">,
): Failure {
  return { kind: "failed", error: { code, message: code, retryable }, ...more };
}

/** What the server answers now, and after how long. */
export function serve(
  server: RandomServer,
  now: number,
  random: () => number,
): { ms: number; verdict: Verdict } {
  if (now >= server.downFrom && now < server.downTo && random() < 0.9) {
    return { ms: random() * 10, verdict: random() < 0.6 ? answers.down() : answers.broken() };
  }
  // Few take long: they are what is still in flight when something changes.
  const ms = server.slowMs * random() ** 3 * (now < server.slowFrom ? 1 : 5);
  let dice = random();
  for (const [answer, share] of Object.entries(server.shares)) {
    if ((dice -= share) < 0) return { ms, verdict: answers[answer as Answer](server.pauseMs * random()) };
  }
  return { ms, verdict: ok };
}

export function drawWorld(random: () => number): RandomWorld {
  const pick = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const chance = (share: number) => random() < share;
  const between = (from: number, to: number) => from + random() * (to - from);

  /** So many failures that the retry budget is spent: its floor alone is 250. */
  const isCrowd = chance(0.1);
  /** Wide pools below a low ceiling, with work that comes and goes: who gets a slot? */
  const isTight = !isCrowd && chance(0.2);

  const poolCount = isCrowd ? 1 : isTight ? pick(2, 4) : pick(1, 5);
  const pools = Array.from({ length: poolCount }, (_, i) => drawPool(`p${i}`));
  const tasks = Array.from(
    { length: isCrowd ? 1 : isTight ? poolCount + 1 : pick(1, 6) },
    (_, t) => drawTask(t),
  );

  function drawPool(name: string): RandomPool {
    const limit = isCrowd ? pick(10, 40) : pick(1, 10);
    const isFamily = !isTight && chance(0.25);
    const hasBreaker = !isTight && chance(isCrowd ? 0.1 : 0.4);
    const spec: PoolSpec = {
      name,
      limit,
      // What limit a family's member has found cannot be seen, and the number of probes goes by it.
      ...(chance(isCrowd ? 0.6 : 0.3) && !(isFamily && hasBreaker) ? { minLimit: pick(1, limit) } : {}),
      ...(chance(isCrowd || isTight ? 0 : 0.3) ? { ratePerMs: between(0.02, 0.3), burst: pick(1, 5) } : {}),
      ...(hasBreaker ? { breaker: drawBreaker() } : {}),
      ...(chance(isCrowd ? 0 : 0.2) ? { retryBudget: false } : {}),
    };
    return { spec, isFamily, server: drawServer(hasBreaker) };
  }

  function drawBreaker(): PoolSpec["breaker"] {
    return {
      failureRate: between(0.2, 0.9),
      windowMs: between(50, 2_000),
      minCalls: pick(3, 12),
      openForMs: between(20, 400),
      giveUpAfterMs: between(200, 3_000),
    };
  }

  function drawServer(hasBreaker: boolean): RandomServer {
    const downFrom = chance(hasBreaker ? 0.7 : 0.2) ? between(0, 600) : Infinity;
    const some = (share: number) => chance(0.5) ? random() * share : 0;
    return {
      slowMs: between(5, 400),
      slowFrom: chance(0.15) ? between(0, 1_500) : Infinity,
      pauseMs: isCrowd && chance(0.3) ? 60_000 : between(20, 800),
      shares: {
        down: some(0.1),
        broken: some(0.05),
        ownTimeout: some(0.05),
        missing: some(0.3),
        exit: isCrowd ? between(0.3, 0.7) : some(0.3),
        shed: some(0.1),
        wait: some(isCrowd ? 0.01 : 0.2),
        notYet: some(0.1),
        noDescriptor: some(0.1),
      },
      downFrom,
      downTo: downFrom + between(50, 4_000),
    };
  }

  function drawTask(position: number): RandomTask {
    return {
      count: isCrowd ? 1_200 : pick(0, 120),
      pool: isTight && position < pools.length ? position : pick(0, pools.length - 1),
      ...(chance(0.2) ? { limit: pick(1, 5) } : {}),
      attemptMs: chance(0.5) ? pick(40, 200) : null,
      totalMs: chance(0.3) ? pick(90, 900) : null,
      retry: {
        attempts: isCrowd ? 4 : pick(1, 4),
        initialMs: between(5, 100),
        maxMs: 300,
        jitter: chance(0.8) ? "full" : "none",
      },
      from: position > 0 && chance(0.3) ? pick(0, position - 1) : null,
      needs: position > 0 && chance(0.1) ? pick(0, position - 1) : null,
      isOnePass: chance(0.2),
      lateMs: chance(isTight ? 0.5 : 0.1) ? between(0, 600) : 0,
      recorded: chance(0.5) ? between(0.1, 1) : 0,
    };
  }

  const stops: RandomWorld["stops"][number][] = [];
  for (let at = between(0, 1_500); chance(0.35) && stops.length < 2; at += between(0, 60)) {
    const how = (["drain", "grace", "now"] as const)[pick(0, 2)]!;
    stops.push({ at, how, graceMs: pick(0, 60), code: "interrupted", message: "stopped" });
  }
  return {
    pools,
    tasks,
    ceiling: chance(isTight ? 0 : 0.3) ? 256 : isTight ? pick(3, 10) : pick(1, 16),
    deadline: chance(0.1) ? between(200, 3_000) : null,
    diskMs: chance(0.3) ? between(20, 300) : 2,
    stops,
  };
}
