import { printable, writtenCount } from "../model/written.ts";
import type { TextLook } from "./render_report.ts";
import { parseResult, type RenderSource } from "./render_source.ts";
import { RunStats } from "./run_stats.ts";
import { clip, shownItem, shownName, summaryText } from "./summary_text.ts";

/** More lines than this help nobody; the other formats have them all. */
const maxFailures = 100;
/** Where no terminal says how long a line may be. */
const longestLine = 2_000;

/** The summary a run ends with, and a line for each task run that failed or was stopped. */
export function* renderText(source: RenderSource, look: TextLook): Generator<string> {
  const stats = new RunStats();
  const lines: string[] = [];
  let failures = 0;
  for (const text of source.resultTexts()) {
    const result = parseResult(text);
    stats.add(result, text);
    if (result.outcome === "ok" || result.outcome === "skipped" || result.outcome === "not_run") continue;
    failures++;
    if (lines.length >= maxFailures) continue;
    const why = result.error === null ? "" : ` ${result.error.code}: ${result.error.message}`;
    const allowed = result.allowed === true ? " (allowed)" : "";
    const name = `${shownName(result)} ${shownItem(result, 30)}`.trimEnd();
    const words = `${name} ${result.outcome.replace("_", " ")}${allowed}${why}`;
    lines.push(clip(printable(words), Math.max(40, look.width ?? longestLine)));
  }
  const { slowest, failedByCode } = stats;
  yield summaryText({ head: source.head, slowest, failedByCode, emptyTasks: [] }, {
    color: look.color,
    width: look.width ?? 80,
    reportPath: null,
  });
  if (lines.length === 0) return;
  yield `\n${lines.join("\n")}\n`;
  if (failures > lines.length) yield `… and ${writtenCount(failures - lines.length)} more\n`;
}
