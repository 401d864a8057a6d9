import type { Value } from "../model/json.ts";
import type { Result } from "../model/result.ts";
import { csvLine } from "./csv_line.ts";
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

/** One line a task run, with a header. */
export function* renderCsv(source: RenderSource): Generator<string> {
  yield csvLine(columns.map(([name]) => name));
  for (const result of resultsOf(source)) {
    yield csvLine(columns.map(([, cell]) => cell(result)));
  }
}
