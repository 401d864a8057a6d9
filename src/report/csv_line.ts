import { stringifyJson, type Value } from "../model/json.ts";

/**
 * One line of a CSV file with its end (RFC 4180). Nothing is an empty cell, lists and maps are written as JSON, and text that
 * a spreadsheet would take for a formula gets an apostrophe before it: data must not compute anything there.
 */
export function csvLine(values: readonly (Value | undefined)[]): string {
  return values.map(writeCell).join(",") + "\r\n";
}

function writeCell(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = (typeof value === "string" ? value : stringifyJson(value)).toWellFormed();
  const harmless = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
