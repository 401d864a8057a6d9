import type { YAMLParseError } from "yaml";
import { lineAt, quotedAt, quotedTemplates } from "./quoted_line.ts";
import type { TextProblem } from "./decode_text.ts";

const noColon = 'expected "key: value" here; the ": " is missing';
/** What is wrong with `%YAML 1.1`, which would change what `yes` and `010` mean. */
export const noDirectives = "a line that begins with % is a directive, which a config has none of";

/** Says what a YAML syntax error means to someone who did not think of YAML, with the line as it should be. */
export function explainSyntax(
  text: string,
  error: YAMLParseError,
  [start, end]: readonly [number, number],
): TextProblem {
  const { line, offset } = lineAt(text, start);
  const column = start - offset;
  const message = messageOf(error, { line, column, before: text.slice(0, offset) }, quotedAt(text, start));
  const length = Math.min(end - start, Math.max(1, line.length - column));
  return { offset: start, length: Math.max(1, length), message };
}

/** A line, the place in it, and the text that stands before it. */
interface PlaceInText {
  readonly line: string;
  readonly column: number;
  readonly before: string;
}

function messageOf(
  error: YAMLParseError,
  { line, column, before }: PlaceInText,
  quoted: string | undefined,
): string {
  const inQuotes = quoted === undefined ? "" : `; write it in quotes: ${quoted}`;
  if (/[[{,]\s*[^"',]*\$\{\{/.test(line) && isFlowError(error)) {
    return `inside { } and [ ] an expression must stand in quotes: ${quotedTemplates(line)}`;
  }
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "indent with spaces: YAML takes no tabs";
    case "BAD_SCALAR_START":
      return `a text without quotes cannot begin with ${line[column]}${inQuotes}`;
    case "BLOCK_AS_IMPLICIT_KEY":
      if (/:\s/.test(line.slice(column))) return `a text with ": " in it is taken for a map${inQuotes}`;
      if (/^\s*-\s/.test(line)) return indentMessage(before, line);
      return "the next line is indented deeper, but this key has a value already";
    case "BAD_DQ_ESCAPE":
      return `${error.message.replace(/^Invalid escape sequence /, "")} is no escape in a "text": ` +
        "write the backslash twice, or put the text in single quotes";
    case "MISSING_CHAR":
      if (/closing ['"]/.test(error.message)) return "the quote of this text is never closed";
      if (/followed by map values/.test(error.message)) return noColon;
      if (/between flow/.test(error.message)) {
        return "inside { } and [ ] a text with commas or quotes in it must stand in quotes as a whole";
      }
      if (/directives-end/.test(error.message)) return noDirectives;
      break;
    case "MULTILINE_IMPLICIT_KEY":
      return noColon;
    case "UNEXPECTED_TOKEN":
      if (/Block scalar header|Not a YAML token/.test(error.message)) {
        const sign = /[>|](?=[^>|]*$)/.exec(line.slice(0, column))?.[0] ?? ">";
        return `a value that begins with ${sign} is a block of text${inQuotes}`;
      }
      if (/flow-(map|seq)-end token in YAML stream/.test(error.message)) {
        return `this ${line[column]} closes nothing: leave it out`;
      }
      if (/at node end/.test(error.message)) return `the value ended before this${inQuotes}`;
      if (/block-seq-ind/.test(error.message)) {
        return 'a list begins on a line of its own: put "- " under the key';
      }
      break;
    case "BAD_DIRECTIVE":
      return noDirectives;
    case "BAD_INDENT":
      if (!/Flow (map|sequence)/.test(error.message)) return indentMessage(before, line);
      return `this ${line[column]} is never closed${
        / #/.test(line.slice(column)) ? '; a " #" begins a comment, also in here: put the text in quotes' : ""
      }`;
  }
  return `this is not YAML: ${error.message}`;
}

/** A line that stands under nothing: deeper than one that has its value, or between two depths. */
function indentMessage(before: string, line: string): string {
  const depth = depthOf(line);
  const open: number[] = [];
  for (const above of before.split("\n").filter((each) => /^\s*[^\s#]/.test(each))) {
    while (open.length > 0 && open.at(-1)! >= depthOf(above)) open.pop();
    open.push(depthOf(above));
  }
  const deepest = open.at(-1) ?? 0;
  const fitting = depth > deepest
    ? [deepest]
    : [open.findLast((each) => each < depth), open.find((each) => each > depth)].filter((each) =>
      each !== undefined
    );
  return `this line is indented by ${depth}, which is no depth of the lines above: ` +
    `indent it by ${fitting.join(" or ")}, as what it stands beside`;
}

function depthOf(line: string): number {
  return /^ */.exec(line)![0].length;
}

function isFlowError(error: YAMLParseError): boolean {
  return error.code === "UNEXPECTED_TOKEN" || error.code === "MISSING_CHAR" || error.code === "BAD_INDENT";
}
