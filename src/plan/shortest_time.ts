import type { Plan, PoolPlan, TaskPlan } from "../model/plan.ts";
import { writtenCount } from "../model/written.ts";
import { writtenRate } from "./written_limits.ts";

/** Task runs of each task, null where only the run will tell. */
export interface InputCounts {
  readonly [task: string]: number | null;
}

/** A time that no run can beat. */
export interface ShortestTime {
  readonly ms: number;
  /** What takes that long: `12,000 attempts at 100/s in api`. */
  readonly because: string;
}

/**
 * The shortest time the limits allow. Only a rate says something about time: a concurrency does so together with how long
 * an attempt takes, which nobody knows yet. Every task run is taken to need one attempt, and a task with `if` none, since
 * all of its runs may be skipped. Null when no rate applies, or no count is known.
 */
export function shortestTime(plan: Plan, counts: InputCounts): ShortestTime | null {
  const candidates = [...plan.pools.map((_, pool) => poolTime(plan, pool, counts)), chainTime(plan, counts)];
  const longest = candidates.filter((time) => time !== null).sort((a, b) => b.ms - a.ms)[0];
  return longest !== undefined && longest.ms > 0 ? longest : null;
}

function poolTime(plan: Plan, position: number, counts: InputCounts): ShortestTime | null {
  const pool = plan.pools[position]!;
  const tasks = plan.tasks.filter((task) => task.pool === position);
  const attempts = tasks.reduce((sum, task) => sum + certainRuns(task, counts), 0);
  if (pool.rate === null || pool.per !== null) return null;
  return { ms: startsTake(pool, attempts), because: reason(attempts, pool) };
}

/** Along `needs`, where one task begins when another has ended. */
function chainTime(plan: Plan, counts: InputCounts): ShortestTime | null {
  const ends = new Map<string, { readonly ms: number; readonly links: readonly string[] }>();
  const endOf = (task: TaskPlan): { readonly ms: number; readonly links: readonly string[] } => {
    const known = ends.get(task.name);
    if (known) return known;
    // A task that goes run by run while the other still runs cannot end before it; other tasks wait for its end to begin.
    const from = task.foreach?.source === "from" ? task.foreach.from : null;
    const before = (names: readonly string[]) =>
      names.map((name) => plan.tasks.find((other) => other.name === name)).filter((other) =>
        other !== undefined
      )
        .map(endOf).reduce((a, b) => b.ms > a.ms ? b : a, { ms: 0, links: [] });
    const begin = before(task.needs.map((need) => need.task).filter((name) => name !== from));
    const pool = plan.pools[task.pool]!;
    const runs = certainRuns(task, counts);
    const own = pool.rate === null || pool.per !== null ? 0 : startsTake(pool, runs);
    const alone = { ms: begin.ms + own, links: own > 0 ? [...begin.links, reason(runs, pool)] : begin.links };
    const other = before(from === null ? [] : [from]);
    const end = other.ms > alone.ms ? other : alone;
    ends.set(task.name, end);
    return end;
  };
  const longest = plan.tasks.map(endOf).reduce((a, b) => b.ms > a.ms ? b : a, { ms: 0, links: [] });
  return longest.links.length > 1 ? { ms: longest.ms, because: longest.links.join(", then ") } : null;
}

/** Runs that will certainly start an attempt. */
function certainRuns(task: TaskPlan, counts: InputCounts): number {
  if (task.if !== null) return 0;
  return Math.min(
    counts[task.name] ?? 0,
    task.first ?? Infinity,
    task.only === null ? Infinity : task.only.length,
  );
}

/** From the first start to the last one. */
function startsTake(pool: PoolPlan, attempts: number): number {
  if (pool.rate === null) return 0;
  return Math.max(0, attempts - pool.rate.burst) * (pool.rate.perMs / pool.rate.limit);
}

function reason(attempts: number, pool: PoolPlan): string {
  return `${writtenCount(attempts)} attempts at ${writtenRate(pool.rate!)} in ${pool.name}`;
}
