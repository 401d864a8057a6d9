import type { ExpressionProblem } from "../model/expression.ts";
import { nearest } from "../model/near.ts";
import { functionTable } from "./cel_environment.ts";
import { type CelNode, type CelType, operands, sourceOf } from "./cel_node.ts";

/** An error of the library's parser or type checker. */
export interface CelError extends Error {
  readonly code: string;
  /** The message without the source line. */
  readonly summary: string;
  readonly node?: CelNode;
  readonly range?: { readonly start: number; readonly end: number };
}

/** True for an error of the library, of whichever class. */
export function isCelError(error: unknown): error is CelError {
  return error instanceof Error && "summary" in error && "code" in error;
}

/** What is wrong with an expression, in words that say what to write instead. */
export function explainProblem(error: unknown, source: string): ExpressionProblem {
  if (!isCelError(error)) {
    // The parser and the checker recurse; only their stack can overflow.
    return { offset: 0, length: Math.max(1, source.length), message: "the expression is nested too deeply" };
  }
  const start = Math.min(error.range?.start ?? 0, source.length);
  const end = Math.min(error.range?.end ?? source.length, source.length);
  return { offset: start, length: Math.max(1, end - start), message: explain(error, source) };
}

function explain(error: CelError, source: string): string {
  const { node } = error;
  switch (error.code) {
    case "unexpected_token":
    case "expected_token":
    case "unexpected_character":
      return explainSyntax(error, source);
    case "reserved_identifier":
      return `${error.summary.replace("Reserved identifier: ", "")} is a reserved word`;
    case "newline_in_string":
    case "unterminated_string":
    case "unterminated_triple_quoted_string":
      return "the text that begins here is not closed";
    case "limit_exceeded":
      return `the expression is too large: ${error.summary.replace("Exceeded ", "more than the limit of ")}`;
    case "no_such_overload":
      return node === undefined ? error.summary : explainOperator(node);
    case "no_matching_overload":
      return node === undefined ? error.summary : explainCall(node);
    case "cannot_index_type":
      return node === undefined ? error.summary : explainAccess(node);
    case "incompatible_argument_type":
      return "the value given by orValue() has another type than the one it stands in for";
    case "invalid_macro_argument":
      return `${error.summary}: has() asks for a field, as in has(json.name); list macros name their variable first, as in list.map(x, x.id)`;
    default:
      return readable(error.summary);
  }
}

const TOKENS: { readonly [token: string]: string } = {
  EOF: "the expression ends too early",
  ...Object.fromEntries(
    Object.entries({
      RPAREN: ")",
      LPAREN: "(",
      RBRACKET: "]",
      LBRACKET: "[",
      RBRACE: "}",
      LBRACE: "{",
      DOT: ".",
      COMMA: ",",
      COLON: ":",
      QUESTION: "?",
      IN: "in",
      EQ: "==",
      NE: "!=",
    }).map(([token, text]) => [token, `"${text}" cannot stand here`]),
  ),
};

const INSTEAD: { readonly [word: string]: string } = {
  and: "&&",
  or: "||",
  not: "!",
  "=": "==",
  "&": "&&",
  "|": "||",
  is: "==",
};

function explainSyntax({ code, summary, range }: CelError, source: string): string {
  const start = range?.start ?? 0;
  const word = /^(?:\w+|[^\w\s])/.exec(source.slice(start))?.[0] ?? "";
  if (Object.hasOwn(INSTEAD, word)) return `write ${INSTEAD[word]} instead of ${word}`;
  const expected = /^Expected (\w+)/.exec(summary)?.[1];
  const got = /(?:got|token:) (\w+)$/.exec(summary)?.[1] ?? "";
  if (expected === "IDENTIFIER" && /^\w/.test(word)) {
    return `"${word}" cannot be read with a dot; write ["${word}"]`;
  }
  const missing = (TOKENS[expected ?? ""] ?? "").replace(" cannot stand here", " is missing");
  if (code === "expected_token" && missing !== "" && expected !== "EOF") return missing;
  return TOKENS[got] ?? (word === "" ? TOKENS.EOF! : `${JSON.stringify(word)} cannot stand here`);
}

function explainOperator(node: CelNode): string {
  if (node.op === "!_" || node.op === "-_") {
    const operand = node.args as CelNode;
    return `${node.op[0]} does not work on ${sourceOf(operand)}, which is ${nameOf(operand.checkedType)}`;
  }
  const [left, right] = operands(node) as [CelNode, CelNode];
  const sides = `${sourceOf(left)} is ${nameOf(left.checkedType)} and ${sourceOf(right)} is ${
    nameOf(right.checkedType)
  }`;
  const remedy = remedyOf(node.op, left, right);
  const verdict = node.op === "==" || node.op === "!="
    ? "they can never be equal"
    : node.op === "in"
    ? "the one can never be in the other"
    : `${node.op} does not work on these`;
  return `${sides}: ${verdict}${remedy === null ? "" : `; write ${remedy}`}`;
}

