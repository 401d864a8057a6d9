import { charge, Trouble } from "./evaluation.ts";

/** How many zones are kept; making one costs some 50 µs. */
const KEPT = 64;

const kept = new Map<string, Intl.DateTimeFormat>();

/**
 * The clock on the wall in `zone` (an IANA name), as a time whose UTC fields are what the clock shows.
 * @throws Trouble for an unknown zone
 */
export function wallTime(time: Date, zone: string): Date {
  if (zone === "UTC") return time;
  charge(20);
  const shown: { [field: string]: number } = {};
  for (const part of formatterOf(zone).formatToParts(time)) shown[part.type] = Number(part.value);
  const wall = new Date(0);
  wall.setUTCFullYear(shown.year!, shown.month! - 1, shown.day!);
  wall.setUTCHours(shown.hour!, shown.minute!, shown.second!, time.getUTCMilliseconds());
  return wall;
}

/** @throws Trouble for an unknown zone */
export function checkZone(zone: string): void {
  if (zone !== "UTC") formatterOf(zone);
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = kept.get(zone);
  if (known !== undefined) return known;
  charge(500);
  const formatter = makeFormatter(zone);
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
  kept.set(zone, formatter);
  return formatter;
}

function makeFormatter(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw new Trouble('a time zone is named as in "Europe/Berlin" or "UTC"', zone);
  }
}
