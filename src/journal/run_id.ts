/** The name of a run: when it started, to the millisecond, so that names sort as time does, and six digits of its own. */
const runIdPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{6}$/;

export function isRunId(text: string): boolean {
  return runIdPattern.test(text);
}

/**
 * Names a new run. Where the clock was set back since the `last` run of its config, the name says a moment after that one:
 * what is latest must not depend on the clock.
 */
export function makeRunId(startedAt: Date, random: () => number, last: string | null): string {
  const named = new Date(Math.max(startedAt.getTime(), last === null ? 0 : timeOf(last) + 1));
  const time = named.toISOString().replace(/[-:.]/g, "");
  const end = Math.floor(random() * 16 ** 6).toString(16).padStart(6, "0");
  return `${time}-${end}`;
}

function timeOf(runId: string): number {
  const [, year, month, day, hour, minute, second, ms] = runIdPattern.exec(runId)!;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}
