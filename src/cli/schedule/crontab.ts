import { printable } from "../../model/written.ts";
import { type ScheduledJob, shellQuoted } from "./scheduled_job.ts";

/** Bytes of a command; Debian's crontab refuses longer ones. */
const longestCommand = 998;

/**
 * A line of crontab(5), with comments above it. cron starts it through `sh` in the home directory, and mails what it
 * prints: nothing, unless something failed. Gives what is wrong where there can be no such line.
 */
export function crontabLine(job: ScheduledJob): string | { readonly wrong: string } {
  const variables = [...job.secretVariables, ...job.paramVariables];
  const needs = variables.length === 0
    ? ""
    : `# It reads ${
      variables.join(", ")
    }: cron's environment has them only if lines above say so, as NAME=value.\n`;
  const command = [...job.command, "--quiet"].map(cronQuoted).join(" ");
  const { length } = new TextEncoder().encode(command);
  if (length > longestCommand) {
    return {
      wrong: `the command has ${length} bytes and cron takes ${longestCommand}: ` +
        "give long params in a file, with --params",
    };
  }
  return `# fanout: ${printable(job.name)}\n${needs}${job.at.text} ${command}\n`;
}

/**
 * A bare `%` would end the command, whatever the quotes. A backslash hides it, and before another backslash itself, but
 * not to every cron: between two of those, which stand in single quotes, the quotes are closed and opened again.
 */
function cronQuoted(word: string): string {
  return shellQuoted(word).replace(/\\(?=[\\%])/g, "\\''").replaceAll("%", "\\%");
}
