import { maxDataDepth } from "./json.ts";

/**
 * What is wrong with a text that is not JSON, as a sentence; `what` names the text: "stdout", "users.json". It gives the
 * line and column of the first fault: the runtimes' own messages differ, and some name no place.
 */
export function describeJsonFault(text: string, what: string): string {
  if (text.trim() === "") return `${what} is empty, not JSON`;
  const fault = findJsonFault(text);
  if (fault === undefined) return `${what} is JSON that is nested more than ${maxDataDepth} levels deep`;
  return `${what} is not JSON: ${fault.why} at ${placeIn(text, fault.offset)}`;
}

/** `line 3, column 14 (offset 40)`, both from 1, the offset in characters from 0. */
function placeIn(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let end; (end = text.indexOf("\n", start)) !== -1 && end < offset; start = end + 1) line++;
  return `line ${line}, column ${offset - start + 1} (offset ${offset})`;
}

/** @see findJsonFault */
export interface JsonFault {
  /** From 0. */
  readonly offset: number;
  readonly why: string;
}

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/**
 * Walks the text until the grammar does not hold. Only for a text that is known to be wrong: it builds nothing.
 * Undefined when the grammar holds: the parser gave up for another reason.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ("{" | "[")[] = [];
  let expected: "value" | "value or ]" | "key" | "key or }" | "colon" | "comma" = "value";
  let at = 0;
  for (;;) {
    at = match(space, text, at)!;
    if (at >= text.length) return open.length > 0 || expected !== "comma" ? unexpected(text, at) : undefined;
    const found = text[at]!;
    const inside = open.at(-1);
    if (expected === "comma") {
      if (inside === undefined) return { offset: at, why: "there is more after its end" };
      if (found === (inside === "{" ? "}" : "]")) open.pop();
      else if (found === ",") expected = inside === "{" ? "key" : "value";
      else return unexpected(text, at);
      at++;
    } else if (expected === "colon") {
      if (found !== ":") return unexpected(text, at);
      expected = "value";
      at++;
    } else if (expected === "key or }" && found === "}" || expected === "value or ]" && found === "]") {
      open.pop();
      expected = "comma";
      at++;
    } else if (found === '"') {
      const end = endOfString(text, at);
      if (typeof end !== "number") return end;
      expected = expected.startsWith("key") ? "colon" : "comma";
      at = end;
    } else if (expected.startsWith("key")) return unexpected(text, at);
    else if (found === "{" || found === "[") {
      open.push(found);
      expected = found === "{" ? "key or }" : "value or ]";
      at++;
    } else {
      const end = match(scalar, text, at);
      if (end === undefined) return unexpected(text, at);
      expected = "comma";
      at = end;
    }
  }
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function endOfString(text: string, start: number): number | JsonFault {
  for (let at = start + 1; at < text.length; at++) {
    const found = text[at]!;
    if (found === '"') return at + 1;
    if (found < " ") return { offset: at, why: "a control character stands in a string" };
    if (found !== "\\") continue;
    const escape = text[++at];
    if (escape === "u" && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) at += 4;
    else if (escape === undefined || !'"\\/bfnrt'.includes(escape)) {
      return { offset: at - 1, why: "a string has an unknown escape" };
    }
  }
  return { offset: text.length, why: "it ends within a string" };
}

function unexpected(text: string, offset: number): JsonFault {
  if (offset >= text.length) return { offset, why: "it ends too early" };
  return { offset, why: `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset)!))}` };
}
