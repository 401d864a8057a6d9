import type { Value } from "../model/json.ts";
import type { FinishedBody } from "./body.ts";
import type { FileSpec } from "./file_schema.ts";
import { once } from "./once.ts";
import { readJson } from "./read_json.ts";
import { readText } from "./read_text.ts";

type Format = NonNullable<FileSpec["format"]> | null;

/** How the files of a task are read. */
export interface ContentReader {
  /** Whether the whole content has to be kept. */
  readonly needsContent: boolean;
  /** The content of one file; `shown` is its path as the config names it. */
  open(shown: string, body: FinishedBody): Content;
}

/** What a file holds, read when it is asked for and once only. All of it throws DecodeError. */
export interface Content {
  /** Whether the report keeps its text. */
  readonly isReported: boolean;
  /** Checks that it is what the format says; gives what the report shows of it in place of its text. */
  decode(): { readonly [field: string]: Value } | undefined;
  text(): string;
  json(): Value;
  rows(): Value;
}

/** Loads what reading this format takes, and no more. `reads` says which result fields expressions read. */
export async function loadContentReader(
  format: Format,
  reads: (field: string) => boolean,
): Promise<ContentReader> {
  const readYaml = format === "yaml" || (format === null && reads("json"))
    ? (await import("./read_yaml.ts")).readYaml
    : undefined;
  const readCsv = format === "csv" || (format === null && reads("rows"))
    ? (await import("./read_csv.ts")).readCsv
    : undefined;
  const isChecked = format !== null && format !== "bytes";
  return {
    needsContent: isChecked || reads("text") || reads("json") || reads("rows"),
    open(shown, body): Content {
      const name = JSON.stringify(shown);
      const ending = shown.slice(shown.lastIndexOf(".") + 1).toLowerCase();
      const isYaml = format === "yaml" || (format === null && (ending === "yaml" || ending === "yml"));
      const isCsv = format === "csv" || (format === null && ending === "csv");
      const text = once(() => readText(body.content!, name));
      const json = once(() => isYaml ? readYaml!(text(), name) : readJson(text(), name));
      const rows = once(() => isCsv ? readCsv!(text(), name) : linesOf(text()));
      return {
        isReported: format !== "bytes",
        decode(): ReturnType<Content["decode"]> {
          if (format === "json" || format === "yaml") return { json: json() };
          if (format === "csv" || format === "lines") return { rows: rows() };
          if (format === "text") text();
          return undefined;
        },
        text,
        json,
        rows,
      };
    },
  };
}

/** Line ends and blank lines dropped, as where inputs are read. */
function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}
