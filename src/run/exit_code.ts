import type { OutcomeCounts, SkipReason } from "../model/outcome.ts";
import { signalCodes, type StopSignal } from "./signals.ts";

/** What decides the exit code of a run that began. */
export interface RunEnd {
  readonly counts: OutcomeCounts;
  readonly skippedBy: { readonly [reason in SkipReason]?: number };
  readonly allowedFailures: number;
  readonly stoppedBy: "max_failures" | "timeout" | "signal" | null;
  /** The signal that came first; null when none came. */
  readonly signal: StopSignal | null;
  /** Every input of every source was read. */
  readonly totalKnown: boolean;
  /** The journal or a report could not be written. */
  readonly notDurable: boolean;
}

/** The first that applies: 3, signal, 124, 1, 0. (2, 4 and 5 are decided before a run begins.) */
export function exitCodeOf(end: RunEnd): number {
  const { counts } = end;
  if (end.notDurable) return 3;
  if (end.signal !== null && leftSomething(end)) return signalCodes[end.signal];
  if (end.stoppedBy === "timeout") return 124;
  const forgiven = end.allowedFailures + (end.skippedBy.if ?? 0) + counts.ok;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return forgiven === total ? 0 : 1;
}

/** The report's word for how it ended. */
export function statusOf(end: RunEnd, exitCode: number): "passed" | "failed" | "interrupted" | "timed_out" {
  if (exitCode === 0) return "passed";
  if (end.signal !== null && leftSomething(end)) return "interrupted";
  if (end.stoppedBy === "timeout") return "timed_out";
  return "failed";
}

/** Something was cut off, or did not get its turn, or stands unread in a pipe. */
function leftSomething({ counts, totalKnown }: RunEnd): boolean {
  return counts.cancelled + counts.not_run > 0 || !totalKnown;
}
