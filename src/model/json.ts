/**
 * The values that flow from a config, an input or an answer to an expression and on to the report.
 *
 * Whole numbers beyond 2^53 are `bigint`, so that a 64-bit id survives from JSON to the report digit for digit.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A map of values by name. */
export type ValueMap = { readonly [key: string]: Value };

type RawJson = { rawJSON(text: string): unknown };
const raw = (JSON as unknown as RawJson).rawJSON;

/** JSON text of a value; a `bigint` is written as its digits, bytes as base64, `undefined` members are left out. */
export function stringifyJson(value: unknown, space?: number): string {
  return JSON.stringify(value, writeExact, space);
}

/** JSON text that is the same for equal values, whatever the order of their keys. */
export function canonicalJson(value: Value): string {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return stringifyJson(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const map = value as ValueMap;
  const members = Object.keys(map).sort().map((key) => `${JSON.stringify(key)}:${canonicalJson(map[key]!)}`);
  return `{${members.join(",")}}`;
}

function writeExact(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === "bigint") return raw(value.toString());
  if (value instanceof Uint8Array) return toBase64(value);
  return value;
}

/**
 * Reads JSON text; whole numbers that a double cannot hold become `bigint`.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): Value {
  // The reviver costs several times the parse itself: it is used only where a long run of digits stands.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return (JSON.parse as (text: string, reviver: unknown) => Value)(text, readExact);
}

/** Data is nested this deep at most: whoever walks a value calls itself at each level, and ends with the stack. */
export const maxDataDepth = 500;

/**
 * Reads JSON text that came from outside.
 *
 * @throws SyntaxError when the text is not JSON, or nested more than {@link maxDataDepth} levels deep.
 */
export function parseData(text: string): Value {
  const value = parseJson(text);
  // Each level takes a bracket at both ends: a short text is not even looked at.
  if (text.length > 2 * maxDataDepth && isTooDeep(text)) throw new SyntaxError("nested too deeply");
  return value;
}

/** {@link parseData}, and the text itself where it cannot: one such value is no reason to lose a whole row. */
export function parseDataOrText(text: string): Value {
  try {
    return parseData(text);
  } catch {
    return text;
  }
}

/** Only for a text that is known to be JSON. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDataDepth) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
    }
  }
  return false;
}

/** Where the quote stands that ends the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1);; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function readExact(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** Standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  return (bytes as Uint8Array & { toBase64(): string }).toBase64();
}

/** True for a plain map: not null, not a list, not bytes. */
export function isValueMap(value: unknown): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}
