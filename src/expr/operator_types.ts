import type { CelType } from "./cel_node.ts";

/** CEL's name for the type of `left op right`; null when it can never work, or the two can never be equal. */
export function typeOfOperation(op: string, left: CelType, right: CelType): string | null {
  switch (op) {
    case "==":
    case "!=":
      return canBeEqual(left, right) ? "bool" : null;
    case "in":
      return canContain(right, left) ? "bool" : null;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return canBeOrdered(left, right) ? "bool" : null;
    default:
      return typeOfArithmetic(op, left, right);
  }
}

/** Whether two types have a value in common. */
function canBeEqual(a: CelType, b: CelType): boolean {
  if (isAny(a) || isAny(b) || (isNumeric(a) && isNumeric(b))) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind !== "list" && a.kind !== "map" && a.kind !== "optional") return a.name === b.name;
  const sameKeys = a.kind !== "map" || canBeEqual(a.keyType!, b.keyType!);
  return sameKeys && canBeEqual(a.valueType!, b.valueType!);
}

function canContain(whole: CelType, part: CelType): boolean {
  if (whole.kind === "list") return canBeEqual(whole.valueType!, part);
  if (whole.kind === "map") return canBeEqual(whole.keyType!, part);
  return whole.kind === "dyn";
}

function canBeOrdered(a: CelType, b: CelType): boolean {
  const isOrdered = (type: CelType) => isAny(type) || isNumeric(type) || ORDERED.has(type.name);
  return isOrdered(a) && isOrdered(b) && canBeEqual(a, b);
}

const TIME = "google.protobuf.Timestamp";
const SPAN = "google.protobuf.Duration";
const ORDERED: ReadonlySet<string> = new Set(["string", "bool", TIME, SPAN]);

/** What is added up or taken away, beside numbers. A missing pair is an error. */
const SUMS: { readonly [written: string]: string } = {
  "string + string": "string",
  "bytes + bytes": "bytes",
  [`${TIME} + ${SPAN}`]: TIME,
  [`${SPAN} + ${TIME}`]: TIME,
  [`${SPAN} + ${SPAN}`]: SPAN,
  [`${TIME} - ${TIME}`]: SPAN,
  [`${TIME} - ${SPAN}`]: TIME,
  [`${SPAN} - ${SPAN}`]: SPAN,
};

function typeOfArithmetic(op: string, left: CelType, right: CelType): string | null {
  if (isAny(left) || isAny(right)) return typeWithAny(op, isAny(left) ? right : left);
  if (isNumeric(left) && isNumeric(right)) {
    const isWhole = left.name === "int" && right.name === "int";
    if (op === "%") return isWhole ? "int" : null;
    return isWhole ? "int" : "double";
  }
  if (op === "+" && left.kind === "list" && right.kind === "list") {
    return left.name === right.name ? left.name : "list<dyn>";
  }
  return SUMS[`${left.name} ${op} ${right.name}`] ?? null;
}

/** One operand is known when evaluated only; the other one has to be something that `op` works on. */
function typeWithAny(op: string, other: CelType): string | null {
  if (isAny(other) || isNumeric(other)) return "dyn";
  if (op === "+" && other.kind === "list") return "list<dyn>";
  if (op === "+" && other.name === "string") return "string";
  return Object.keys(SUMS).some((sum) => sum.includes(op) && sum.includes(other.name)) ? "dyn" : null;
}

function isAny(type: CelType): boolean {
  return type.kind === "dyn" || type.kind === "param";
}

function isNumeric(type: CelType): boolean {
  return type.name === "int" || type.name === "double";
}
