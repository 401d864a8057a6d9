import { printable } from "../../model/written.ts";
import type { CronTime } from "./cron_time.ts";
import { type ScheduledJob, unitName } from "./scheduled_job.ts";

/** A file to be written. */
export interface UnitFile {
  readonly name: string;
  readonly text: string;
}

/**
 * A service that runs the config once, and the timer that starts it; a start that was missed while the machine was off
 * is made up for. The service's state lies in `/var/lib/fanout`, since a service has no home.
 */
export function systemdUnits(job: ScheduledJob): readonly UnitFile[] {
  const name = unitName(job);
  const description = `fanout: ${literal(printable(job.name))}`;
  const stopSeconds = Math.ceil(job.graceMs / 1_000) + 10;
  const service = [
    "[Unit]",
    `Description=${description}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${job.command.map(execQuoted).join(" ")}`,
    `WorkingDirectory=${literal(job.directory)}`,
    "StateDirectory=fanout",
    "Environment=XDG_STATE_HOME=%S",
    ...environmentOf(job, name),
    // fanout ends its own subprocesses, within the grace of the run.
    "KillMode=mixed",
    `TimeoutStopSec=${stopSeconds}`,
    ...(job.timeoutMs === null
      ? []
      : [`TimeoutStartSec=${Math.ceil(job.timeoutMs / 1_000) + stopSeconds + 30}`]),
  ];
  const timer = [
    "[Unit]",
    `Description=${description}, by the calendar`,
    "",
    "[Timer]",
    ...calendarsOf(job.at).map((calendar) => `OnCalendar=${calendar}`),
    "Persistent=true",
    "",
    "[Install]",
    "WantedBy=timers.target",
  ];
  return [
    { name: `${name}.service`, text: `${service.join("\n")}\n` },
    { name: `${name}.timer`, text: `${timer.join("\n")}\n` },
  ];
}

function environmentOf({ secretVariables, paramVariables }: ScheduledJob, name: string): string[] {
  const variables = [...secretVariables, ...paramVariables];
  if (variables.length === 0) return [];
  return [`# It reads ${variables.join(", ")}.`, `EnvironmentFile=-/etc/fanout/${name}.env`];
}

const weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** systemd.time(7). A day and a weekday together are either-or to cron: two calendars. */
function calendarsOf({ minutes, hours, days, months, weekdays }: CronTime): string[] {
  const time = `${listOf(hours)}:${listOf(minutes)}:00`;
  const date = (on: readonly number[] | null) => `*-${listOf(months)}-${listOf(on)}`;
  if (weekdays === null) return [`${date(days)} ${time}`];
  const onWeekdays = `${weekdays.map((day) => weekdayNames[day]).join(",")} ${date(null)} ${time}`;
  return days === null ? [onWeekdays] : [`${date(days)} ${time}`, onWeekdays];
}

function listOf(numbers: readonly number[] | null): string {
  return numbers === null ? "*" : numbers.map((number) => String(number).padStart(2, "0")).join(",");
}

/** A word of `ExecStart`: quoted, with `%` and `$` taken literally. */
function execQuoted(word: string): string {
  const escaped = literal(word.replace(/[\\"]/g, "\\$&")).replaceAll("$", "$$$$");
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** Specifiers begin with `%`. */
function literal(text: string): string {
  return text.replaceAll("%", "%%");
}
