import { charge, Trouble } from "./evaluation.ts";
import { checkZone, wallTime } from "./time_zones.ts";

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;

/** A time, and the clock on the wall where it is formatted. */
interface Moment {
  readonly time: Date;
  /** Its UTC fields are what the clock shows. */
  readonly wall: Date;
}

/** strftime's directives. A text is a format of its own, a number is written with this many digits. */
const DIRECTIVES: {
  readonly [letter: string]: string | ((moment: Moment) => string | readonly [value: number, digits: number]);
} = {
  Y: ({ wall }) => [wall.getUTCFullYear(), 4],
  C: ({ wall }) => [Math.floor(wall.getUTCFullYear() / 100), 2],
  y: ({ wall }) => [wall.getUTCFullYear() % 100, 2],
  m: ({ wall }) => [wall.getUTCMonth() + 1, 2],
  d: ({ wall }) => [wall.getUTCDate(), 2],
  e: ({ wall }) => String(wall.getUTCDate()).padStart(2),
  j: ({ wall }) => [dayOfYear(wall) + 1, 3],
  H: ({ wall }) => [wall.getUTCHours(), 2],
  I: ({ wall }) => [wall.getUTCHours() % 12 || 12, 2],
  M: ({ wall }) => [wall.getUTCMinutes(), 2],
  S: ({ wall }) => [wall.getUTCSeconds(), 2],
  L: ({ wall }) => [wall.getUTCMilliseconds(), 3],
  f: ({ wall }) => [wall.getUTCMilliseconds() * 1000, 6],
  p: ({ wall }) => wall.getUTCHours() < 12 ? "AM" : "PM",
  B: ({ wall }) => MONTHS[wall.getUTCMonth()]!,
  b: ({ wall }) => MONTHS[wall.getUTCMonth()]!.slice(0, 3),
  h: "%b",
  A: ({ wall }) => DAYS[wall.getUTCDay()]!,
  a: ({ wall }) => DAYS[wall.getUTCDay()]!.slice(0, 3),
  u: ({ wall }) => [wall.getUTCDay() || 7, 1],
  w: ({ wall }) => [wall.getUTCDay(), 1],
  G: ({ wall }) => [isoThursday(wall).getUTCFullYear(), 4],
  V: ({ wall }) => [Math.floor(dayOfYear(isoThursday(wall)) / 7) + 1, 2],
  U: ({ wall }) => [Math.floor((dayOfYear(wall) + 7 - wall.getUTCDay()) / 7), 2],
  W: ({ wall }) => [Math.floor((dayOfYear(wall) + 7 - (wall.getUTCDay() + 6) % 7) / 7), 2],
  s: ({ time }) => [Math.floor(time.getTime() / 1000), 1],
  z: (moment) => offset(moment, ""),
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  R: "%H:%M",
  D: "%m/%d/%y",
  n: "\n",
  t: "\t",
};

/**
 * Writes a time by strftime's directives, English and with the clock of `zone` (an IANA name).
 * `%-d` leaves out the padding, `%:z` writes `+01:00`.
 * @throws Trouble for an unknown directive or zone
 */
export function formatDate(time: Date, format: string, zone: string): string {
  charge(1 + format.length / 8);
  const wall = wallTime(time, zone);
  return writeDate({ time, wall }, format);
}

/** @throws Trouble when {@link formatDate} would, whatever the time, and for a format of another language */
export function checkDateFormat(format: string, zone: string): void {
  checkZone(zone);
  if (!format.includes("%")) {
    throw new Trouble("date() writes directives such as %Y-%m-%d and %H:%M:%S", format);
  }
  const time = new Date(0);
  writeDate({ time, wall: time }, format);
}

/** Days since the first of January. */
export function dayOfYear(wall: Date): number {
  return Math.floor((wall.getTime() - startOfYear(wall)) / DAY_MS);
}

function writeDate(moment: Moment, format: string): string {
  return format.replace(/%(-|:)?(.?)/gsu, (written, flag: string | undefined, letter: string) => {
    if (letter === "%" && flag === undefined) return "%";
    if (flag === ":") return letter === "z" ? offset(moment, ":") : unknown(written);
    if (!Object.hasOwn(DIRECTIVES, letter)) return unknown(written);
    const directive = DIRECTIVES[letter]!;
    if (typeof directive === "string") return writeDate(moment, directive);
    const value = directive(moment);
    if (typeof value === "string") return flag === "-" ? value.trim() : value;
    return String(value[0]).padStart(flag === "-" ? 1 : value[1], "0");
  });
}

function unknown(written: string): never {
  throw new Trouble(
    `date() does not know this directive; it knows ${
      Object.keys(DIRECTIVES).map((letter) => `%${letter}`).join(" ")
    } %:z %%`,
    written,
  );
}

/** The Thursday of the week, which says to which year the week belongs. */
function isoThursday(wall: Date): Date {
  return new Date(wall.getTime() + (4 - (wall.getUTCDay() || 7)) * DAY_MS);
}

function startOfYear(wall: Date): number {
  return new Date(0).setUTCFullYear(wall.getUTCFullYear(), 0, 1);
}

function offset({ time, wall }: Moment, separator: string): string {
  const minutes = Math.round((wall.getTime() - time.getTime()) / 60_000);
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}${separator}${two(size % 60)}`;
}
