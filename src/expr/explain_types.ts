import { nearest } from "../model/near.ts";
import { functionTable } from "./cel_environment.ts";
import { readable } from "./cel_error.ts";
import { type CelNode, type CelType, childrenOf, operands, sourceOf } from "./cel_node.ts";

/** Why an operator does not fit its operands, and how to bring them together. */
export function explainOperator(node: CelNode): string {
  if (node.op === "!_" || node.op === "-_") {
    const operand = node.args as CelNode;
    return `${node.op[0]} does not work on ${sourceOf(operand)}, which is ${nameOf(operand.checkedType)}`;
  }
  const [left, right] = operands(node) as [CelNode, CelNode];
  const sides = `${sourceOf(left)} is ${nameOf(left.checkedType)} and ${sourceOf(right)} is ${
    nameOf(right.checkedType)
  }`;
  const remedy = remedyOf(node.op, left, right);
  return `${sides}: ${VERDICTS[node.op] ?? `${node.op} does not work on these`}${
    remedy === null ? "" : `; write ${remedy}`
  }`;
}

const VERDICTS: { readonly [op: string]: string } = {
  "==": "they can never be equal",
  "!=": "they can never be equal",
  in: "the one can never be in the other",
};

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

/** Why a call fits no function, and which there are. */
export function explainCall(node: CelNode): string {
  const isMethod = node.op === "rcall";
  const [name] = node.args as [string];
  const table = functionTable();
  const known = table.filter((entry) => entry.name === name);
  const fitting = known.filter((entry) => entry.isMethod === isMethod);
  if (fitting.length > 0) {
    const args = childrenOf(node).map((arg) => arg.checkedType);
    // Those that begin like the call are meant, when there are any.
    const first = readable(args[0]?.name ?? "");
    const signatures = fitting.map((entry) => readable(entry.signature));
    const near = signatures.filter((signature) => first !== "" && signature.includes(`(${first}`));
    const forms = (near.length > 0 ? near : signatures).join(", or ");
    return `${name}() does not work on ${args.map(nameOf).join(", ") || "nothing"}; it is ${forms}`;
  }
  if (known.length > 0) {
    const other = readable(known[0]!.signature);
    return isMethod ? `${name} is a function, not a method: ${other}` : `${name} is a method: ${other}`;
  }
  if (/^(now|today|currentTime|time)$/i.test(name)) {
    return `unknown function ${name}(); the time at which the run started is run.startedAt`;
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

/** Why there are no fields to read. */
export function explainAccess(node: CelNode): string {
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
