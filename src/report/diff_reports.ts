import { canonicalJson, type Value } from "../model/json.ts";
import type { Outcome, RunError } from "../model/outcome.ts";
import type { Result } from "../model/result.ts";
import type { RunStatus } from "../model/run_record.ts";
import { shortHash } from "../runtime/hash.ts";
import { PaceComparison, type SlowRun, type SlowTask } from "./pace_comparison.ts";
import { type RenderSource, resultsOf } from "./render_source.ts";

/** What changed between two runs: `fanout.diff/1`. */
export interface ReportDiff {
  readonly schema: "fanout.diff/1";
  readonly old: DiffedRun;
  readonly new: DiffedRun;
  /** Of all; the lists below end after {@link longestList}. */
  readonly counts: DiffCounts;
  /** Not fine now, and fine before or not there: what nobody knew yesterday. */
  readonly newlyFailing: readonly DiffEntry[];
  readonly recovered: readonly DiffEntry[];
  readonly stillFailing: readonly DiffEntry[];
  /** Tasks, and single runs of tasks, that took longer by more than they usually differ. */
  readonly slowerTasks: readonly SlowTask[];
  readonly slower: readonly SlowRun[];
  readonly added: readonly DiffEntry[];
  readonly removed: readonly DiffEntry[];
}

/** One of the two. */
export interface DiffedRun {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
  readonly status: RunStatus;
}

/** @see ReportDiff.counts */
export interface DiffCounts {
  readonly newlyFailing: number;
  readonly recovered: number;
  readonly stillFailing: number;
  readonly slowerTasks: number;
  readonly slower: number;
  readonly added: number;
  readonly removed: number;
  readonly unchanged: number;
}

/** A task run in both, or in one of them. */
export interface DiffEntry {
  readonly task: string;
  readonly key: string | null;
  readonly index: number;
  readonly item: Value;
  readonly target: string | null;
  /** Null where it was not there. */
  readonly was: Outcome | null;
  readonly now: Outcome | null;
  /** Why it is not fine now. */
  readonly error: RunError | null;
}

/** A million task runs that were added are one fact. */
export const longestList = 1_000;

/**
 * Compares two runs of a config, task run by task run, by their key, or their item and matrix where they have none. Fine
 * is what does not make a run's exit code 1: ok, skipped by `if`, an allowed failure.
 *
 * @throws Error when a result of either cannot be read
 */
export function diffReports(before: RenderSource, after: RenderSource): ReportDiff {
  const known = new Map<string, Earlier>();
  const oldIds = identifier();
  const isCutShort = [before, after].some(({ head }) => head.run.status === "incomplete");
  const places = isCutShort ? new Map<string, Earlier>() : null;
  for (const result of resultsOf(before)) {
    const one = earlier(result);
    known.set(oldIds(result), one);
    places?.set(placeOf(result), one);
  }

  const lists = {
    newlyFailing: new CappedList<DiffEntry>(),
    recovered: new CappedList<DiffEntry>(),
    stillFailing: new CappedList<DiffEntry>(),
    added: new CappedList<DiffEntry>(),
    removed: new CappedList<DiffEntry>(),
  };
  const pace = new PaceComparison();
  const newIds = identifier();
  let unchanged = 0;
  for (const result of resultsOf(after)) {
    const there = places?.get(placeOf(result));
    const was = known.get(newIds(result)) ??
      (there?.isNameless || isNameless(result) ? there : undefined);
    const nowFine = isFine(result);
    if (was === undefined) lists.added.add(entry(result, null, result.outcome));
    else was.isSeen = true;
    if (!nowFine) {
      const list = was === undefined || was.isFine ? lists.newlyFailing : lists.stillFailing;
      list.add(entry(result, was?.outcome ?? null, result.outcome));
    } else if (was !== undefined && !was.isFine) {
      lists.recovered.add(entry(result, was.outcome, result.outcome));
    } else if (was !== undefined) unchanged++;
    if (was?.outcome === "ok" && result.outcome === "ok") pace.add(result, was.durationMs);
  }
  const again = identifier();
  for (const result of resultsOf(before)) {
    if (!known.get(again(result))!.isSeen) lists.removed.add(entry(result, result.outcome, null));
  }
  const { slowerTasks, slower, slowerCount } = pace.finish(longestList);
  return {
    schema: "fanout.diff/1",
    old: runOf(before),
    new: runOf(after),
    counts: {
      newlyFailing: lists.newlyFailing.count,
      recovered: lists.recovered.count,
      stillFailing: lists.stillFailing.count,
      slowerTasks: slowerTasks.length,
      slower: slowerCount,
      added: lists.added.count,
      removed: lists.removed.count,
      unchanged,
    },
    newlyFailing: lists.newlyFailing.kept,
    recovered: lists.recovered.kept,
    stillFailing: lists.stillFailing.kept,
    slowerTasks,
    slower,
    added: lists.added.kept,
    removed: lists.removed.kept,
  };
}

/** What is remembered of an old result. */
interface Earlier {
  readonly outcome: Outcome;
  readonly isFine: boolean;
  readonly durationMs: number;
  readonly isNameless: boolean;
  isSeen: boolean;
}

function earlier(result: Result): Earlier {
  return {
    outcome: result.outcome,
    isFine: isFine(result),
    durationMs: result.durationMs,
    isNameless: isNameless(result),
    isSeen: false,
  };
}

/** A killed run has no record of what it had not ended: of such an input only its place is known. */
function isNameless({ key, item, matrix, attempts }: Result): boolean {
  return key === null && item === null && matrix === null && attempts.length === 0;
}

function placeOf({ task, index }: Result): string {
  return `${task} ${index}`;
}

function isFine({ outcome, reason, allowed }: Result): boolean {
  return outcome === "ok" || (outcome === "skipped" && reason === "if") || allowed === true;
}

/** Names results in input order; equal ones are numbered. */
function identifier(): (result: Result) => string {
  const counts = new Map<string, number>();
  return ({ task, key, item, matrix }) => {
    const content = key === null ? `${canonicalJson(item)} ${canonicalJson(matrix)}` : JSON.stringify(key);
    const id = shortHash(`${task} ${key === null ? "item" : "key"} ${content}`);
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return count === 1 ? id : `${id}#${count}`;
  };
}

function entry(result: Result, was: Outcome | null, now: Outcome | null): DiffEntry {
  const { task, key, index, item, target, error } = result;
  return { task, key, index, item, target, was, now, error: now === null ? null : error };
}

function runOf({ head: { run } }: RenderSource): DiffedRun {
  return { id: run.id, name: run.name, startedAt: run.startedAt, status: run.status };
}

/** Counts all, keeps the first. */
class CappedList<T> {
  readonly kept: T[] = [];
  count = 0;

  add(one: T): void {
    this.count++;
    if (this.kept.length < longestList) this.kept.push(one);
  }
}
