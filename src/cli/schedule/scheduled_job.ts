import type { CronTime } from "./cron_time.ts";

/** What is to be started, when. */
export interface ScheduledJob {
  /** Of the config. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** The config's. */
  readonly directory: string;
  /** The command line, program first, its path absolute. */
  readonly command: readonly string[];
  readonly at: CronTime;
  /** `run.timeout`, null where there is none or it is known only when the plan is made; and `run.grace`. */
  readonly timeoutMs: number | null;
  readonly graceMs: number;
  /** Environment variables that secrets are read from. */
  readonly secretVariables: readonly string[];
  /** Environment variables that params are read from. */
  readonly paramVariables: readonly string[];
}

/** A name for files and units: letters, digits and `-`. */
export function unitName({ name }: ScheduledJob): string {
  return name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "fanout";
}

/** One word for `sh`. */
export function shellQuoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
