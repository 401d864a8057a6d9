import { stringifyJson } from "../model/json.ts";
import { outcomes } from "../model/outcome.ts";
import { writtenCount, writtenDuration } from "../model/written.ts";
import { markdownTable as table, plainMarkdown as plain } from "./markdown_text.ts";
import { type RenderSource, resultsOf } from "./render_source.ts";
import type { ReportHead } from "./report.ts";
import { clip, shownName } from "./summary_text.ts";

/** A job summary shows no more; the JSON report has them all. */
const maxFailures = 50;

/** A page for a job summary or an issue: what came of it, the targets, the first failures, the advice. */
export function* renderMarkdown(source: RenderSource): Generator<string> {
  const { head } = source;
  const { run, summary } = head;
  const time = run.durationMs === null ? "" : ` in ${writtenDuration(run.durationMs)}`;
  yield `## ${plain(run.name)}: ${run.status.replace("_", " ")}${time}\n\n`;
  yield table(["total", ...outcomes, "retries"].map((name) => name.replace("_", " ")), [
    [summary.total, ...outcomes.map((outcome) => summary[outcome]), summary.retries].map(writtenCount),
  ]);
  yield targetTable(head);
  yield* failureTable(source);
  if (head.advice.length > 0) {
    yield `### Advice\n\n${head.advice.map((advice) => `- ${plain(advice.message)}\n`).join("")}\n`;
  }
  yield `Run \`${run.id}\` of \`${run.tool}\`, started ${run.startedAt}\n`;
}

function targetTable({ targets }: ReportHead): string {
  const rows = Object.entries(targets).map(([name, target]) => [
    plain(name),
    `${target.concurrency.peak ?? "?"} of ${target.concurrency.limit}`,
    writtenCount(target.counts.ok),
    writtenCount(target.counts.failed + target.counts.timed_out),
    ...(["p50", "p99", "max"] as const).map((at) =>
      target.latencyMs === null ? "" : writtenDuration(target.latencyMs[at])
    ),
    target.perSecond === null ? "" : String(target.perSecond),
  ]);
  return table(["target", "at a time", "ok", "failed", "p50", "p99", "max", "per second"], rows);
}

function* failureTable(source: RenderSource): Generator<string> {
  const rows: string[][] = [];
  let count = 0;
  for (const result of resultsOf(source)) {
    if (result.outcome !== "failed" && result.outcome !== "timed_out") continue;
    count++;
    if (rows.length >= maxFailures) continue;
    rows.push([
      plain(shownName(result)),
      result.item === null ? "" : plain(clip(stringifyJson(result.item), 80)),
      `${result.error?.code}${result.allowed === true ? " (allowed)" : ""}`,
      plain(clip(result.error?.message ?? "", 300)),
    ]);
  }
  if (count === 0) return;
  yield `### Failures\n\n${table(["task run", "item", "code", "message"], rows)}`;
  if (count > rows.length) yield `… and ${writtenCount(count - rows.length)} more.\n\n`;
}
