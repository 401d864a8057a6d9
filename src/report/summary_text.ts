import { stringifyJson } from "../model/json.ts";
import { outcomes } from "../model/outcome.ts";
import type { RunStatus } from "../model/run_record.ts";
import { printable, writtenCount, writtenDuration } from "../model/written.ts";
import type { Report } from "./build_report.ts";
import type { ReportHead, ShownResult } from "./report.ts";

/** What a summary tells of. */
export type Summarised = Pick<Report, "head" | "slowest" | "failedByCode" | "emptyTasks">;

/** How a summary is to look. */
export interface SummaryLook {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Where the report was written; null when it was not. */
  readonly reportPath: string | null;
  /** What else was written; its paths stand above the report's. */
  readonly otherPaths?: readonly string[];
  /** The same command can go on with the run, if anything is left to do. */
  readonly canResume?: boolean;
  /** Only what failed, the counts, and where the report is: what a mail from cron should say. */
  readonly brief?: boolean;
  /** What the run was made for: values by name, a long one on several lines. */
  readonly outputs?: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

/**
 * A run in a few lines for people: how it ended, what failed first, what was slow, what the figures advise. Ends with
 * the report's path on a line of its own. Data is shown without control characters.
 */
export function summaryText(report: Summarised, look: SummaryLook): string {
  const { head } = report;
  const paint = painter(look.color);
  const rows = look.brief ? [...failureRows(report), ...countRows(head, paint)] : [
    ...countRows(head, paint),
    ...failureRows(report),
    ...outputRows(look),
    ...firstFew(targetRows(head)),
    ...slowestRows(report),
    ...firstFew(report.emptyTasks.map((task): Row => ["no inputs", `${task}: 0 items`])),
    ...firstFew(head.advice.map((advice): Row => ["advice", advice.message])),
    ...(look.canResume ? resumeRows(head) : []),
  ];
  const labelWidth = Math.max(...rows.map(([label]) => label.length));
  const textWidth = Math.max(20, look.width - labelWidth - 4);
  const lines = [statusLine(head, paint)];
  for (const [label, text, isPainted] of rows) {
    // Paint has no width, so painted text is made to fit by whoever paints it.
    const parts = isPainted ? [text] : wrap(text, textWidth);
    parts.forEach((part, at) =>
      lines.push(`  ${paint("dim", (at === 0 ? label : "").padEnd(labelWidth))}  ${part}`)
    );
  }
  const paths = [...look.otherPaths ?? [], ...(look.reportPath === null ? [] : [look.reportPath])];
  if (paths.length > 0) lines.push("", ...paths.map(printable));
  return `${lines.join("\n")}\n`.toWellFormed();
}

/** A task run by the name a person looks for: `details[17]`, or `users` for a task with one run. */
export function shownName(result: Pick<ShownResult, "task" | "key" | "index" | "item">): string {
  if (result.key !== null) return `${result.task}[${result.key}]`;
  return result.index === 0 && result.item === null ? result.task : `${result.task}[${result.index}]`;
}

/** The item of a task run that has no key, as far as there is room for it; empty without. */
export function shownItem(result: Pick<ShownResult, "key" | "item">, width: number): string {
  return result.key !== null || result.item === null ? "" : clip(stringifyJson(result.item), width);
}

/** Label, text, and whether the text has colours in it. */
type Row = readonly [label: string, text: string, isPainted?: boolean];

/** Fifty targets have fifty pieces of advice: a summary is read from its end, where they would leave nothing else. */
function firstFew(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= mostRows) return rows;
  const shown = rows.slice(0, mostRows - 1);
  return [...shown, ["", `and ${rows.length - shown.length} more, in the report`]];
}

const mostRows = 4;

type Painter = (color: keyof typeof colors, text: string) => string;

const statusWords: { readonly [status in RunStatus]: string } = {
  passed: "passed",
  failed: "failed",
  interrupted: "was interrupted",
  timed_out: "ran out of time",
  incomplete: "is not complete",
};

function statusLine({ run, summary }: ReportHead, paint: Painter): string {
  const color = run.status === "passed" ? "green" : run.status === "failed" ? "red" : "yellow";
  const time = run.durationMs === null ? "" : ` in ${writtenDuration(run.durationMs)}`;
  const stopped = run.stoppedBy === "max_failures" ? ", stopped by maxFailures" : "";
  const least = summary.totalKnown ? "" : "at least ";
  const runs = summary.total === 1 ? "1 task run" : `${writtenCount(summary.total)} task runs`;
  return `${paint("bold", printable(run.name))} ${
    paint(color, statusWords[run.status])
  }${time}${stopped}: ${least}${runs}`;
}

