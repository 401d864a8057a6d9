import { stringifyJson } from "../model/json.ts";
import type { RenderSource } from "./render_source.ts";
import type { ReportHead } from "./report.ts";

/** What stands before, between and after the results: one result a line, so that line tools can read it, too. */
export function jsonFrame(head: ReportHead): { opening: string; separator: string; closing: string } {
  return {
    opening: stringifyJson(head, 2).slice(0, -2) + ',\n  "results": [\n',
    separator: ",\n",
    closing: "\n]}\n",
  };
}

/** `fanout.report/1`. */
export function* renderJson({ head, resultTexts }: RenderSource): Generator<string> {
  const { opening, separator, closing } = jsonFrame(head);
  yield opening;
  let isFirst = true;
  for (const text of resultTexts()) {
    yield isFirst ? text : separator + text;
    isFirst = false;
  }
  yield closing;
}
