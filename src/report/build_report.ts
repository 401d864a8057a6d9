import type { OutcomeCounts } from "../model/outcome.ts";
import type { LostRun, RunHeader, TargetClosing } from "../model/run_record.ts";
import { adviseTarget } from "./advice.ts";
import { encodeResult } from "./encode_result.ts";
import { makeRedactor } from "./redactor.ts";
import type { Advice, ReportHead, ShownResult, TargetReport } from "./report.ts";
import { lostPlaces, missingResult, Places, type ReportSource } from "./report_source.ts";
import { RunStats, TargetStats } from "./run_stats.ts";

/** A report: what stands before its results, where they are, and what a summary tells besides. */
export interface Report {
  readonly head: ReportHead;
  readonly source: ReportSource;
  /** Slowest first; a few. */
  readonly slowest: readonly ShownResult[];
  /** The first few failures of each code. */
  readonly failedByCode: ReadonlyMap<string, readonly ShownResult[]>;
  /** Names of tasks that had no inputs. */
  readonly emptyTasks: readonly string[];
}

/**
 * Makes the report of a run from what was counted while its results were made, or read back.
 * Called once for its `stats`: inputs whose end was never recorded are counted into them here.
 */
export function buildReport(source: ReportSource, stats: RunStats): Report {
  addMissing(source, stats);
  const head: ReportHead = {
    schema: "fanout.report/1",
    run: runOf(source, stats),
    summary: summaryOf(source, stats),
    targets: targetsOf(source, stats),
    failures: {
      first: stats.firstFailure,
      byCode: Object.fromEntries([...stats.failuresByCode].sort((a, b) => b[1] - a[1])),
    },
    advice: adviceOf(source, stats),
  };
  const { slowest, failedByCode } = stats;
  return { head, source, slowest, failedByCode, emptyTasks: emptyTasks(source) };
}

/** What is filled in holds no data, or what the journal kept of an input: there is nothing to mask. */
const nothingSecret = makeRedactor(new Map());

/** The JSON of a result that nobody recorded. */
export function missingJson(
  source: ReportSource,
  task: number,
  index: number,
  lost: LostRun | undefined,
): string {
  return encodeResult(missingResult(source, task, index, lost), nothingSecret);
}

function addMissing(source: ReportSource, stats: RunStats): void {
  if (source.closing !== null) return;
  const lostAt = lostPlaces(source);
  for (const places = new Places(source); places.next();) {
    const { task, index } = places;
    if (source.results.has(task, index)) continue;
    const result = missingResult(source, task, index, lostAt(task, index));
    stats.add(result, result.error === null ? "" : encodeResult(result, nothingSecret));
  }
}

function runOf({ header, closing }: ReportSource, stats: RunStats): ReportHead["run"] {
  return {
    id: header.runId,
    name: header.name,
    config: header.config,
    params: header.params,
    startedAt: header.startedAt,
    finishedAt: closing?.finishedAt ?? null,
    durationMs: closing === null ? null : Math.round(closing.durationMs),
    status: closing?.status ?? "incomplete",
    stoppedBy: closing?.stoppedBy ?? null,
    exitCode: closing?.exitCode ?? null,
    tool: header.tool,
    host: header.host,
    resumed: header.resumes === null ? null : { run: header.resumes, kept: stats.kept },
  };
}

function summaryOf({ closing, totals }: ReportSource, stats: RunStats): ReportHead["summary"] {
  return {
    ...withTotal(stats.counts),
    skippedBy: stats.skippedBy,
    allowedFailures: stats.allowedFailures,
    attempts: stats.attempts,
    retries: stats.retries,
    retriesWithheld: Object.values(closing?.targets ?? {}).reduce((sum, one) => sum + one.retriesWithheld, 0),
    totalKnown: closing?.totalKnown ?? totals.every((total) => total !== null),
  };
}

function withTotal(counts: OutcomeCounts): OutcomeCounts & { readonly total: number } {
  return { total: Object.values(counts).reduce((sum, count) => sum + count, 0), ...counts };
}

function targetsOf(source: ReportSource, stats: RunStats): ReportHead["targets"] {
  const { header, closing } = source;
  const described = header.targets.map((target): [string, TargetReport] => {
    const seen = stats.targets.get(target.name) ?? new TargetStats(target.kind ?? "");
    const closed = closing?.targets[target.name] ?? null;
    return [target.name, targetReport(seen, target.kind, closed?.limit ?? target.limit, closed)];
  });
  const known = new Set(header.targets.map((target) => target.name));
  const others = [...stats.targets].filter(([name]) => !known.has(name))
    .map(([name, seen]): [string, TargetReport] => {
      const closed = closing?.targets[name] ?? null;
      return [name, targetReport(seen, seen.kind, closed?.limit ?? 0, closed)];
    });
  return Object.fromEntries([...described, ...others]);
}

function targetReport(
  seen: TargetStats,
  kind: string | null,
  limit: number,
  closed: TargetClosing | null,
): TargetReport {
  return {
    kind,
    concurrency: { limit, peak: closed?.peak ?? null, ...closed?.adaptive },
    counts: withTotal(seen.counts),
    retries: seen.retries,
    throttled: closed?.throttled ?? null,
    ...(closed?.breaker ? { breaker: closed.breaker } : {}),
    latencyMs: seen.latency.summary(),
    queueMs: seen.queue.summary(),
    perSecond: seen.spanMs === 0 ? null : Math.round((seen.ran / seen.spanMs) * 10_000) / 10,
  };
}

function emptyTasks({ header, closing, results }: ReportSource): string[] {
  if (closing === null) return [];
  return header.tasks.filter((_, task) => results.size(task) === 0).map((task) => task.name);
}

/** A run of `fanout each`, whose config is made of its flags. */
function isEach({ name, config }: RunHeader): boolean {
  return name === "each" && /[\\/]each$/.test(config.path);
}

/** A run that was killed says nothing about its pools: their figures are lost. */
function adviceOf({ header, closing }: ReportSource, stats: RunStats): Advice[] {
  if (closing === null) return [];
  return header.targets.flatMap((target) => {
    const seen = stats.targets.get(target.name);
    const closed = closing.targets[target.name];
    if (seen === undefined || closed === undefined) return [];
    return adviseTarget({ target, closing: closed, stats: seen, cpus: header.cpus, isEach: isEach(header) });
  });
}
