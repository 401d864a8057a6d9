import { Composer, type CST, type Document, visit } from "yaml";
import { TooDeep, yamlTokens } from "../tasks/yaml_tokens.ts";
import { explainSyntax, noDirectives } from "./explain_syntax.ts";
import type { TextProblem } from "./decode_text.ts";

/** Deeper nesting is refused before it is built. */
const maxDepth = 100;

/** A YAML document with its problems; `document` is null when what was parsed cannot be relied on. */
export interface ParsedYaml {
  readonly document: Document.Parsed | null;
  readonly problems: readonly TextProblem[];
}

/** Parses one document of YAML 1.2. Integers are `bigint`; duplicate keys, aliases and merges are left to {@link toRaw}. */
export function parseYaml(text: string): ParsedYaml {
  let tokens: readonly CST.Token[];
  try {
    tokens = [...yamlTokens(text, maxDepth)];
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return failed(error.offset, 1, `this is nested more than ${maxDepth} levels deep`);
  }
  const directive = tokens.find((token) => token.type === "directive");
  if (directive) return failed(directive.offset, directive.source.length, noDirectives);
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, intAsBigInt: true });
  const [document, second] = composer.compose(tokens, true, text.length);
  if (second?.contents) {
    return failed(second.range[0], 3, "a config is one document: a second one begins here; remove the ---");
  }
  const problems = explainAll(text, document!, tokens);
  return { document: problems.length === 0 ? document as Document.Parsed : null, problems };
}

/** The first error of each line, up to a bracket or a quote that is never closed: the rest are their consequences. */
function explainAll(text: string, document: Document, tokens: readonly CST.Token[]): TextProblem[] {
  const byLine = new Map<number, TextProblem>();
  for (const error of [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    // What follows a document that ended too early: whatever ended it was said.
    if (byLine.size > 0 && /in YAML stream/.test(error.message)) continue;
    const isUnclosedQuote = /closing ['"]/.test(error.message);
    const isUnclosedBracket = error.code === "BAD_INDENT" && /Flow (map|sequence)/.test(error.message);
    const place = isUnclosedQuote
      ? lastQuoted(document)
      : isUnclosedBracket
      ? lastUnclosed(tokens, error.pos[0]) ?? error.pos
      : error.pos;
    const problem = explainSyntax(text, error, place);
    const line = text.lastIndexOf("\n", problem.offset - 1);
    if (!byLine.has(line)) byLine.set(line, problem);
    if (isUnclosedQuote || error.code === "BAD_INDENT") break;
  }
  return [...byLine.values()];
}

/** Where the text begins that ran to the end of the file for want of a quote. */
function lastQuoted(document: Document): readonly [number, number] {
  let start = 0;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE") start = range?.[0] ?? start;
    },
  });
  return [start, start + 1];
}

/** The innermost bracket before `offset` that has no end of its own. */
function lastUnclosed(
  tokens: readonly CST.Token[],
  offset: number,
): readonly [number, number] | undefined {
  let found: number | undefined;
  const open: CST.Token[] = [...tokens];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.type === "flow-collection" && next.start.offset < offset && !isClosed(next)) {
      found = Math.max(found ?? 0, next.start.offset);
    }
    if (next.type === "document" && next.value) open.push(next.value);
    if (!("items" in next)) continue;
    for (const { key, value } of next.items) open.push(...[key, value].filter((token) => !!token));
  }
  return found === undefined ? undefined : [found, found + 1];
}

function isClosed({ start, end }: CST.FlowCollection): boolean {
  const closing = start.type === "flow-map-start" ? "flow-map-end" : "flow-seq-end";
  return end.some(({ type }) => type === closing);
}

function failed(offset: number, length: number, message: string): ParsedYaml {
  return { document: null, problems: [{ offset, length, message }] };
}
