import { Buffer } from "node:buffer";
import { parseDataOrText, stringifyJson, type Value } from "../model/json.ts";

/** Reads a column's text as PostgreSQL writes it. */
export type ReadText = (text: string) => Value;

/**
 * How a column of this type (its OID in `pg_type`) is read. Integers to 64 bits, doubles, booleans, bytes, JSON and
 * arrays are what they are, and times with a zone are RFC 3339; everything else, `numeric` among it, is the text that
 * PostgreSQL writes, which says exactly what it holds.
 */
export function readerOf(type: number): ReadText {
  const scalar = readers[type];
  if (scalar !== undefined) return scalar;
  const element = elementTypes[type];
  if (element === undefined) return asText;
  const read = readers[element] ?? asText;
  return (text) => readArray(text, read);
}

/**
 * A value as it is bound: text, or bytes for `bytea`; null stays null. A list is JSON where the placeholder's type says
 * so and an array anywhere else; a map is JSON.
 */
export function encodeParam(value: Value, type: number | undefined): string | Buffer | null {
  if (value === null || typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== "object") return String(value);
  if (!Array.isArray(value) || type === json || type === jsonb) return stringifyJson(value);
  return writeArray(value);
}

const json = 114;
const jsonb = 3802;
const timestamptz = 1184;

const asText: ReadText = (text) => text;

const readers: { readonly [type: number]: ReadText } = {
  16: (text) => text === "t",
  17: readBytes,
  20: readInteger,
  21: readInteger,
  23: readInteger,
  26: readInteger,
  700: readDouble,
  701: readDouble,
  [json]: parseDataOrText,
  [jsonb]: parseDataOrText,
  [timestamptz]: readTime,
};

/** Arrays, and the type of their elements. */
const elementTypes: { readonly [type: number]: number } = {
  1000: 16,
  1001: 17,
  1003: 19,
  1005: 21,
  1007: 23,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1028: 26,
  1041: 869,
  1115: 1114,
  1182: 1082,
  1183: 1083,
  1185: timestamptz,
  1231: 1700,
  199: json,
  2951: 2950,
  3807: jsonb,
};

function readInteger(text: string): Value {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** JSON has no word for what is no number. */
function readDouble(text: string): Value {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function readBytes(text: string): Value {
  if (text.startsWith("\\x")) return new Uint8Array(Buffer.from(text.slice(2), "hex"));
  const escaped = text.replace(
    /\\(\\|[0-7]{3})/g,
    (_, code: string) => code === "\\" ? "\\" : String.fromCharCode(parseInt(code, 8)),
  );
  return new Uint8Array(Buffer.from(escaped, "latin1"));
}

/** `2026-11-21 10:00:00.5+01` becomes `2026-11-21T10:00:00.5+01:00`; `infinity` and years before Christ stay. */
function readTime(text: string): Value {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(:\d\d)?$/.exec(text);
  return match === null ? text : `${match[1]}T${match[2]}${match[3]}${match[4] ?? ":00"}`;
}

/** `{1,NULL,"a \"b\"",{2}}`, with bounds before it where they do not begin at 1. */
function readArray(text: string, read: ReadText): Value {
  let at = text.indexOf("{") + 1;
  return list();

  function list(): Value[] {
    const elements: Value[] = [];
    while (at < text.length && text[at] !== "}") {
      elements.push(element());
      if (text[at] === ",") at++;
    }
    at++;
    return elements;
  }

  function element(): Value {
    if (text[at] === "{") {
      at++;
      return list();
    }
    const pattern = text[at] === '"' ? /"((?:[^"\\]|\\.)*)"/sy : /[^,}]*/y;
    pattern.lastIndex = at;
    const [whole, quoted] = pattern.exec(text)!;
    at += whole.length;
    if (quoted !== undefined) return read(quoted.replace(/\\(.)/gs, "$1"));
    return whole === "NULL" ? null : read(whole);
  }
}

function writeArray(values: readonly Value[]): string {
  return `{${values.map(writeElement).join(",")}}`;
}

function writeElement(value: Value): string {
  if (value === null) return "NULL";
  if (Array.isArray(value)) return writeArray(value);
  const text = value instanceof Uint8Array
    ? `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`
    : typeof value === "object"
    ? stringifyJson(value)
    : String(value);
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
