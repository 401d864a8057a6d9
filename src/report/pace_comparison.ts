import type { Result } from "../model/result.ts";

/** A task whose runs took longer than before. Milliseconds, medians. */
export interface SlowTask {
  readonly task: string;
  /** Task runs that were ok in both. */
  readonly runs: number;
  readonly wasMs: number;
  readonly nowMs: number;
  /** Half of the runs took so many times as long, or more. */
  readonly ratio: number;
}

/** A task run that took longer than before, beyond what all runs of its task did. Milliseconds. */
export interface SlowRun {
  readonly task: string;
  readonly key: string | null;
  readonly index: number;
  readonly wasMs: number;
  readonly nowMs: number;
}

/** With fewer pairs nobody knows how much they usually differ. */
const fewestPairs = 10;
/** A task is slower when its median ratio is above this, and above four standard errors of it. */
const leastTaskRatio = 1.1;
const leastTaskMs = 5;
/** A run of many is slower when its ratio is twice that of the others, and beyond five times their spread. */
const leastRunRatio = 2;
const leastRunMs = 100;
/** For a few runs of a task little is known of the spread: each of them by itself. */
const leastOfFewMs = 1_000;
/** From the median absolute deviation to the standard deviation of what is normally distributed. */
const deviationFactor = 1.4826;

/**
 * Tells what became slower from what merely varies: durations of pairs are compared by the logarithm of their ratio, its
 * median over a task and its spread (the median absolute deviation), which single outliers do not move.
 */
export class PaceComparison {
  readonly #tasks = new Map<string, Pairs>();

  /** A task run that was ok in both. */
  add({ task, key, index, durationMs }: Result, wasMs: number): void {
    let pairs = this.#tasks.get(task);
    if (pairs === undefined) this.#tasks.set(task, pairs = { was: [], now: [], index: [], key: [] });
    pairs.was.push(wasMs);
    pairs.now.push(durationMs);
    pairs.index.push(index);
    pairs.key.push(key);
  }

  /** The greatest loss of time first; of single runs at most `limit`. */
  finish(limit: number): {
    readonly slowerTasks: readonly SlowTask[];
    readonly slower: readonly SlowRun[];
    readonly slowerCount: number;
  } {
    const slowerTasks: SlowTask[] = [];
    const slower: SlowRun[] = [];
    for (const [task, pairs] of this.#tasks) {
      const ratios = pairs.was.map((was, i) => logRatio(was, pairs.now[i]!));
      const center = median(ratios);
      const spread = deviationFactor * median(ratios.map((ratio) => Math.abs(ratio - center)));
      const slowTask = ratios.length < fewestPairs ? null : judgeTask(task, pairs, center, spread);
      if (slowTask !== null) slowerTasks.push(slowTask);
      slower.push(...judgeRuns(task, pairs, ratios, center, spread));
    }
    slowerTasks.sort((a, b) => b.runs * (b.nowMs - b.wasMs) - a.runs * (a.nowMs - a.wasMs));
    slower.sort((a, b) => b.nowMs - b.wasMs - (a.nowMs - a.wasMs));
    return { slowerTasks, slower: slower.slice(0, limit), slowerCount: slower.length };
  }
}

/** By position. */
interface Pairs {
  readonly was: number[];
  readonly now: number[];
  readonly index: number[];
  readonly key: (string | null)[];
}

function judgeTask(task: string, { was, now }: Pairs, center: number, spread: number): SlowTask | null {
  const standardError = 1.2533 * spread / Math.sqrt(was.length);
  const [wasMs, nowMs] = [median(was), median(now)];
  if (center <= Math.log(leastTaskRatio) || center <= 4 * standardError) return null;
  if (nowMs - wasMs < leastTaskMs) return null;
  return { task, runs: was.length, wasMs, nowMs, ratio: Math.round(Math.exp(center) * 100) / 100 };
}

function judgeRuns(
  task: string,
  { was, now, index, key }: Pairs,
  ratios: readonly number[],
  center: number,
  spread: number,
): SlowRun[] {
  const areFew = ratios.length < fewestPairs;
  const least = areFew ? Math.log(leastRunRatio) : center + Math.max(Math.log(leastRunRatio), 5 * spread);
  const leastMs = areFew ? leastOfFewMs : leastRunMs;
  return ratios.flatMap((ratio, i) => {
    const [wasMs, nowMs] = [was[i]!, now[i]!];
    if (ratio <= least || nowMs - wasMs < leastMs) return [];
    return [{ task, key: key[i]!, index: index[i]!, wasMs, nowMs }];
  });
}

/** A millisecond is added to both, so that from 0.1 to 0.4 ms is no loss of speed. */
function logRatio(was: number, now: number): number {
  return Math.log((now + 1) / (was + 1));
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
