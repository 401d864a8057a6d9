import { stringifyJson, toBase64, type Value } from "../model/json.ts";
import type { Body } from "./body.ts";

/** How rows stand in a file. */
export type RowFormat = "jsonl" | "json" | "csv";

/** Going by the ending of a path: `.csv`, `.json` (one list), anything else JSON Lines. */
export function rowFormatOf(path: string): RowFormat {
  const ending = /\.(csv|json)$/i.exec(path);
  return ending === null ? "jsonl" : ending[1]!.toLowerCase() as RowFormat;
}

/** Writes rows into a body as they arrive, a few dozen KiB at a time. */
export interface RowWriter {
  /** Before the first row; with no names when the statement gives no rows. */
  begin(columns: readonly string[]): void;
  row(values: readonly Value[]): void;
  /** After the last row. */
  end(): void;
}

/** Makes a writer. A file of no rows is no empty file where the format has a frame: a CSV header, a JSON list. */
export function writeRows(body: Body, format: RowFormat): RowWriter {
  const encoder = new TextEncoder();
  let text = "";
  const write = (more: string) => {
    text += more;
    if (text.length >= 32 * 1024) flush();
  };
  const flush = () => {
    if (text !== "") body.write(encoder.encode(text));
    text = "";
  };
  const rows = format === "csv" ? csvRows(write) : jsonRows(write, format);
  return {
    ...rows,
    end() {
      rows.end();
      flush();
    },
  };
}

function jsonRows(write: (text: string) => void, format: "jsonl" | "json"): RowWriter {
  let keys: readonly string[] = [];
  let before = format === "json" ? "[\n" : "";
  const between = format === "json" ? ",\n" : "\n";
  return {
    begin(columns) {
      keys = columns.map((name, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
    },
    row(values) {
      let line = before;
      for (let index = 0; index < values.length; index++) line += keys[index]! + jsonOf(values[index]!);
      before = between;
      write(line + "}");
    },
    end() {
      if (format === "json") write(before === between ? "\n]\n" : "[]\n");
      else if (before === between) write("\n");
    },
  };
}

function jsonOf(value: Value): string {
  if (typeof value === "string" || value === null) return JSON.stringify(value);
  if (typeof value === "object") return stringifyJson(value);
  return String(value);
}

/** RFC 4180, but for line ends: a single line feed, as other tools of this system write them. */
function csvRows(write: (text: string) => void): RowWriter {
  return {
    begin(columns) {
      if (columns.length > 0) write(columns.map(csvField).join(",") + "\n");
    },
    row(values) {
      // A line of nothing would be no row to most readers.
      write((values.length === 1 && values[0] === null ? '""' : values.map(csvField).join(",")) + "\n");
    },
    end: () => {},
  };
}

function csvField(value: Value): string {
  if (value === null) return "";
  const text = typeof value === "string"
    ? value
    : value instanceof Uint8Array
    ? toBase64(value)
    : typeof value === "object"
    ? stringifyJson(value)
    : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
