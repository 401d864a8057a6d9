import { CsvError, parse } from "csv-parse/sync";
import type { Value } from "../model/json.ts";
import { DecodeError } from "./kind.ts";

/**
 * Reads RFC 4180 text with a header: a list of maps of text by column name. Empty lines are dropped.
 *
 * @throws DecodeError with the line of the first fault
 */
export function readCsv(text: string, what: string): Value[] {
  const [header, ...records] = recordsOf(text, what);
  if (header === undefined) return [];
  const wrong = header.find((name, position) => name === "" || header.indexOf(name) !== position);
  if (wrong !== undefined) {
    const why = wrong === "" ? "a column without a name" : `two columns named ${JSON.stringify(wrong)}`;
    throw new DecodeError(`${what} is no CSV with a header: line 1 has ${why}`);
  }
  return records.map((record) =>
    Object.fromEntries(header.map((name, position) => [name, record[position]!]))
  );
}

function recordsOf(text: string, what: string): string[][] {
  try {
    return parse(text, { bom: true, record_delimiter: ["\r\n", "\n"], skip_empty_lines: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DecodeError(`${what} is not CSV: ${error.message}`);
  }
}
