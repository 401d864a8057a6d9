import type { ReportProblem } from "../model/diagnostic.ts";
import type { BreakerPlan, CapturePlan, PoolPlan, RetryPlan, Timeouts } from "../model/plan.ts";
import type { Cpus } from "../runtime/cpus.ts";
import type { Concurrency, Pace } from "../schema/limits.ts";
import type { Kind } from "../tasks/kind.ts";
import { builtInBreaker } from "./built_in.ts";
import type { SettingsReader } from "./read_settings.ts";

/** A limit and where it came from. */
export interface Limit {
  readonly bounds: PoolPlan["concurrency"];
  readonly why: string;
}

/** The limit of a pool; `builtInWhy` says why the built-in one is what it is. */
export function planConcurrency(settings: SettingsReader, builtInWhy: string, cpus: Cpus): Limit {
  const concurrency = settings.read("concurrency") as Concurrency | undefined ?? 1;
  const why = settings.isBuiltIn("concurrency") ? builtInWhy : settings.why("concurrency");
  if (concurrency === "cpus") {
    const from = settings.isBuiltIn("concurrency") ? why : `${why}: cpus`;
    return { bounds: { min: cpus.count, max: cpus.count }, why: `${from} (${cpus.why})` };
  }
  if (typeof concurrency === "number") return { bounds: { min: concurrency, max: concurrency }, why };
  return { bounds: concurrency, why };
}

/** The rate of a pool; null without. */
export function planRate(settings: SettingsReader): PoolPlan["rate"] {
  const rate = settings.read("rate") as { readonly pace: Pace; readonly burst: number } | undefined;
  return rate === undefined ? null : { ...rate.pace, burst: rate.burst };
}

/** The breaker of a pool; null when it is off. */
export function planBreaker(settings: SettingsReader): BreakerPlan | null {
  const breaker = settings.read("breaker") as BreakerSettings | false | undefined;
  if (breaker === undefined || breaker === false) return null;
  return {
    failureRate: breaker.failureRate ?? builtInBreaker.failureRate,
    windowMs: breaker.window ?? builtInBreaker.windowMs,
    minCalls: breaker.minCalls ?? builtInBreaker.minCalls,
    openForMs: breaker.openFor ?? builtInBreaker.openForMs,
    giveUpAfterMs: breaker.giveUpAfter ?? builtInBreaker.giveUpAfterMs,
  };
}

interface BreakerSettings {
  readonly failureRate?: number;
  readonly window?: number;
  readonly minCalls?: number;
  readonly openFor?: number;
  readonly giveUpAfter?: number;
}

/** The timeouts of a task; phases that its kind does not have are null. */
export function planTimeouts(settings: SettingsReader, kind: Kind): Timeouts {
  const read = (name: string) => settings.read(`timeout.${name}`) as number | undefined ?? null;
  const phase = (name: Phase) => kind.phases?.includes(name) ? read(name) : null;
  return {
    attemptMs: read("attempt"),
    connectMs: phase("connect"),
    firstByteMs: phase("firstByte"),
    idleMs: phase("idle"),
    totalMs: read("total"),
  };
}

/** Why each of a task's timeouts holds, by dotted path. */
export function whyTimeouts(settings: SettingsReader, kind: Kind): { readonly [path: string]: string } {
  const names = ["attempt", ...(kind.phases ?? []), "total"];
  const why = Object.fromEntries(names.map((name) => [`timeout.${name}`, settings.why(`timeout.${name}`)]));
  if (kind.attemptMs !== null || settings.isBuiltIn("timeout.attempt")) return why;
  // A subprocess may take its time unless told otherwise: that it was told is worth saying.
  return { ...why, "timeout.attempt": `${why["timeout.attempt"]} (built-in for ${kind.name}: none)` };
}

type Phase = NonNullable<Kind["phases"]>[number];

/** How a task's attempts are repeated. A poll without an end is a problem. */
export function planRetry(
  settings: SettingsReader,
  totalMs: number | null,
  report: ReportProblem,
): RetryPlan {
  const until = settings.read("retry.until") as string | undefined ?? null;
  const isOpen = isOpenPoll(settings);
  if (isOpen && totalMs === null) {
    report(
      settings.place("retry.until") ?? [],
      "this polls without an end: say how long with timeout: { total: 5m }, or how often with retry.attempts",
    );
  }
  return {
    attempts: isOpen ? Number.MAX_SAFE_INTEGER : settings.read("retry.attempts") as number,
    backoff: {
      initialMs: settings.read("retry.backoff.initial") as number,
      maxMs: settings.read("retry.backoff.max") as number,
      jitter: settings.read("retry.backoff.jitter") as "full" | "none",
    },
    on: settings.read("retry.on") as readonly string[],
    until,
  };
}

/**
 * A poll that only its total timeout ends. A number of attempts ends it when it stands with the condition or nearer to the
 * task: what a target says of failures is not meant for polls.
 */
export function isOpenPoll(settings: SettingsReader): boolean {
  const poll = settings.place("retry.until");
  if (poll === undefined || settings.read("retry.until") === undefined) return false;
  const attempts = settings.place("retry.attempts");
  if (attempts === undefined || settings.isBuiltIn("retry.attempts")) return true;
  return places.indexOf(String(attempts[0])) < places.indexOf(String(poll[0]));
}

/** Where settings stand, the nearest to a task last. */
const places = ["defaults", "targets", "tasks"];

/** What the report keeps of a task's results. */
export function planCapture(settings: SettingsReader): CapturePlan {
  return settings.read("capture") as CapturePlan;
}

/** Why each of these holds, by the same dotted path. */
export function whyOf(
  settings: SettingsReader,
  paths: readonly string[],
): { readonly [path: string]: string } {
  return Object.fromEntries(paths.map((path) => [path, settings.why(path)]));
}
