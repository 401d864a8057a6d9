import { ExpressionError, type Vars } from "../model/expression.ts";
import { toBase64 } from "../model/json.ts";

/** A text that is always the same, or is made for each input. */
export type MadeText = string | ((vars: Vars) => string);

/** A header of the config; `null` takes away one of the same name from below. */
export interface HeaderEntry {
  readonly name: string;
  readonly value: MadeText | null;
}

/** Headers of one task, merged and compiled. */
export interface HeaderLines {
  /** Lines that go with every request to the origin. @throws ExpressionError for a value that cannot be sent */
  render(vars: Vars): string;
  /** Lines that describe the body, and go only with it. @throws ExpressionError */
  renderBody(vars: Vars): string;
  has(name: string): boolean;
}

/** Merges layers of headers, later ones winning, without regard to case, and prepares their lines. */
export function compileHeaders(...layers: readonly (readonly HeaderEntry[])[]): HeaderLines {
  const merged = new Map<string, HeaderEntry>();
  for (const entry of layers.flat()) merged.set(entry.name.toLowerCase(), entry);
  for (const [name, { value }] of merged) if (value === null) merged.delete(name);
  const isOfBody = (name: string) => name.startsWith("content-");
  const entries = [...merged];
  return {
    render: lineMaker(entries.filter(([name]) => !isOfBody(name)).map(([, entry]) => entry)),
    renderBody: lineMaker(entries.filter(([name]) => isOfBody(name)).map(([, entry]) => entry)),
    has: (name) => merged.has(name),
  };
}

/** One line with its end. @throws ExpressionError when the value cannot stand in a header */
export function headerLine(name: string, value: string): string {
  const wrong = headerFault(name, value);
  if (wrong !== undefined) throw new ExpressionError(wrong);
  return `${name}: ${trimBlanks(value)}\r\n`;
}

/** Why the value cannot stand in a header; undefined when it can. */
export function headerFault(name: string, value: string): string | undefined {
  const text = trimBlanks(value);
  const wrong = /[^\t\x20-\x7e\x80-\xff]/.exec(text);
  if (wrong === null) return undefined;
  const what = /[\r\n]/.test(wrong[0]) ? " (a line break)" : "";
  const code = `U+${text.codePointAt(wrong.index)!.toString(16).toUpperCase().padStart(4, "0")}`;
  const advice = wrong[0] > "\xff" ? "; encode it first, with urlEncode() for example" : "";
  return `header "${name}" would hold the character ${code}${what}, which no header may${advice}`;
}

/** Value of `authorization` for HTTP Basic, in UTF-8 (RFC 7617). */
export function basicAuthorization(userinfo: string): string {
  return `Basic ${toBase64(new TextEncoder().encode(userinfo))}`;
}

/** Fixed lines are written once. */
function lineMaker(entries: readonly HeaderEntry[]): (vars: Vars) => string {
  let fixed = "";
  const made: { readonly name: string; readonly value: (vars: Vars) => string }[] = [];
  for (const { name, value } of entries) {
    if (typeof value === "string") fixed += headerLine(name, value);
    else made.push({ name, value: value! });
  }
  if (made.length === 0) return () => fixed;
  return (vars) => made.reduce((lines, { name, value }) => lines + headerLine(name, value(vars)), fixed);
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
