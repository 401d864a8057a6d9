import { stringifyJson, toBase64 } from "../model/json.ts";
import { type Outcome, type OutcomeCounts, outcomes } from "../model/outcome.ts";
import type { Result } from "../model/result.ts";
import { writtenCount, writtenDuration } from "../model/written.ts";
import { sha256Bytes } from "../runtime/hash.ts";
import { htmlStyle } from "./html_style.ts";
import { type RenderSource, resultsOf } from "./render_source.ts";
import type { ReportHead } from "./report.ts";
import { clip, shownItem, shownName } from "./summary_text.ts";

/** A browser shows so many without effort. There is room of its own for those that went wrong. */
const maxTrouble = 1000;
const maxGood = 500;
const maxDetail = 20_000;

/**
 * A page of its own: no script, no network, no style but its own, and a policy that forbids the browser all of them.
 * All data is text in it. Filters work by style alone.
 */
export function* renderHtml(source: RenderSource): Generator<string> {
  const { head } = source;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escapeHtml(`${head.run.name}: ${head.run.status}`)}</title>
<style>${htmlStyle}</style>
</head>
<body>
`;
  yield header(head);
  yield advice(head);
  yield firstFailure(head);
  yield targets(head);
  yield* taskRuns(source);
  yield footer(head);
  yield "</body>\n</html>\n";
}

function policy(): string {
  const hash = toBase64(sha256Bytes(htmlStyle));
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function header({ run, summary }: ReportHead): string {
  const time = run.durationMs === null ? "" : ` in ${writtenDuration(run.durationMs)}`;
  const facts = [
    `${writtenCount(summary.total)} task runs${summary.totalKnown ? "" : " at least"}${time}`,
    `started ${run.startedAt}`,
    ...Object.entries(run.params).map(([name, value]) => clip(`${name} = ${stringifyJson(value)}`, 200)),
    ...(run.stoppedBy === null ? [] : [`stopped by ${words(run.stoppedBy)}`]),
    ...(run.exitCode === null ? [] : [`exit code ${run.exitCode}`]),
    ...(summary.retries === 0 ? [] : [`${writtenCount(summary.retries)} retries`]),
    ...(run.resumed === null
      ? []
      : [`${writtenCount(run.resumed.kept)} results kept from ${run.resumed.run}`]),
  ];
  const status = `<span class="status ${run.status}">${words(run.status)}</span>`;
  return `<header>
<h1>${escapeHtml(run.name)} ${status}</h1>
<p class="facts">${facts.map(escapeHtml).join(" · ")}</p>
${bar(summary, summary.total)}
<ul class="counts">${
    outcomes.filter((outcome) => summary[outcome] > 0).map((outcome) =>
      `<li><span class="dot ${outcome}"></span><b>${writtenCount(summary[outcome])}</b> ${
        words(outcome)
      }</li>`
    ).join("")
  }</ul>
</header>
`;
}

/** Attributes of a drawing are no styles: the policy lets them be. */
function bar(counts: OutcomeCounts, total: number): string {
  let at = 0;
  const parts = outcomes.filter((outcome) => counts[outcome] > 0).map((outcome) => {
    const width = (counts[outcome] / total) * 100;
    const part = `<rect class="${outcome}" x="${at.toFixed(3)}" width="${width.toFixed(3)}" height="1"/>`;
    at += width;
    return part;
  });
  return `<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="outcomes">${
    parts.join("")
  }</svg>`;
}

function advice(head: ReportHead): string {
  if (head.advice.length === 0) return "";
  return `<h2>Advice</h2>\n${
    head.advice.map(({ message }) => `<p class="note">${escapeHtml(message)}</p>\n`).join("")
  }`;
}

function firstFailure({ failures }: ReportHead): string {
  const { first, byCode } = failures;
  if (first === null) return "";
  const codes = Object.entries(byCode).map(([code, count]) => `${writtenCount(count)} ${code}`).join(", ");
  const item = first.item === null ? "" : `\nitem: ${stringifyJson(first.item)}`;
  return `<h2>First failure</h2>
