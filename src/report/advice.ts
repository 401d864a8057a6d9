import type { RecordedTarget, TargetClosing } from "../model/run_record.ts";
import { writtenCount, writtenDuration } from "../model/written.ts";
import { adviseCpuBound } from "./advice_cpu.ts";
import type { Advice, AdviceCode } from "./report.ts";
import type { TargetStats } from "./run_stats.ts";

/** One target's figures. */
export interface TargetFigures {
  readonly target: RecordedTarget;
  readonly closing: TargetClosing;
  readonly stats: TargetStats;
  /** CPUs that the run may use. */
  readonly cpus: number;
  /** The run was one of `fanout each`: it has flags, and no config to change. */
  readonly isEach: boolean;
}

/** What a rule found, before it is named. */
export interface Finding {
  readonly words: string;
  readonly figures: Advice["figures"];
  /** A setting of the target, `concurrency: cpus`; null where none helps. */
  readonly setting: string | null;
}

/**
 * What the figures of one target say about its settings. Each rule states its threshold and how much it has to have seen,
 * and shows the figures behind it; where two explanations are possible it says nothing.
 */
export function adviseTarget(figures: TargetFigures): Advice[] {
  const throttled = adviseThrottled(figures);
  const cpuBound = adviseCpuBound(figures);
  const found: { readonly [code in AdviceCode]: Finding | null } = {
    throttled,
    cpu_bound: cpuBound,
    // A pool that is throttled or waits for CPUs is full for that reason: a higher limit would make it worse.
    pool_is_bottleneck: throttled === null && cpuBound === null ? adviseBottleneck(figures) : null,
    pool_too_wide: adviseTooWide(figures),
    timeout_below_p99: adviseTimeout(figures),
    retries_wasted: adviseRetries(figures),
  };
  return Object.entries(found).flatMap(([code, finding]) =>
    finding === null ? [] : [named(code as AdviceCode, figures, finding)]
  );
}

function named(
  code: AdviceCode,
  { target: { name }, cpus, isEach }: TargetFigures,
  { words, figures, setting }: Finding,
): Advice {
  const change = setting === null ? null : isEach ? flagOf(setting, cpus) : settingOf(name, setting);
  const message = change === null ? words : `${words} (${change})`;
  return { code, target: name, message, figures: rounded(figures), change };
}

/** Where the setting stands; a pool that goes by a URL has no section until it is given a name. */
function settingOf(target: string, setting: string): string {
  return /^[A-Za-z_]\w*$/.test(target)
    ? `targets.${target}.${setting}`
    : `a target of its own for ${target}, with ${setting}`;
}

const flags: readonly (readonly [setting: RegExp, flag: string])[] = [
  [/^concurrency: (\d+)$/, "-c $1"],
  [/^rate: (.+)$/, "--rate $1"],
  [/^timeout: \{ attempt: (.+) \}$/, "--timeout $1"],
  [/^retry: \{ attempts: (\d+) \}$/, "--attempts $1"],
];

/** The flag of `fanout each` that sets it; null when there is none. */
function flagOf(setting: string, cpus: number): string | null {
  const inNumbers = setting.replace("concurrency: cpus", `concurrency: ${cpus}`);
  const found = flags.find(([form]) => form.test(inNumbers));
  return found === undefined ? null : inNumbers.replace(...found);
}

/**
 * One attempt in a hundred was told 429 or 503; one in ten where the limit adapts, which finds out by being told. (Where
 * no task run was ok, the target was down, or let nobody in. Where its breaker opened, a 503 that does not say when to come
 * again is taken for the outage.)
 */
function adviseThrottled({ target, closing, stats }: TargetFigures): Finding | null {
  const attempts = stats.latency.count;
  const { limit, adaptive, breaker, unavailable = 0 } = closing;
  const throttled = closing.throttled - (breaker !== null && breaker.openings > 0 ? unavailable : 0);
  if (throttled < Math.max(2, attempts / (adaptive === null ? 100 : 10)) || stats.counts.ok === 0) {
    return null;
  }
  const isPace = stats.spanMs >= 1_000 && !mayHaveBeenPutOff(stats);
  const perSecond = isPace ? (attempts - throttled) / (stats.spanMs / 1_000) : 0;
  const words = `${target.name} was too busy (429, 503) for ${writtenCount(throttled)} of ${
    writtenCount(attempts)
  } attempts at a limit of ${limit}${
    perSecond >= 1 ? `, and took ${perSecond.toFixed(1)} a second` : ""
  }: give it a rate, or a lower concurrency`;
  return {
    words,
    figures: { throttled, attempts, limit, perSecond },
    setting: perSecond >= 1
      ? `rate: ${Math.floor(perSecond)}/s`
      : `concurrency: ${Math.max(1, Math.floor(limit / 2))}`,
  };
}

