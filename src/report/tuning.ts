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
/** More errors than at the least concurrency, by this share, are the price of pushing too hard. */
const toleratedErrors = 0.01;
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
 * The knee: the least concurrency with 90 % of the best pace, among those that make no more errors than the least one.
 * Null when nothing could be measured.
 */
export function recommend(measured: readonly Measured[]): Recommendation | null {
  const [least] = measured;
  if (least === undefined || least.samples === 0 || errorShare(least) > hopelessErrors) return null;
  const good = measured.filter((one) =>
    one.samples > 0 && errorShare(one) <= errorShare(least) + toleratedErrors
  );
  const most = Math.max(...good.map(({ perSecond }) => perSecond));
  // What is only noise faster is no better, but for more attempts at a time.
  const best = good.find(({ perSecond }) => perSecond >= noise * most)!;
  const knee = good.find(({ perSecond }) => perSecond >= enough * best.perSecond)!;
  const share = `${Math.round((100 * knee.perSecond) / best.perSecond)} %`;
  const failing = measured.find((one) => !good.includes(one) && one.concurrency > knee.concurrency);
  const why = knee === best
    ? `${shown(knee)} a second is the best pace`
    : `${shown(knee)} a second is ${share} of the best pace, which takes ${best.concurrency} at a time and ${
      duration(best.p50Ms)
    } each instead of ${duration(knee.p50Ms)}`;
  const warning = failing === undefined
    ? ""
    : `; at ${failing.concurrency} at a time ${percent(errorShare(failing))} fail`;
  return { concurrency: knee.concurrency, why: why + warning };
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
