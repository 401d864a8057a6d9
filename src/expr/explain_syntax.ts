import type { CelError } from "./cel_error.ts";

/** What other languages write. */
const INSTEAD: { readonly [word: string]: string } = {
  and: "&&",
  or: "||",
  not: "!",
  is: "==",
  "=": "==",
  "&": "&&",
  "|": "||",
  "‘": "'",
  "’": "'",
  "“": '"',
  "”": '"',
};

/** The library's words for what has to follow. */
const EXPECTED: { readonly [token: string]: string } = {
  RPAREN: ")",
  RBRACKET: "]",
  RBRACE: "}",
  COLON: ":",
};

/** Why the parser stopped, and what to write instead. */
export function explainSyntax({ summary, range }: CelError, source: string): string {
  const start = range?.start ?? 0;
  const word = /^(?:\w+|[^\w\s])/.exec(source.slice(start))?.[0] ?? "";
  const foreign = Object.hasOwn(INSTEAD, word) ? word : /\bnot\s+$/.exec(source.slice(0, start))?.[0].trim();
  if (foreign !== undefined) return `write ${INSTEAD[foreign]} instead of ${foreign}`;
  if (word === "if" || word === "else") return "write CONDITION ? ONE : OTHER for a choice between two";
  if (word === "$") return "this is an expression already: leave out the ${{ }}";
  const expected = /^Expected (\w+)/.exec(summary)?.[1] ?? "";
  if (expected === "IDENTIFIER" && /^\w/.test(word)) {
    return `"${word}" cannot be read with a dot; write ["${word}"]`;
  }
  if (Object.hasOwn(EXPECTED, expected)) return `"${EXPECTED[expected]}" is missing`;
  return word === "" ? "the expression ends too early" : `${JSON.stringify(word)} cannot stand here`;
}
