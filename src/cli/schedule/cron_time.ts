/** When a job starts, as `minute hour day month weekday` of crontab(5). Null stands for `*`. */
export interface CronTime {
  /** The five fields, as every cron and Kubernetes take them. */
  readonly text: string;
  readonly minutes: readonly number[] | null;
  readonly hours: readonly number[] | null;
  readonly days: readonly number[] | null;
  readonly months: readonly number[] | null;
  /** 0 is Sunday. With `days` too, either is enough. */
  readonly weekdays: readonly number[] | null;
}

/** Reads five fields, or one of `@hourly @daily @midnight @weekly @monthly @yearly @annually`; gives what is wrong with it. */
export function parseCronTime(source: string): CronTime | { readonly wrong: string } {
  const macro = source.trim().toLowerCase();
  const written = Object.hasOwn(macros, macro) ? macros[macro]! : source.trim();
  const texts = written.split(/\s+/);
  if (texts.length !== fields.length) {
    return {
      wrong: `expected five fields, minute hour day month weekday, such as "0 2 * * *", got "${source}"`,
    };
  }
  const sets: (readonly number[] | null)[] = [];
  for (const [position, field] of fields.entries()) {
    const set = readField(texts[position]!, field);
    if (typeof set === "string") return { wrong: `${field.name} "${texts[position]}": ${set}` };
    sets.push(set);
  }
  const [minutes = null, hours = null, days = null, months = null, weekdays = null] = sets;
  const wrong = impossible(days, months, weekdays, texts);
  if (wrong !== null) return { wrong };
  // Kubernetes knows no Sunday but 0, at the end of a range neither.
  if (weekdays !== null && /7|-sun/i.test(texts[4]!)) texts[4] = weekdays.join(",");
  return { text: texts.join(" "), minutes, hours, days, months, weekdays };
}

const macros: { readonly [name: string]: string } = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names that stand for numbers, from `from` on. */
  readonly words: readonly string[];
}

const monthWords = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const fields: readonly Field[] = [
  { name: "minute", from: 0, to: 59, words: [] },
  { name: "hour", from: 0, to: 23, words: [] },
  { name: "day", from: 1, to: 31, words: [] },
  { name: "month", from: 1, to: 12, words: monthWords },
  { name: "weekday", from: 0, to: 7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** Sorted numbers, null for any, or what is wrong. */
function readField(text: string, field: Field): readonly number[] | null | string {
  if (text === "*") return null;
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?:(\*)|([^-/]+)(?:-([^-/]+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) return `expected a number, a range such as 1-5, a list or a step such as */15`;
    const [, star, first, last, step] = match;
    const from = star ? field.from : readNumber(first!, field);
    // Vixie's cron takes 5/15 for a mistake, others for 5-59/15: written out it means one thing to all.
    if (step !== undefined && !star && last === undefined) {
      return `a step needs a range: write ${first}-${field.to}/${step}`;
    }
    const to = star ? lastOf(field) : last === undefined ? from : readLast(last, field);
    for (const number of [from, to]) {
      if (number === undefined) return `expected numbers from ${field.from} to ${field.to}${named(field)}`;
    }
    if (from! > to!) return `the range ${part} goes backwards`;
    const every = Number(step ?? 1);
    if (every < 1) return "a step is at least 1";
    // To cron */90 is no mistake, and means once an hour.
    if (step !== undefined && every > to! - from!) {
      return `a step of ${step} goes past ${to}: it would never come twice`;
    }
    for (let number = from!; number <= to!; number += every) found.add(number);
  }
  // Sunday is 0 and 7.
  if (field.name === "weekday" && found.delete(7)) found.add(0);
  return [...found].sort((a, b) => a - b);
}

function lastOf({ name, to }: Field): number {
  return name === "weekday" ? 6 : to;
}

/** A week that is written from Friday to Sunday ends with day 7. */
function readLast(text: string, field: Field): number | undefined {
  return field.name === "weekday" && /^sun$/i.test(text) ? 7 : readNumber(text, field);
}

function readNumber(text: string, { from, to, words }: Field): number | undefined {
  const word = words.indexOf(text.toLowerCase());
  const number = word >= 0 ? from + word : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return number >= from && number <= to ? number : undefined;
}

function named({ words }: Field): string {
  return words.length === 0 ? "" : ` or ${words[0]} to ${words.at(-1)}`;
}

const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A date that never comes, or one that cron and Kubernetes read differently. */
function impossible(
  days: CronTime["days"],
  months: CronTime["months"],
  weekdays: CronTime["weekdays"],
  texts: readonly string[],
): string | null {
  const longest = Math.max(...(months ?? [1]).map((month) => longestMonths[month - 1]!));
  if (days !== null && weekdays === null && days.every((day) => day > longest)) {
    return `day "${texts[2]}" never comes in month "${texts[3]}"`;
  }
  if (days !== null && weekdays !== null && [texts[2], texts[4]].some((text) => text!.startsWith("*"))) {
    return `a day and a weekday together, one of them with */, are "and" to one cron and "or" to another: ` +
      "write the days out";
  }
  return null;
}
