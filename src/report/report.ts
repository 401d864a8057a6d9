/**
 * The report: `fanout.report/1` and what is made of it. This folder counts, masks, writes and renders; it never runs
 * anything, never decides about retries or exit codes, and holds no results in memory: they stay in the journal, and
 * each is copied or rendered alone.
 */
import type { ValueMap } from "../model/json.ts";
import type { OutcomeCounts, RunError, SkipReason } from "../model/outcome.ts";
import type { Result } from "../model/result.ts";
import type { AdaptiveAccount, RunClosing, RunStatus, TargetClosing } from "../model/run_record.ts";

/** Everything of a report but its `results`, which follow it in the file. */
export interface ReportHead {
  readonly schema: "fanout.report/1";
  readonly run: {
    readonly id: string;
    readonly name: string;
    readonly config: { readonly path: string; readonly sha256: string };
    readonly params: ValueMap;
    readonly startedAt: string;
    /** Null, as are the next ones that may be, for a run that did not end in order. */
    readonly finishedAt: string | null;
    readonly durationMs: number | null;
    readonly status: RunStatus;
    readonly stoppedBy: RunClosing["stoppedBy"];
    readonly exitCode: number | null;
    readonly tool: string;
    readonly host: string;
    /** The run it goes on with, and how many results it took over. */
    readonly resumed: { readonly run: string; readonly kept: number } | null;
  };
  readonly summary: ReportSummary;
  readonly targets: { readonly [name: string]: TargetReport };
  readonly failures: {
    /** The root cause: the first that failed. */
    readonly first: ShownResult | null;
    /** Failures that were not allowed, most frequent first. */
    readonly byCode: { readonly [code: string]: number };
  };
  readonly advice: readonly Advice[];
}

/** Counts over all task runs; the six outcomes add up to `total`. */
export interface ReportSummary extends OutcomeCounts {
  readonly total: number;
  readonly skippedBy: { readonly [reason in SkipReason]: number };
  readonly allowedFailures: number;
  readonly attempts: number;
  /** Attempts beyond the first of each task run. */
  readonly retries: number;
  /** Retries that a target's budget put off for too long; their task runs failed. */
  readonly retriesWithheld: number;
  readonly totalKnown: boolean;
}

/** What happened at one target. */
export interface TargetReport {
  readonly kind: string | null;
  /** `peak`: the most attempts there were at a time. Null for a run that did not end in order. */
  readonly concurrency:
    & { readonly limit: number; readonly peak: number | null }
    /** For a limit that adapts itself: its bounds, where it settled, and how it got there. */
    & Partial<AdaptiveAccount>;
  /** The six outcomes add up to `total`. */
  readonly counts: OutcomeCounts & { readonly total: number };
  readonly retries: number;
  readonly throttled: number | null;
  /** Present for a target with a breaker. */
  readonly breaker?: TargetClosing["breaker"];
  /** Of attempts, from slot to end. Null when there were none. */
  readonly latencyMs: LatencySummary | null;
  /** Of task runs, from being pulled to the first slot. */
  readonly queueMs: LatencySummary | null;
  /** Task runs ended a second, from the first attempt to the last end. */
  readonly perSecond: number | null;
}

/** Milliseconds. */
export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** A task run as a summary names it. */
export type ShownResult =
  & Pick<Result, "task" | "index" | "key" | "item" | "target" | "outcome" | "durationMs">
  & {
    readonly error: RunError | null;
  };

/** Something the figures say about the config. */
export interface Advice {
  readonly code: AdviceCode;
  readonly target: string;
  /** The figures, what they mean, and what to try. */
  readonly message: string;
  /** The figures that led to it. Milliseconds, counts, shares from 0 to 1. */
  readonly figures: { readonly [name: string]: number };
  /** The line to change in the config: `targets.cpu.concurrency: cpus`. Null where no line of it helps. */
  readonly change: string | null;
}

/** Stable words. */
export type AdviceCode =
  | "cpu_bound"
  | "pool_is_bottleneck"
  | "pool_too_wide"
  | "timeout_below_p99"
  | "throttled"
  | "retries_wasted";
