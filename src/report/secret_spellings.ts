import { toBase64 } from "../model/json.ts";

/**
 * Patterns that find a secret in each spelling it may take in a text: as it is, URL-encoded, JSON-escaped (also several
 * times over, as text within text is), and in base64 at each alignment. Whole serialised documents can be searched, too.
 */

/** A pattern, and whether its ends may share a character with what stands around the secret. */
export interface Spelling {
  /** Source of a regular expression without groups that capture. */
  readonly pattern: string;
  /** In base64 a character at either end may hold bits of the secret and of its neighbour. */
  readonly base64: boolean;
  /**
   * Six letters and digits that stand in every text with this spelling, since they are never escaped. The last ones: tokens
   * of one kind begin alike and end each in its own way. Null when there are no six in a row.
   */
  readonly anchor: string | null;
}

/** @see Spelling.anchor */
export const anchorLength = 6;

/** All spellings of a secret. Its lines, and the texts in it if it is JSON, are secrets as well: see {@link secretParts}. */
export function secretSpellings(secret: string): Spelling[] {
  const base64 = base64Middles(secret).map((middle) => ({
    pattern: base64Pattern(middle),
    base64: true,
    anchor: anchorOf(middle),
  }));
  return [{ pattern: textPattern(secret), base64: false, anchor: anchorOf(secret) }, ...base64];
}

function anchorOf(text: string): string | null {
  const runs = text.match(/[A-Za-z0-9]+/g)?.filter((run) => run.length >= anchorLength) ?? [];
  return runs.at(-1)?.slice(-anchorLength) ?? null;
}

/**
 * The secret itself, its lines and, of a JSON document, its texts: an answer may show any of them alone.
 * Parts under six characters are left out, since masking them would blot out ordinary words.
 */
export function secretParts(secret: string): string[] {
  const parts = [secret, ...secret.split(/[\r\n]+/).map((line) => line.trim())];
  if (/^\s*[[{]/.test(secret)) {
    try {
      JSON.parse(secret, (_key, value) => {
        if (typeof value === "string" || typeof value === "number") parts.push(String(value));
        return null;
      });
    } catch {
      // It only looked like JSON.
    }
  }
  return [...new Set(parts)].filter((part) => part.length >= 6);
}

/** Bytes that the longest spelling of a secret can take: each UTF-16 unit as `\u00e9` escaped three times over. */
export function longestSpelling(secret: string): number {
  return secret.length * 12;
}

/** A character as itself or escaped. Letters and digits are never escaped, which keeps most patterns plain text. */
function textPattern(text: string): string {
  return text.replace(/\\+|[\ud800-\udbff][\udc00-\udfff]|[^\\]/g, (part) => {
    if (part.startsWith("\\")) return backslashes(part.length);
    if (/^[A-Za-z0-9]$/.test(part)) return part;
    return characterPattern(part);
  });
}

/** Bounded, so that a long run of backslashes in a text cannot make the search slow. */
const escapes = String.raw`\\{1,7}`;

function backslashes(count: number): string {
  return `(?:\\\\{${count},${8 * count}}|(?:%5[cC]){${count}}|(?:${escapes}u005[cC]){${count}})`;
}

const shortEscapes: { readonly [character: string]: string } = {
  '"': '"',
  "/": "/",
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
};

function characterPattern(character: string): string {
  const ways = [quoted(character), percentPattern(character)];
  if (character === " ") ways.push("\\+");
  const short = shortEscapes[character];
  if (short !== undefined) ways.push(escapes + short);
  ways.push([...Array(character.length).keys()].map((at) => unicodePattern(character, at)).join(""));
  return `(?:${ways.join("|")})`;
}

function percentPattern(character: string): string {
  const bytes = new TextEncoder().encode(character);
  return Array.from(bytes, (byte) => `%${hexPattern(byte.toString(16).padStart(2, "0"))}`).join("");
}

function unicodePattern(text: string, at: number): string {
  return `${escapes}u${hexPattern(text.charCodeAt(at).toString(16).padStart(4, "0"))}`;
}

function hexPattern(digits: string): string {
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** What of the secret's base64 is the same whatever stands before and after it, for each of the three alignments. */
function base64Middles(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    return toBase64(padded).slice(from, to);
  });
}

/** Either alphabet, and as a URL or JSON would escape it. */
function base64Pattern(text: string): string {
  return text.replace(
    /[+/]/g,
    (character) => character === "+" ? "(?:[+-]|%2[bB])" : `(?:\\\\{0,7}[/_]|%2[fF])`,
  );
}
