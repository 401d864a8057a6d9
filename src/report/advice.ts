import type { RecordedTarget, TargetClosing } from "../model/run_record.ts";
import { writtenCount, writtenDuration } from "../model/written.ts";
import type { Advice } from "./report.ts";
import type { TargetStats } from "./run_stats.ts";

/** One target's figures. */
export interface TargetFigures {
  readonly target: RecordedTarget;
  readonly closing: TargetClosing;
  readonly stats: TargetStats;
  /** CPUs that the run may use. */
  readonly cpus: number;
}

/**
 * What the figures of one target say about its settings. Each rule states its threshold and shows the figures behind it;
 * where two explanations are possible it says nothing.
 */
export function adviseTarget(figures: TargetFigures): Advice[] {
  const { name } = figures.target;
  const throttled = adviseThrottled(figures);
  const cpuBound = adviseCpuBound(figures);
  // A pool that is throttled or waits for CPUs is full for that reason: a higher limit would make it worse.
  const full = throttled === null && cpuBound === null ? adviseBottleneck(figures) : null;
  const found = {
    throttled,
    cpu_bound: cpuBound,
    pool_is_bottleneck: full,
    pool_too_wide: adviseTooWide(figures),
    timeout_below_p99: adviseTimeout(figures),
  };
  return Object.entries(found).flatMap(([code, message]) =>
    message === null ? [] : [{ code: code as Advice["code"], target: name, message }]
  );
}

/** One attempt in a hundred was told "too many". */
function adviseThrottled({ target, closing, stats }: TargetFigures): string | null {
  const attempts = stats.latency.count;
  if (closing.throttled < Math.max(2, attempts / 100)) return null;
  return `${target.name} said "too many requests" to ${writtenCount(closing.throttled)} of ${
    writtenCount(attempts)
  } attempts at a limit of ${closing.limit}: give it a rate, or a lower concurrency`;
}

/** Subprocesses used 85 % of the CPUs while they ran, or each used one for 90 % of its time with none left over. */
function adviseCpuBound({ target, closing, stats, cpus }: TargetFigures): string | null {
  if (stats.cpuMs < 1000 || stats.ran < 2 * cpus || stats.spanMs === 0) return null;
  const used = stats.cpuMs / stats.spanMs;
  const own = stats.cpuMs / stats.cpuBusyMs;
  const isBusy = used >= 0.85 * cpus || (own >= 0.9 && closing.peak >= cpus);
  if (!isBusy) return null;
  const wider = closing.limit > cpus ? `its concurrency of ${closing.limit} buys nothing over ${cpus}` : null;
  return `programs of ${target.name} used ${used.toFixed(1)} of ${cpus} CPUs for ${
    writtenDuration(stats.spanMs)
  }: they are bound by the CPU, and ${wider ?? `a concurrency above ${cpus} would buy nothing`}`;
}

/**
 * Its places were taken for 90 % of a second or more, though its limit was not one that adapts. (A family of pools has
 * places in each: its share says nothing.)
 */
function adviseBottleneck({ target, closing, stats }: TargetFigures): string | null {
  if (stats.spanMs < 1000 || stats.ran < 3 * closing.limit) return null;
  if (closing.pools !== 1 || closing.limit !== target.limit) return null;
  const share = Math.min(1, stats.busyMs / (closing.limit * stats.spanMs));
  if (share < 0.9) return null;
  return `${target.name} was busy for ${percent(share)} of ${
    writtenDuration(stats.spanMs)
  } at its limit of ${closing.limit}: if it can take more, a higher concurrency shortens the run`;
}

/** At no time a quarter of its limit, though there was work for four times the limit. */
function adviseTooWide({ target, closing, stats }: TargetFigures): string | null {
  const isTooWide = closing.limit >= 8 && stats.ran >= 4 * closing.limit && closing.peak * 4 <= closing.limit;
  if (!isTooWide) return null;
  return `${target.name} never had more than ${closing.peak} attempts at a time, of the ${closing.limit} it allows: ` +
    "its concurrency is not what limits it";
}

/**
 * More than one attempt in a hundred timed out, so that the 99th percentile lies beyond the timeout, and those that did
 * not came near it: nine in ten of them within it, but not within half of it. (A server that hangs looks different: its
 * other answers are quick.)
 */
function adviseTimeout({ target, stats }: TargetFigures): string | null {
  const attempts = stats.latency.count;
  const share = stats.timeouts / attempts;
  if (attempts < 50 || share <= 0.01 || share >= 0.5) return null;
  const usual = stats.latency.quantile(0.9 * (1 - share));
  if (usual < stats.timeoutMs / 2) return null;
  return `${percent(share)} of ${
    writtenCount(attempts)
  } attempts at ${target.name} ran into a timeout of about ${
    writtenDuration(stats.timeoutMs)
  }, and a tenth of the others took over ${
    writtenDuration(usual)
  }: the timeout is below the 99th percentile; give more time, or fewer at a time`;
}

function percent(share: number): string {
  return share < 0.1 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;
}