function countRows({ summary, run }: ReportHead, paint: Painter): Row[] {
  const colorOf = {
    ok: "green",
    failed: "red",
    timed_out: "red",
    cancelled: "yellow",
    skipped: "dim",
    not_run: "yellow",
  };
  const counts = outcomes.filter((outcome) => summary[outcome] > 0).map((outcome) =>
    paint(
      colorOf[outcome] as keyof typeof colors,
      `${writtenCount(summary[outcome])} ${outcome.replace("_", " ")}`,
    )
  );
  const rows: Row[] = [["outcomes", counts.join("   ") || "nothing to do", true]];
  const reasons = Object.entries(summary.skippedBy).filter(([, count]) => count > 0);
  if (reasons.length > 0) {
    rows.push([
      "skipped",
      reasons.map(([reason, count]) => `${writtenCount(count)} by ${skipWords[reason]}`).join(", "),
    ]);
  }
  if (summary.allowedFailures > 0) {
    rows.push(["allowed", `${writtenCount(summary.allowedFailures)} of the failures, by allowFailure`]);
  }
  if (run.resumed !== null) {
    rows.push(["resumed", `${writtenCount(run.resumed.kept)} results kept from run ${run.resumed.run}`]);
  }
  if (summary.retries + summary.retriesWithheld > 0) {
    const withheld = summary.retriesWithheld === 0
      ? ""
      : `, ${writtenCount(summary.retriesWithheld)} more withheld by their budget`;
    const attempts = `${writtenCount(summary.attempts)} attempts in all`;
    rows.push(["retries", `${writtenCount(summary.retries)} (${attempts})${withheld}`]);
  }
  return rows;
}

const skipWords: { readonly [reason: string]: string } = {
  if: "their if",
  dependency: "what they need",
  circuit_open: "an open circuit",
};

function failureRows({ head, failedByCode }: Summarised): Row[] {
  const { first, byCode } = head.failures;
  if (first === null) return [];
  const place = first.target === null ? "" : ` at ${first.target}`;
  const rows: Row[] = [
    ["first failure", `${printable(shownName(first))}${printable(place)}`],
    ["", printable(`${first.error?.code}: ${first.error?.message}`)],
  ];
  if (first.item !== null) rows.push(["", `item: ${clip(printable(stringifyJson(first.item)), 160)}`]);
  const counts = Object.entries(byCode);
  const isNamedAbove = counts.length === 1 && counts[0]![1] === 1;
  const codes = counts.map(([code, count], at): Row => {
    const names = isNamedAbove ? "" : whichOnes(failedByCode.get(code) ?? [], count);
    return [at === 0 ? "failures" : "", `${writtenCount(count)} ${printable(code)}${names}`];
  });
  return [...rows, ...firstFew(codes)];
}

/** `: users[3], users[17] and 9 more`. */
function whichOnes(some: readonly ShownResult[], count: number): string {
  if (some.length === 0) return "";
  const more = count - some.length;
  const names = some.map((one) => clip(printable(shownName(one)), 40)).join(", ");
  return `: ${names}${more > 0 ? ` and ${writtenCount(more)} more` : ""}`;
}

const loweredFor = [["loss", "errors"], ["latency", "slower answers"]] as const;

/** What happened to the targets themselves. */
function targetRows({ targets }: ReportHead): Row[] {
  return Object.entries(targets).flatMap(([name, { concurrency, breaker }]): Row[] => {
    const { min, max, settled, history } = concurrency;
    const rows: Row[] = [];
    if (settled !== undefined && history !== undefined) {
      const why = loweredFor.filter(([reason]) => history.some(({ why }) => why === reason)).map(([, text]) =>
        text
      );
      const lowered = why.length === 0 ? "never lowered" : `lowered for ${why.join(" and ")}`;
      rows.push(["limit", `${printable(name)} settled at ${settled} of ${min} to ${max}, ${lowered}`]);
    }
    if (breaker && breaker.openings > 0) {
      const times = breaker.openings === 1 ? "once" : `${breaker.openings} times`;
      const text = `${printable(name)} was taken for down ${times}, for ${writtenDuration(breaker.openMs)}`;
      rows.push(["breaker", text]);
    }
    return rows;
  });
}

function outputRows({ outputs = [], width }: SummaryLook): Row[] {
  return outputs.flatMap(({ name, lines }): Row[] => {
    const texts = lines.map((line) => clip(printable(line), width));
    if (texts.length === 1) return [["output", `${name}: ${texts[0]}`]];
    return [
      ["output", texts.length === 0 ? `${name}: nothing` : `${name}:`],
      ...texts.map((text): Row => ["", `  ${text}`]),
    ];
  });
}

function slowestRows({ slowest, head }: Summarised): Row[] {
  if (slowest.length < 3 || head.summary.total < 10) return [];
  const names = slowest.map((one) =>
    `${clip(printable(shownName(one)), 40)} ${writtenDuration(one.durationMs)}`
  );
  return [["slowest", names.join(", ")]];
}

function resumeRows({ summary, run }: ReportHead): Row[] {
  const { failed, timed_out: timedOut, cancelled, not_run: notRun } = summary;
  const left = failed + timedOut + cancelled + notRun - summary.allowedFailures;
  if (left <= 0 || run.exitCode === 3) return [];
  return [["go on", "the same with --resume: what is ok stays, the rest runs again"]];
}

const longestText = 4;

/** Breaks text at spaces; what would take more than a few lines is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width && lines.length < longestText - 1) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > width / 2 ? space : width;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, clip(rest, width)];
}

/** Text of at most `width` characters; what is cut off leaves an ellipsis. */
export function clip(text: string, width: number): string {
  return (text.length <= width ? text : `${text.slice(0, width - 1)}…`).toWellFormed();
}

const colors = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

function painter(isOn: boolean): Painter {
  return (color, text) => isOn && text.trim() !== "" ? `\x1b[${colors[color]}m${text}\x1b[0m` : text;
}
