import { Duration } from "@marcbachmann/cel-js/evaluator";
import { type CelChecker, type CelNode, type CelType, operands } from "./cel_node.ts";
import { makeDuration, nanosOf } from "./durations.ts";
import { areEqual, isMember } from "./equality.ts";
import { charge, Trouble } from "./evaluation.ts";
import { typeOfOperation } from "./operator_types.ts";
import { makeTimestamp } from "./timestamps.ts";

// The binary operators are ours and not the library's: integers and doubles mix, lists of different types join,
// negative durations add up, comparing costs steps, and no operator picks its meaning by a list's first element.

/** What the operators do with evaluated operands. */
const APPLY: { readonly [operator: string]: (left: unknown, right: unknown) => unknown } = {
  "==": areEqual,
  "!=": (left, right) => !areEqual(left, right),
  in: (left, right) => {
    if (Array.isArray(right) || right instanceof Map) return isMember(left, right);
    throw cannot("in", left, right);
  },
  "+": add,
  "-": subtract,
  "*": (left, right) => compute("*", left, right),
  "/": (left, right) => compute("/", left, right),
  "%": (left, right) => compute("%", left, right),
  "<": (left, right) => compare("<", left, right) < 0,
  "<=": (left, right) => compare("<=", left, right) <= 0,
  ">": (left, right) => compare(">", left, right) > 0,
  ">=": (left, right) => compare(">=", left, right) >= 0,
};

/** True for an operator that {@link takeOver} knows. */
export function isBinaryOperator(op: string): boolean {
  return Object.hasOwn(APPLY, op);
}

/** Gives a node of a binary operator our types and our meaning. */
export function takeOver(node: CelNode): void {
  node.setMeta("check", checkBinary).setMeta("async", false);
}

function checkBinary(checker: CelChecker, node: CelNode, context: unknown): CelType {
  const [left, right] = operands(node) as [CelNode, CelNode];
  node.left = left;
  node.right = right;
  const leftType = checker.check(left, context);
  const rightType = checker.check(right, context);
  const type = typeOfOperation(node.op, leftType, rightType);
  if (type === null) throw checker.createError("no_such_overload", `no such overload: ${node.op}`, node);
  node.handle = APPLY[node.op]!;
  return checker.getType(type);
}

function add(left: unknown, right: unknown): unknown {
  if (typeof left === "string" && typeof right === "string") {
    charge((left.length + right.length) / 128);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    charge((left.length + right.length) / 4);
    return [...left, ...right];
  }
  if (left instanceof Duration) {
    if (right instanceof Duration) return makeDuration(nanosOf(left) + nanosOf(right));
    if (right instanceof Date) return shift(right, nanosOf(left));
  }
  if (left instanceof Date && right instanceof Duration) return shift(left, nanosOf(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return joinBytes(left, right);
  return compute("+", left, right);
}

function subtract(left: unknown, right: unknown): unknown {
  if (left instanceof Date) {
    if (right instanceof Date) return makeDuration(BigInt(left.getTime() - right.getTime()) * 1_000_000n);
    if (right instanceof Duration) return shift(left, -nanosOf(right));
  }
  if (left instanceof Duration && right instanceof Duration) {
    return makeDuration(nanosOf(left) - nanosOf(right));
  }
  return compute("-", left, right);
}

/** Times are kept to the millisecond; what is finer is dropped towards the past. */
function shift(time: Date, nanos: bigint): Date {
  const ms = nanos >= 0n ? nanos / 1_000_000n : (nanos - 999_999n) / 1_000_000n;
  return makeTimestamp(time.getTime() + Number(ms));
}

function joinBytes(left: Uint8Array, right: Uint8Array): Uint8Array {
  charge((left.length + right.length) / 128);
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}

/** Whole numbers stay whole, also when divided; one double makes the other a double. */
function compute(op: string, left: unknown, right: unknown): number | bigint {
  if (typeof left === "bigint" && typeof right === "bigint") return computeWhole(op, left, right);
  const isMixed = (typeof left === "bigint" || typeof left === "number") &&
    (typeof right === "bigint" || typeof right === "number");
  if (!isMixed || op === "%") throw cannot(op, left, right);
  return computeDouble(op, Number(left), Number(right));
}

function computeWhole(op: string, left: bigint, right: bigint): bigint {
  if (right === 0n && (op === "/" || op === "%")) throw new Trouble(`${op} by zero`);
  switch (op) {
    case "+":
      return checkWhole(left + right);
    case "-":
      return checkWhole(left - right);
    case "*":
      return checkWhole(left * right);
    case "/":
      return checkWhole(left / right);
    default:
      return left % right;
  }
}

function computeDouble(op: string, left: number, right: number): number {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    default:
      return left / right;
  }
}

/** @throws Trouble when `whole` does not fit into 64 bits */
export function checkWhole(whole: bigint): bigint {
  if (BigInt.asIntN(64, whole) === whole) return whole;
  throw new Trouble("the whole number does not fit into 64 bits");
}

function compare(op: string, left: unknown, right: unknown): number {
  const isNumber = (value: unknown) => typeof value === "bigint" || typeof value === "number";
  const isSame = typeof left === typeof right && (typeof left === "string" || typeof left === "boolean");
  if (isSame || (isNumber(left) && isNumber(right))) return order(left as string, right as string);
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  if (left instanceof Duration && right instanceof Duration) return order(nanosOf(left), nanosOf(right));
  throw cannot(op, left, right);
}

/** NaN where one of two numbers is NaN: every comparison with it is false. */
function order(left: string | bigint, right: string | bigint): number {
  return left < right ? -1 : left > right ? 1 : left == right ? 0 : NaN;
}

function cannot(op: string, left: unknown, right: unknown): Trouble {
  const advice = typeof left === "string" || typeof right === "string"
    ? "; convert one of them, with int(…), double(…) or string(…)"
    : "";
  return new Trouble(`${op} does not work on ${describe(left)} and ${describe(right)}${advice}`);
}

/** What kind of value it is, in a reader's words; never the value. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return "a text";
  if (typeof value === "bigint") return "a whole number";
  if (typeof value === "number") return "a number";
  if (typeof value === "boolean") return "a boolean";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a map";
  if (value instanceof Date) return "a timestamp";
  if (value instanceof Duration) return "a duration";
  if (value instanceof Uint8Array) return "bytes";
  return "something else";
}
