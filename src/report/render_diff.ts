import { printable, writtenCount, writtenDuration } from "../model/written.ts";
import type { DiffEntry, ReportDiff } from "./diff_reports.ts";
import { markdownTable, plainMarkdown } from "./markdown_text.ts";
import { clip, shownName } from "./summary_text.ts";

/** A mail or a job summary shows no more of each; the JSON has them. */
const longestShown = 20;

/** For people and for cron's mail: what fails now stands first. */
export function diffText(diff: ReportDiff): string {
  const sections = sectionsOf(diff).map(({ title, rows, count }) => {
    const width = Math.min(40, Math.max(...rows.map(([name]) => name.length)));
    const lines = rows.map(([name, what]) => `  ${clip(name, 40).padEnd(width)}  ${clip(what, 200)}\n`);
    const more = count > rows.length ? `  … and ${writtenCount(count - rows.length)} more\n` : "";
    return `\n${title} (${writtenCount(count)})\n${lines.join("")}${more}`;
  });
  return `${headline(diff)}\n${sections.join("")}`.toWellFormed();
}

/** The same for a job summary or an issue. */
export function diffMarkdown(diff: ReportDiff): string {
  const sections = sectionsOf(diff).map(({ title, rows, count }) => {
    const table = markdownTable(["task run", "what"], rows.map((row) => row.map(plainMarkdown)));
    const more = count > rows.length ? `… and ${writtenCount(count - rows.length)} more.\n\n` : "";
    return `### ${title} (${writtenCount(count)})\n\n${table}${more}`;
  });
  return `## ${plainMarkdown(headline(diff))}\n\n${sections.join("")}`;
}

function headline({ old, new: now, counts }: ReportDiff): string {
  const shown = [
    [counts.newlyFailing, "newly failing"],
    [counts.recovered, "recovered"],
    [counts.stillFailing, "still failing"],
    [counts.slowerTasks, counts.slowerTasks === 1 ? "slower task" : "slower tasks"],
    [counts.slower, "slower"],
    [counts.added, "added"],
    [counts.removed, "removed"],
  ] as const;
  const changes = shown.filter(([count]) => count > 0)
    .map(([count, words]) => `${writtenCount(count)} ${words}`);
  const name = printable(old.name === now.name ? now.name : `${old.name} and ${now.name}`);
  const ends = `${old.startedAt} ${old.status.replace("_", " ")}, ${now.startedAt} ${
    now.status.replace("_", " ")
  }`;
  return `${name}: ${changes.length === 0 ? "no change" : changes.join(", ")} (${ends})`;
}

interface Section {
  readonly title: string;
  /** Name and what is to be said of it; control characters are gone. */
  readonly rows: readonly (readonly [name: string, what: string])[];
  /** Of all, shown or not. */
  readonly count: number;
}

function sectionsOf(diff: ReportDiff): Section[] {
  const { counts } = diff;
  const entries = (title: string, list: readonly DiffEntry[], count: number): Section => ({
    title,
    rows: rootsFirst(list).slice(0, longestShown).map((one) => [printable(shownName(one)), whatOf(one)]),
    count,
  });
  const slowTasks = diff.slowerTasks.map(({ task, runs, wasMs, nowMs, ratio }) => {
    const times = `${writtenDuration(wasMs)} → ${writtenDuration(nowMs)}`;
    const what = `${times} in the middle of ${writtenCount(runs)} runs, ${ratio.toFixed(1)} times as long`;
    return [task, what] as const;
  });
  const slowRuns = diff.slower.map((run) => {
    const times = `${writtenDuration(run.wasMs)} → ${writtenDuration(run.nowMs)}`;
    return [printable(shownName({ ...run, item: run.index })), times] as const;
  });
  const all = [
    entries("Newly failing", diff.newlyFailing, counts.newlyFailing),
    entries("Recovered", diff.recovered, counts.recovered),
    entries("Still failing", diff.stillFailing, counts.stillFailing),
    {
      title: "Slower",
      rows: [...slowTasks, ...slowRuns].slice(0, longestShown),
      count: counts.slowerTasks + counts.slower,
    },
    entries("Added", diff.added, counts.added),
    entries("Removed", diff.removed, counts.removed),
  ];
  return all.filter(({ count }) => count > 0);
}

/** What failed of itself says more than what was left out for it. */
function rootsFirst(list: readonly DiffEntry[]): DiffEntry[] {
  const isRoot = ({ now }: DiffEntry) => now === "failed" || now === "timed_out";
  return [...list.filter(isRoot), ...list.filter((one) => !isRoot(one))];
}

function whatOf({ was, now, error }: DiffEntry): string {
  const shown = (outcome: string) => outcome.replace("_", " ");
  const change = was === null
    ? shown(now!)
    : now === null
    ? `was ${shown(was)}`
    : was === now
    ? shown(now)
    : `${shown(was)} → ${shown(now)}`;
  return error === null ? change : `${change}  ${printable(`${error.code}: ${error.message}`)}`;
}
