import { charge, Trouble } from "./evaluation.ts";
import { checkWhole, describe } from "./operators.ts";
import { formatDuration } from "./durations.ts";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import { formatTimestamp } from "./timestamps.ts";

/** How many characters that are made, or elements of lists, are one step. */
export const CHARACTERS_PER_STEP = 128;
export const ELEMENTS_PER_STEP = 4;

/** In Unicode characters: a pair of surrogates is one. */
export function countCharacters(text: string): bigint {
  charge(text.length / 256);
  if (!/[\ud800-\udbff]/.test(text)) return BigInt(text.length);
  let count = 0;
  for (let position = 0; position < text.length; position++) {
    const isPair = (text.charCodeAt(position) & 0xfc00) === 0xd800 &&
      (text.charCodeAt(position + 1) & 0xfc00) === 0xdc00;
    if (isPair) position++;
    count++;
  }
  return BigInt(count);
}

/** The lines of a text without their ends; a last empty one is none. */
export function splitLines(text: string): string[] {
  const lines = splitText(text, "\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
}

/** As `String.split`; with a limit from 0 on, what is left of the text is its last part. */
export function splitText(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  if (separator === "") return splitCharacters(text, limit);
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
    if (BigInt(parts.length + 1) === limit) break;
    charge(1 / ELEMENTS_PER_STEP);
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function splitCharacters(text: string, limit: bigint): string[] {
  charge(text.length / ELEMENTS_PER_STEP);
  const characters = [...text];
  if (limit < 0n || BigInt(characters.length) <= limit) return characters;
  const kept = Number(limit) - 1;
  return [...characters.slice(0, kept), characters.slice(kept).join("")];
}

/** Texts, numbers, booleans, times and durations as one text. @throws Trouble for other elements */
export function joinTexts(list: readonly unknown[], separator = ""): string {
  let length = 0;
  const texts = list.map((element) => {
    const text = textOfScalar(element);
    if (text === null) throw new Trouble(`join() cannot write ${describe(element)}; use toJson(…)`);
    length += text.length + separator.length;
    return text;
  });
  charge(list.length / ELEMENTS_PER_STEP + length / CHARACTERS_PER_STEP);
  return texts.join(separator);
}

/** Every `search` in the text replaced; an empty `search` stands between all characters. */
export function replaceText(text: string, search: string, replacement: string): string {
  return joinTexts(splitText(text, search), replacement);
}

/** As in a path segment or a query value (RFC 3986). */
export function urlEncode(text: string): string {
  charge(text.length * 3 / CHARACTERS_PER_STEP);
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** One word for a POSIX shell. @throws Trouble for a NUL, which no argument can hold */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new Trouble("shellQuote() takes no text with a NUL in it");
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${replaceText(text, "'", "'\\''")}'`;
}

/** A whole number as CEL's int(). @throws Trouble for anything else than digits, also for an empty text */
export function parseWhole(text: string): bigint {
  if (!/^[-+]?\d{1,40}$/.test(text)) throw new Trouble('int() reads whole numbers such as "42"', text);
  return checkWhole(BigInt(text.replace("+", "")));
}

/** A double without its fraction. @throws Trouble when it does not fit into 64 bits */
export function truncate(double: number): bigint {
  if (!Number.isFinite(double)) throw new Trouble("int() takes no infinite number");
  return checkWhole(BigInt(Math.trunc(double)));
}

/** What `string()` makes of a scalar; null for what is none. */
function textOfScalar(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (
    value === null || (typeof value === "object" && !(value instanceof Date || value instanceof Duration))
  ) {
    return null;
  }
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  return String(value);
}
