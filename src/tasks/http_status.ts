/** Which statuses count as success. */
export function statusSet(okStatus: readonly (number | string)[]): (status: number) => boolean {
  const isOk = new Array<boolean>(1_000).fill(false);
  for (const entry of okStatus) {
    const [first, last = first] = String(entry).split("-").map(Number);
    isOk.fill(true, first, last! + 1);
  }
  return (status) => isOk[status] === true;
}

/** Statuses after which the same request may succeed, if it may be repeated at all. */
const passing = new Set([408, 429, 500, 502, 503, 504]);

/** What a failed status means for the next attempt. */
export interface StatusMeaning {
  readonly retryable: boolean;
  readonly unhealthy: boolean;
  readonly throttled: boolean;
  readonly retryAfterMs?: number;
}

/** `retryAfterMs` is what {@link retryAfter} gave. `isFirstHop`: no redirect was followed, so that nothing was done yet. */
export function meaningOf(
  status: number,
  retryAfterMs: number | null,
  { harmless, isFirstHop }: { readonly harmless: boolean; readonly isFirstHop: boolean },
): StatusMeaning {
  const throttled = status === 429 || status === 503;
  // Whoever says when to come again has not done what was asked.
  const isRefused = throttled && retryAfterMs !== null && isFirstHop;
  return {
    retryable: isRefused || (harmless && passing.has(status)),
    unhealthy: status >= 500,
    throttled,
    ...(throttled && retryAfterMs !== null ? { retryAfterMs } : {}),
  };
}

/**
 * Milliseconds that a `retry-after` header asks to wait: seconds, or a date that is read against the answer's own `date`
 * (or `wallTime` without one). Null for nonsense; never negative.
 */
export function retryAfter(
  value: string | undefined,
  date: string | undefined,
  wallTime: number,
): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,10}(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const until = parseHttpDate(text);
  if (until === null) return null;
  const now = (date === undefined ? null : parseHttpDate(date)) ?? wallTime;
  return Math.max(0, until - now);
}

/** The three forms of RFC 9110, section 5.6.7, the obsolete two among them. Milliseconds since 1970; null for others. */
export function parseHttpDate(text: string): number | null {
  const found = dateForms.map((form) => form.exec(text.trim())?.groups).find((groups) =>
    groups !== undefined
  );
  if (found === undefined) return null;
  const { day, month, year, time } = found;
  const monthNumber = months.indexOf(month!);
  const [hours, minutes, seconds] = time!.split(":").map(Number);
  // Two digits are of this century or the one before: none of these dates is of the distant future.
  const fullYear = year!.length === 4 ? Number(year) : Number(year) + (Number(year) < 70 ? 2000 : 1900);
  const date = Date.UTC(fullYear, monthNumber, Number(day), hours, minutes, seconds);
  const isReal = monthNumber >= 0 && new Date(date).getUTCDate() === Number(day) && hours! < 24 &&
    minutes! < 60;
  return isReal ? date : null;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. */
const dateForms = [
  /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]+, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) {1,2}(?<day>\d{1,2}) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];
