import { stringifyJson, type Value } from "../model/json.ts";
import type { Result } from "../model/result.ts";
import { type RenderSource, resultsOf } from "./render_source.ts";

const columns: readonly (readonly [name: string, cell: (result: Result) => Value | undefined])[] = [
  ["task", (result) => result.task],
  ["index", (result) => result.index],
  ["key", (result) => result.key],
  ["item", (result) => result.item],
  ["matrix", (result) => result.matrix],
  ["target", (result) => result.target],
  ["kind", (result) => result.kind],
  ["outcome", (result) => result.outcome],
  ["reason", (result) => result.reason],
  ["startedAt", (result) => result.attempts[0]?.startedAt],
  ["queuedMs", (result) => result.queuedMs],
  ["durationMs", (result) => result.durationMs],
  ["attempts", (result) => result.attempts.length],
  ["errorCode", (result) => result.error?.code],
  ["errorMessage", (result) => result.error?.message],
  ["saved", (result) => result.output?.saved],
];

/** One line a task run, with a header (RFC 4180). Lists and maps are written as JSON. */
export function* renderCsv(source: RenderSource): Generator<string> {
  yield columns.map(([name]) => name).join(",") + "\r\n";
  for (const result of resultsOf(source)) {
    yield columns.map(([, cell]) => writeCell(cell(result))).join(",") + "\r\n";
  }
}

function writeCell(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = (typeof value === "string" ? value : stringifyJson(value)).toWellFormed();
  // A spreadsheet takes such text for a formula: data must not compute anything there.
  const harmless = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
