import { parseJson } from "../model/json.ts";
import { noOutcomes, type OutcomeCounts, type SkipReason } from "../model/outcome.ts";
import type { AttemptRecord, Result } from "../model/result.ts";
import { LatencySketch } from "./latency_sketch.ts";
import type { ShownResult } from "./report.ts";

/** How many of the slowest task runs are remembered. */
const slowestKept = 3;
/** How many failures of each code are remembered. */
const failuresKept = 3;

/**
 * Everything a report says about the whole, fed once for each ended task run: while it runs, or from its journal.
 * Its size depends on the number of targets and error codes, not of task runs.
 */
export class RunStats {
  readonly counts: OutcomeCounts = noOutcomes();
  readonly skippedBy: { [reason in SkipReason]: number } = { if: 0, dependency: 0, circuit_open: 0 };
  allowedFailures = 0;
  attempts = 0;
  retries = 0;
  /** Results taken over from an earlier run. */
  kept = 0;
  /** The first failure that was not allowed. */
  firstFailure: ShownResult | null = null;
  readonly failuresByCode = new Map<string, number>();
  /** The first few that were not allowed, of each code. */
  readonly failedByCode = new Map<string, ShownResult[]>();
  /** Slowest first. */
  readonly slowest: ShownResult[] = [];
  readonly targets = new Map<string, TargetStats>();

  /**
   * Counts one result. `json` is the same result as {@link encodeResult} gave it: what is shown of it comes from there,
   * where secrets are masked. `isKept`: an earlier run gave it, so it says nothing about this run's pace.
   */
  add(result: Result, json: string, isKept = false): void {
    const { outcome, attempts } = result;
    this.counts[outcome]++;
    const retries = Math.max(0, attempts.length - 1);
    this.attempts += attempts.length;
    this.retries += retries;
    if (outcome === "skipped" && result.reason !== null) this.skippedBy[result.reason]++;
    else if (outcome === "failed" || outcome === "timed_out") this.#addFailure(result, json);
    if (isKept) this.kept++;
    else if (attempts.length > 0) this.#rank(result, json);

    if (result.target === null) return;
    let target = this.targets.get(result.target);
    if (target === undefined) this.targets.set(result.target, target = new TargetStats(result.kind));
    target.counts[outcome]++;
    target.retries += retries;
    if (!isKept && attempts.length > 0) target.addAttempts(result);
  }

  /** Counts a result that is read back, and gives it. */
  addJson(json: string, isKept = false): Result {
    const result = parseJson(json) as unknown as Result;
    this.add(result, json, isKept);
    return result;
  }

  /** The report numbers inputs otherwise than they were numbered when they ran. */
  renumber(indexOf: (task: string, index: number) => number): void {
    const renumbered = (one: ShownResult) => ({ ...one, index: indexOf(one.task, one.index) });
    if (this.firstFailure !== null) this.firstFailure = renumbered(this.firstFailure);
    for (const few of [this.slowest, ...this.failedByCode.values()]) {
      few.splice(0, few.length, ...few.map(renumbered));
    }
  }

  #addFailure(result: Result, json: string): void {
    if (result.allowed === true) {
      this.allowedFailures++;
      return;
    }
    const code = result.error?.code ?? "internal";
    const count = (this.failuresByCode.get(code) ?? 0) + 1;
    this.failuresByCode.set(code, count);
    if (count > failuresKept) return;
    const failure = shown(json);
    this.firstFailure ??= failure;
    this.failedByCode.set(code, [...this.failedByCode.get(code) ?? [], failure]);
  }

  #rank(result: Result, json: string): void {
    const { slowest } = this;
    if (slowest.length === slowestKept && result.durationMs <= slowest[slowestKept - 1]!.durationMs) return;
    slowest.push(shown(json));
    slowest.sort((a, b) => b.durationMs - a.durationMs);
    slowest.length = Math.min(slowest.length, slowestKept);
  }
}

/** What happened at one target. Times are milliseconds. */
export class TargetStats {
  readonly counts: OutcomeCounts = noOutcomes();
  retries = 0;
  readonly latency = new LatencySketch();
  readonly queue = new LatencySketch();
  /** Task runs that made at least one attempt. */
  ran = 0;
  /** Attempts that the attempt timeout ended, and the shortest of them: the timeout itself. */
  timeouts = 0;
  timeoutMs = Infinity;
  /** Summed over all attempts. */
  busyMs = 0;
  /** Retries (polls are none) of runs that failed all the same, and how many runs they saved. */
  wastedRetries = 0;
  savedRuns = 0;
  /** CPU time of subprocesses, and the time they took. */
  cpuMs = 0;
  cpuBusyMs = 0;
  /** Since 1970. */
  firstStartMs = Infinity;
  lastEndMs = -Infinity;

  constructor(readonly kind: string) {}

  /** From the first attempt to the last end; 0 without any. */
  get spanMs(): number {
    return Math.max(0, this.lastEndMs - this.firstStartMs);
  }

  /** Takes the times of a task run that made at least one attempt. */
  addAttempts(result: Result): void {
    const { attempts } = result;
    this.ran++;
    this.queue.add(result.queuedMs);
    for (const attempt of attempts) this.#addAttempt(attempt);
    this.#addRetries(result);
    const startMs = Date.parse(attempts[0]!.startedAt);
    if (startMs < this.firstStartMs) this.firstStartMs = startMs;
    this.lastEndMs = Math.max(this.lastEndMs, startMs + result.durationMs);
    const cpuMs = result.output?.cpuMs;
    if (typeof cpuMs === "number") {
      this.cpuMs += cpuMs;
      this.cpuBusyMs += attempts[attempts.length - 1]!.durationMs;
    }
  }

  #addRetries({ attempts, outcome }: Result): void {
    const retries = attempts.slice(0, -1).filter(({ error }) => error?.code !== "until").length;
    if (retries === 0) return;
    if (outcome === "ok") this.savedRuns++;
    else if (outcome === "failed" || outcome === "timed_out") this.wastedRetries += retries;
  }

  #addAttempt(attempt: AttemptRecord): void {
    this.latency.add(attempt.durationMs);
    this.busyMs += attempt.durationMs;
    if (attempt.outcome !== "timed_out") return;
    this.timeouts++;
    if (attempt.durationMs < this.timeoutMs) this.timeoutMs = attempt.durationMs;
  }
}

function shown(json: string): ShownResult {
  const result = parseJson(json) as unknown as Result;
  const { task, index, key, item, target, outcome, durationMs, error } = result;
  return { task, index, key, item, target, outcome, durationMs, error };
}
