import { stringifyJson, type Value } from "./json.ts";
import { writtenCount } from "./written.ts";

/** What a message has room for: a SHA-256 in quotes, and a little more. */
const shownLength = 80;
/** Members of a list or a map that is written out. */
const shownMembers = 8;
/** A longer text is not searched for secrets only to be cut. */
const longestMasked = 65_536;

/**
 * A value in a message: written out while it is short, else its beginning or its size. `mask` is given each text whole,
 * before it is cut.
 */
export function shownValue(value: Value, mask: (text: string) => string): string {
  if (typeof value === "string") return shownText(value, mask);
  if (value instanceof Uint8Array) return `${writtenCount(value.length)} bytes`;
  if (typeof value !== "object" || value === null) return String(value);
  const members: readonly Value[] = Array.isArray(value) ? value : Object.values(value);
  const isFlat = members.length <= shownMembers &&
    members.every((member) => typeof member !== "object" || member === null);
  const json = isFlat ? mask(stringifyJson(value)) : "";
  if (isFlat && json.length <= shownLength) return json;
  return `${Array.isArray(value) ? "a list" : "a map"} of ${writtenCount(members.length)}`;
}

function shownText(text: string, mask: (text: string) => string): string {
  const size = `${writtenCount(text.length)} characters`;
  if (text.length > longestMasked) return `a text of ${size}`;
  const masked = mask(text);
  if (masked.length <= shownLength) return JSON.stringify(masked);
  return `${JSON.stringify(`${masked.slice(0, shownLength - 20)}…`)} (${size})`;
}
