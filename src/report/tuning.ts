import { writtenCount, writtenDuration } from "../model/written.ts";

/** How a target did at one concurrency. */
export interface Measured {
  readonly concurrency: number;
  /** Attempts that ended. */
  readonly samples: number;
  readonly perSecond: number;
  /** Null without any. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly errors: number;
  /** Errors that speak of load or of the target's health, those that lower an adaptive limit: 5xx, timeout, refused, 429. */
  readonly losses: number;
  /** Most frequent first. */
  readonly errorCodes: { readonly [code: string]: number };
}

/** What the measurements come to. */
export interface Recommendation {
  readonly concurrency: number;
  /** One sentence with its figures. */
  readonly why: string;
}

/** So much of the best pace is enough: beyond it more attempts at a time buy latency, not pace. */
const enough = 0.9;
const noise = 0.98;
/** More losses than at lower concurrency, by this share, are the price of pushing too hard. */
const toleratedLosses = 0.01;
/** Fewer losses than this prove nothing, */
const fewestLosses = 5;
/** nor what is within so many standard errors: chance goes beyond them once in a hundred times. */
const standardErrors = 2.33;
/** At this share of errors there is nothing to measure. */
const hopelessErrors = 0.5;
/** Pace has to grow by this to count as growth. */
const leastGrowth = 1.05;

/** Whether a higher concurrency is worth measuring: not when most fail, nor when two steps brought nothing. */
export function isWorthMore(measured: readonly Measured[]): boolean {
  const last = measured.at(-1)!;
  if (last.samples === 0 || errorShare(last) > hopelessErrors) return false;
  if (measured.length < 3) return true;
  const before = Math.max(...measured.slice(0, -2).map(({ perSecond }) => perSecond));
  return measured.slice(-2).some(({ perSecond }) => perSecond >= before * leastGrowth);
}

/**
 * The knee: the least concurrency with 90 % of the best pace, among those at which most attempts do not fail, nor
 * {@link failsMore more} than at lower ones.
 * Null when nothing could be measured.
 */
export function recommend(measured: readonly Measured[]): Recommendation | null {
  const [least] = measured;
  if (least === undefined || least.samples === 0 || errorShare(least) > hopelessErrors) return null;
  const good: Measured[] = [];
  for (const one of measured) {
    if (errorShare(one) <= hopelessErrors && !failsMore(one, good)) good.push(one);
  }
  const most = Math.max(...good.map(({ perSecond }) => perSecond));
  // What is only noise faster is no better, but for more attempts at a time.
  const best = good.find(({ perSecond }) => perSecond >= noise * most)!;
  const knee = good.find(({ perSecond }) => perSecond >= enough * best.perSecond)!;
  const share = `${Math.round((100 * knee.perSecond) / best.perSecond)} %`;
  const failing = measured.find((one) => !good.includes(one) && one.concurrency > knee.concurrency);
  const isFastest = measured.every(({ perSecond }) => perSecond <= most);
  const bestPace = isFastest ? "the best pace" : "the best pace without more failures";
  const why = knee === best
    ? `${shown(knee)} a second is ${knee.perSecond === most ? "" : "about "}${bestPace}`
    : `${shown(knee)} a second is ${share} of ${bestPace}, which takes ${best.concurrency} at a time and ${
      duration(best.p50Ms)
    } each instead of ${duration(knee.p50Ms)}`;
  const warning = failing === undefined
    ? ""
    : `; at ${failing.concurrency} at a time ${percent(errorShare(failing))} fail`;
  return { concurrency: knee.concurrency, why: why + warning };
}

/**
 * Whether a concurrency has significantly more losses than the good ones below it together: 5 of them at least (which
 * takes 10 attempts, since most may not fail), and a share that is greater by more than 0.01 and by more than 2.33 standard
 * errors of the difference. So one input that fails wherever it comes up excludes nothing.
 */
function failsMore({ losses, samples }: Measured, lower: readonly Measured[]): boolean {
  const before = { losses: 0, samples: 0 };
  for (const one of lower) {
    before.losses += one.losses;
    before.samples += one.samples;
  }
  if (before.samples === 0 || losses < fewestLosses) return false;
  const more = losses / samples - before.losses / before.samples;
  const share = (losses + before.losses) / (samples + before.samples);
  const standardError = Math.sqrt(share * (1 - share) * (1 / samples + 1 / before.samples));
  return more > Math.max(toleratedLosses, standardErrors * standardError);
}

const barWidth = 30;

/** A line for each measurement, with a bar for its pace. */
export function tuneTable(measured: readonly Measured[], recommended: number | null): string {
  const best = Math.max(...measured.map(({ perSecond }) => perSecond));
  const rows = measured.map((one) => [
    String(one.concurrency),
    shown(one),
    duration(one.p50Ms),
    duration(one.p99Ms),
    one.errors === 0 ? "0" : `${writtenCount(one.errors)} (${percent(errorShare(one))})`,
    writtenCount(one.samples),
  ]);
  const headings = ["at a time", "per second", "p50", "p99", "errors", "attempts"];
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padStart(widths[at]!)).join("  ");
  const lines = rows.map((row, at) => {
    const { concurrency, perSecond } = measured[at]!;
    const bar = best > 0 ? "█".repeat(Math.round((perSecond / best) * barWidth)) : "";
    const mark = concurrency === recommended ? " ← knee" : "";
    return `${line(row)}  ${bar}${mark}`.trimEnd();
  });
  return `${[line(headings), ...lines].join("\n")}\n`;
}

function errorShare({ errors, samples }: Measured): number {
  return samples === 0 ? 1 : errors / samples;
}

function shown({ perSecond }: Measured): string {
  return perSecond >= 100 ? writtenCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

function duration(ms: number | null): string {
  return ms === null ? "-" : writtenDuration(ms);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
