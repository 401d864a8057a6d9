import { type ScheduledJob, shellQuoted } from "./scheduled_job.ts";

/**
 * A line of crontab(5), with comments above it. cron starts it through `sh` in the home directory, and mails what it
 * prints: nothing, unless something failed.
 */
export function crontabLine(job: ScheduledJob): string {
  const variables = [...job.secretVariables, ...job.paramVariables];
  const needs = variables.length === 0
    ? ""
    : `# It reads ${
      variables.join(", ")
    }: cron's environment has them only if lines above say so, as NAME=value.\n`;
  return `# fanout: ${job.name}\n${needs}${job.at.text} ${
    [...job.command, "--quiet"].map(cronQuoted).join(" ")
  }\n`;
}

/** A bare `%` would end the command, whatever the quotes. */
function cronQuoted(word: string): string {
  return shellQuoted(word).replaceAll("%", "\\%");
}