/** How a text and a number, or a text and a boolean, are brought together. */
function remedyOf(op: string, left: CelNode, right: CelNode): string | null {
  if (op === "in" && right.checkedType?.name === "string") {
    return `${sourceOf(right)}.contains(${sourceOf(left)})`;
  }
  const [leftType, rightType] = [left.checkedType?.name, right.checkedType?.name];
  if (leftType === "string" && CONVERSIONS.has(rightType ?? "")) {
    return bring(left, right, rightType!, (text, other) => `${text} ${op} ${other}`);
  }
  if (rightType === "string" && CONVERSIONS.has(leftType ?? "")) {
    return bring(right, left, leftType!, (text, other) => `${other} ${op} ${text}`);
  }
  return null;
}

const CONVERSIONS = new Set(["int", "double", "bool"]);

function bring(
  text: CelNode,
  other: CelNode,
  type: string,
  write: (text: string, other: string) => string,
): string {
  const literal = text.op === "value" ? String(text.args) : null;
  // `status == "200"`: the quotes are too many.
  if (literal !== null && (/^-?\d+(\.\d+)?$/.test(literal) || literal === "true" || literal === "false")) {
    return write(literal, sourceOf(other));
  }
  const asText = other.op === "value" ? `"${sourceOf(other)}"` : `string(${sourceOf(other)})`;
  const quoted = write(sourceOf(text), asText);
  if (literal !== null || type === "bool") return quoted;
  return `${
    write(`${type}(${sourceOf(text)})`, sourceOf(other))
  } to compare or compute with numbers, or ${quoted} for texts`;
}

function explainCall(node: CelNode): string {
  const isMethod = node.op === "rcall";
  const [name] = node.args as [string];
  const table = functionTable();
  const known = table.filter((entry) => entry.name === name);
  const fitting = known.filter((entry) => entry.isMethod === isMethod);
  if (fitting.length > 0) {
    const given =
      (isMethod ? [operands(node)[1]!, ...(node.args as [string, CelNode, CelNode[]])[2]] : (node.args as [
        string,
        CelNode[],
      ])[1]).map((arg) => nameOf(arg.checkedType));
    const forms = fitting.map((entry) => readable(entry.signature)).join(", or ");
    return `${name}() does not work on ${given.join(", ") || "nothing"}; it is ${forms}`;
  }
  if (known.length > 0) {
    const other = readable(known[0]!.signature);
    return isMethod ? `${name} is a function, not a method: ${other}` : `${name} is a method: ${other}`;
  }
  const names = [...new Set(table.map((entry) => entry.name))];
  const near = nearest(name, [...names, ...Object.keys(ELSEWHERE)]) ?? "";
  const meant = ELSEWHERE[near] ?? near;
  const hint = meant === "" ? ` (known: ${names.sort().join(", ")})` : `; did you mean ${meant}()?`;
  return `unknown function ${name}()${hint}`;
}

/** What other languages call what CEL has. */
const ELSEWHERE: { readonly [name: string]: string } = {
  length: "size",
  len: "size",
  count: "size",
  includes: "contains",
  toLowerCase: "lowerAscii",
  lower: "lowerAscii",
  toUpperCase: "upperAscii",
  upper: "upperAscii",
  strip: "trim",
  substr: "substring",
  any: "exists",
  some: "exists",
  every: "all",
  unique: "distinct",
  float: "double",
  str: "string",
};

function explainAccess(node: CelNode): string {
  const left = operands(node)[0]!;
  return `${sourceOf(left)} is ${nameOf(left.checkedType)} and has no fields`;
}

const TYPE_NAMES: { readonly [type: string]: string } = {
  string: "text",
  int: "a whole number",
  double: "a number",
  bool: "a boolean",
  "null": "null",
  dyn: "of a type known when it runs only",
  "google.protobuf.Timestamp": "a timestamp",
  "google.protobuf.Duration": "a duration",
};

function nameOf(type: CelType | undefined): string {
  if (type === undefined) return "unknown";
  if (type.kind === "list") return "a list";
  if (type.kind === "map") return "a map";
  if (type.kind === "optional") return "an optional (end it with .orValue(…))";
  return TYPE_NAMES[type.name] ?? type.name;
}

/** The library's types as one writes them. */
export function readable(text: string): string {
  return text.replace(
    /google\.protobuf\.(\w)(\w+)/g,
    (_, first: string, rest: string) => first.toLowerCase() + rest,
  )
    .replaceAll("list<dyn>", "list").replaceAll("map<dyn, dyn>", "map");
}