/** So many retries that the budget may have spread them out: how long that took says nothing of the target. */
function mayHaveBeenPutOff({ retries, ran }: TargetStats): boolean {
  return retries > 200 && retries > 0.15 * ran;
}

/**
 * Its places were taken for 90 % of a second or more, and three times over. Not said of a limit that adapts, which knows
 * better; of a target that failed more often than not, since failures may have taken the time; of programs that computed
 * for half of their time or had half of the CPUs, nor where there is one for each CPU (`concurrency: cpus`): more of them
 * would take turns. (A family of pools has places in each: its share says nothing.)
 */
function adviseBottleneck({ target, closing, stats, cpus, isEach }: TargetFigures): Finding | null {
  const { limit, pools, adaptive } = closing;
  if (stats.spanMs < 1_000 || stats.ran < 3 * limit || pools !== 1 || adaptive !== null) return null;
  if (stats.kind === "exec" && limit === cpus) return null;
  const computed = stats.cpuMs > Math.min((cpus / 2) * stats.spanMs, stats.cpuBusyMs / 2);
  if (computed || stats.counts.ok < stats.ran / 2) return null;
  const busyShare = Math.min(1, stats.busyMs / (limit * stats.spanMs));
  if (busyShare < 0.9) return null;
  const words = `${target.name} was busy for ${percent(busyShare)} of ${
    writtenDuration(stats.spanMs)
  } at its limit of ${limit}: if it can take more, a higher concurrency shortens the run${
    isEach ? "" : "; fanout tune finds it out"
  }`;
  return { words, figures: { busyShare, limit, spanMs: stats.spanMs }, setting: `concurrency: ${2 * limit}` };
}

/** At no time a quarter of its limit (of 8 or more), though there was work for four times the limit. */
function adviseTooWide({ target, closing, stats }: TargetFigures): Finding | null {
  const { limit, peak, pools, adaptive } = closing;
  if (pools !== 1 || adaptive !== null || limit < 8) return null;
  if (stats.ran < 4 * limit || peak * 4 > limit) return null;
  const words = `${target.name} never had more than ${peak} attempts at a time, of the ${limit} it allows: ` +
    "its concurrency is not what limits it, and would not protect it";
  return { words, figures: { peak, limit, ran: stats.ran }, setting: `concurrency: ${2 * peak}` };
}

/**
 * More than one attempt in a hundred (of 50 or more) timed out, so that the 99th percentile lies beyond the timeout, and
 * those that did not came near it: nine in ten of them within it, but not within half of it. (A server that hangs looks
 * different: its other answers are quick.)
 */
function adviseTimeout({ target, stats }: TargetFigures): Finding | null {
  const attempts = stats.latency.count;
  const { timeouts, timeoutMs } = stats;
  const share = timeouts / attempts;
  if (attempts < 50 || share <= 0.01 || share >= 0.5) return null;
  const usualMs = stats.latency.quantile(0.9 * (1 - share));
  if (usualMs < timeoutMs / 2) return null;
  const words = `${percent(share)} of ${
    writtenCount(attempts)
  } attempts at ${target.name} ran into a timeout of about ${
    writtenDuration(timeoutMs)
  }, and a tenth of the others took over ${
    writtenDuration(usualMs)
  }: the timeout is below the 99th percentile; give more time, or fewer at a time`;
  return {
    words,
    figures: { timeouts, attempts, timeoutMs, p90OfOthersMs: usualMs },
    setting: `timeout: { attempt: ${writtenDuration(2 * Number(timeoutMs.toPrecision(2)))} }`,
  };
}

/** Of 20 retries or more, nine in ten were for task runs that failed all the same. */
function adviseRetries({ target, closing, stats, isEach }: TargetFigures): Finding | null {
  const { wastedRetries, savedRuns, ran, counts } = stats;
  // A run that was saved took one retry at least.
  if (wastedRetries < 20 || wastedRetries < 9 * savedRuns) return null;
  const failed = counts.failed + counts.timed_out;
  const wasDown = failed >= ran / 2;
  const mayBreak = closing.breaker === null && !isEach;
  const words =
    `${writtenCount(wastedRetries)} retries at ${target.name} were for task runs that failed all the same` +
    `, and ${writtenCount(savedRuns)} task runs were saved by theirs: ` +
    (!wasDown
      ? "what fails there fails again; fewer attempts would say so sooner"
      : closing.breaker === null
      ? `most of its task runs failed, as if it was down${
        mayBreak ? "; a breaker waits until it is back" : ""
      }`
      : "most of its task runs failed, in spite of the breaker");
  const setting = !wasDown ? "retry: { attempts: 1 }" : mayBreak ? "breaker: true" : null;
  return { words, figures: { wastedRetries, savedRuns, failed, ran }, setting };
}

function percent(share: number): string {
  return share < 0.1 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;
}

function rounded(figures: Advice["figures"]): Advice["figures"] {
  const entries = Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000]);
  return Object.fromEntries(entries);
}