<p>${escapeHtml(shownName(first))}</p>
<pre>${escapeHtml(clip(`${first.error?.code}: ${first.error?.message}${item}`, maxDetail))}</pre>
<p class="facts">Failures by code: ${escapeHtml(codes)}</p>
`;
}

function targets({ targets }: ReportHead): string {
  const headings = [
    "at a time",
    "ok",
    "failed",
    "other",
    "retries",
    "p50",
    "p90",
    "p99",
    "max",
    "per second",
  ];
  const rows = Object.entries(targets).map(([name, target]) => {
    const { counts, latencyMs, concurrency } = target;
    const cells = [
      `${concurrency.peak ?? "?"} of ${concurrency.limit}`,
      writtenCount(counts.ok),
      writtenCount(counts.failed + counts.timed_out),
      writtenCount(counts.cancelled + counts.skipped + counts.not_run),
      writtenCount(target.retries),
      ...(["p50", "p90", "p99", "max"] as const).map((at) =>
        latencyMs === null ? "" : writtenDuration(latencyMs[at])
      ),
      target.perSecond === null ? "" : String(target.perSecond),
    ];
    const numbers = cells.map((cell) => `<td class="number">${escapeHtml(cell)}</td>`).join("");
    return `<tr><td class="name">${escapeHtml(name)}</td>${numbers}</tr>\n`;
  });
  return `<h2>Targets</h2>
<div class="scroll"><table>
<tr><th>target</th>${headings.map((heading) => `<th class="number">${heading}</th>`).join("")}</tr>
${rows.join("")}</table></div>
`;
}

function* taskRuns(source: RenderSource): Generator<string> {
  const { summary } = source.head;
  yield `<h2>Task runs</h2>\n<main>\n<div class="filter">${filter("all", "all", true)}${
    outcomes.filter((outcome) => summary[outcome] > 0).map((outcome) =>
      filter(outcome, words(outcome), false)
    ).join("")
  }</div>\n`;
  const left = { trouble: maxTrouble, good: maxGood };
  let leftOut = 0;
  for (const result of resultsOf(source)) {
    const isGood = result.outcome === "ok" || result.outcome === "skipped" || result.outcome === "not_run";
    const room = isGood ? "good" : "trouble";
    if (left[room] === 0) {
      leftOut++;
      continue;
    }
    left[room]--;
    yield taskRun(result);
  }
  if (leftOut > 0) {
    yield `<p class="facts">${
      writtenCount(leftOut)
    } more are not on this page; the JSON report has them all.</p>\n`;
  }
  yield "</main>\n";
}

function filter(value: Outcome | "all", label: string, isChecked: boolean): string {
  return `<label><input type="radio" name="show" id="show-${value}"${
    isChecked ? " checked" : ""
  }>${label}</label>`;
}

function taskRun(result: Result): string {
  const { outcome, error, durationMs, attempts, output, outputs, item, matrix } = result;
  const time = attempts.length === 0 ? "" : ` ${writtenDuration(durationMs)}`;
  const tries = attempts.length > 1 ? `, ${attempts.length} attempts` : "";
  const why = error === null
    ? result.reason === null ? "" : ` ${words(result.reason)}`
    : ` ${error.code}: ${clip(error.message, 200)}`;
  const parts = {
    ...(item === null ? {} : { item }),
    ...(matrix === null ? {} : { matrix }),
    ...(error === null ? {} : { error }),
    ...(attempts.length > 1 || error !== null ? { attempts } : {}),
    ...(outputs === null ? {} : { outputs }),
    ...(output === null ? {} : { output }),
  };
  const allowed = result.allowed === true ? " (allowed)" : "";
  return `<details class="run is-${outcome}"><summary><span class="dot ${outcome}"></span>${
    escapeHtml(`${shownName(result)} ${shownItem(result, 60)}`.trimEnd())
  } <span class="why">${
    escapeHtml(`${words(outcome)}${allowed}${time}${tries}${why}`)
  }</span></summary><pre>${escapeHtml(clip(stringifyJson(parts, 2), maxDetail))}</pre></details>\n`;
}

function footer({ run }: ReportHead): string {
  const parts = [
    `run ${run.id}`,
    `${run.config.path} (sha256 ${run.config.sha256.slice(0, 12)})`,
    run.tool,
    `on ${run.host}`,
  ];
  return `<footer>${parts.map(escapeHtml).join(" · ")}</footer>\n`;
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** As text or in a quoted attribute. Control characters and those that turn the direction of writing become visible. */
export function escapeHtml(text: string): string {
  const visible = text.toWellFormed().replace(unshown, "\ufffd");
  return visible.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

// deno-lint-ignore no-control-regex
const unshown = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
