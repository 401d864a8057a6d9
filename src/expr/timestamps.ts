import { Trouble } from "./evaluation.ts";

/** Year 1 to 9999: CEL's range, and what RFC 3339 can write. */
const MIN_MS = -62_135_596_800_000;
const MAX_MS = 253_402_300_799_999;

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-][01]\d:[0-5]\d))?$/;

/** Reads `2026-11-21T08:00:00.5+01:00`, or a day alone (its midnight in UTC), to the millisecond. @throws Trouble */
export function parseTimestamp(text: string): Date {
  const match = RFC3339.exec(text);
  const bad = () => new Trouble('a time is written as in "2026-11-21T08:00:00Z"', text);
  if (match === null) throw bad();
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const time = new Date(0);
  time.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A day that a month does not have would otherwise slide into the next month.
  if (time.getUTCMonth() !== Number(month) - 1) throw bad();
  time.setUTCHours(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  const ms = Math.floor(Number(`0.${fraction ?? 0}`) * 1000);
  return makeTimestamp(time.getTime() + ms - zoneOffsetMs(zone));
}

/** @throws Trouble outside of the years 1 to 9999 */
export function makeTimestamp(ms: number): Date {
  if (!(ms >= MIN_MS && ms <= MAX_MS)) throw new Trouble("the time is outside of the years 1 to 9999");
  return new Date(ms);
}

/** RFC 3339 in UTC; milliseconds only when there are any. */
export function formatTimestamp(time: Date): string {
  return time.toISOString().replace(".000Z", "Z");
}

function zoneOffsetMs(zone: string | undefined): number {
  if (zone === undefined || zone.length === 1) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return (zone[0] === "-" ? -minutes : minutes) * 60_000;
}
