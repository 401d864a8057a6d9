import { parseJson } from "../model/json.ts";
import type { Result } from "../model/result.ts";
import { missingJson, type Report } from "./build_report.ts";
import { findResultFault } from "./find_report_fault.ts";
import type { ReportHead } from "./report.ts";
import { lostPlaces, Places } from "./report_source.ts";

/** A report as every format reads it, wherever it comes from. */
export interface RenderSource {
  readonly head: ReportHead;
  /** JSON of each result, in input order, one at a time. May be gone through more than once. @throws Error when reading fails */
  resultTexts(): Iterable<string>;
}

/** A report whose results are still in the journal. */
export function renderSourceOf(report: Report): RenderSource {
  const { source } = report;
  const decoder = new TextDecoder();
  return {
    head: report.head,
    *resultTexts() {
      const lostAt = lostPlaces(source);
      for (const places = new Places(source); places.next();) {
        const { task, index } = places;
        let text = "";
        const isThere = source.results.copy(task, index, (bytes, from, to) => {
          text += decoder.decode(bytes.subarray(from, to), { stream: true });
        });
        yield isThere ? text : missingJson(source, task, index, lostAt(task, index));
      }
    },
  };
}

/** Each result, in input order, parsed when its turn comes. */
export function* resultsOf(source: RenderSource): Generator<Result> {
  for (const text of source.resultTexts()) yield parseResult(text);
}

/** @throws SyntaxError when it is no JSON, or no result: somebody else wrote that report */
export function parseResult(text: string): Result {
  const result = parseJson(text);
  const fault = findResultFault(result);
  if (fault === "") throw new SyntaxError("one of its results is none");
  if (fault !== null) throw new SyntaxError(`one of its results has no proper "${fault}"`);
  return result as unknown as Result;
}
