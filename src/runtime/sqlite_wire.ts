import { parseJson, stringifyJson, toBase64, type Value } from "../model/json.ts";

/**
 * What the process that runs SQLite and the one that asks it say to each other: one JSON text a line.
 * Integers keep all their digits; bytes are `{ "base64": … }`, the only map there is among values.
 */
export interface SqliteRequest {
  readonly path: string;
  readonly create: boolean;
  readonly busyMs: number;
  readonly readOnly: boolean;
  readonly query: string;
  readonly params: readonly Value[];
  readonly names: readonly string[] | null;
  readonly maxRows: number;
  readonly maxRowBytes: number;
}

/** The columns, then the rows, each a list of values, at last how it ended. */
export type SqliteReply =
  | { readonly columns: readonly string[] }
  | readonly Value[]
  | { readonly rowCount: number }
  | { readonly code: string; readonly message: string };

/** A request or reply as its line. */
export function writeLine(message: SqliteRequest | SqliteReply): string {
  return stringifyJson(message) + "\n";
}

/** Reads what {@link writeLine} wrote. @throws SyntaxError */
export function readLine<T extends SqliteRequest | SqliteReply>(line: string): T {
  return parseJson(line) as unknown as T;
}

/** A value as the wire has it. SQLite knows no booleans, lists or maps: true is 1, a list or a map is its JSON text. */
export function toWire(value: Value): Value {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Uint8Array) return { base64: toBase64(value) };
  return typeof value === "object" && value !== null ? stringifyJson(value) : value;
}

/** The value that {@link toWire} wrote: bytes are the only thing that comes as a map. */
export function fromWire(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  return fromBase64((value as { base64: string }).base64);
}

function fromBase64(text: string): Uint8Array {
  return (Uint8Array as unknown as { fromBase64(text: string): Uint8Array }).fromBase64(text);
}
