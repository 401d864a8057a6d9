import { Optional } from "@marcbachmann/cel-js";
import type { CelEvaluator, CelNode, Comprehension } from "./cel_node.ts";
import { charge, Trouble } from "./evaluation.ts";
import { checkWhole, describe, isBinaryOperator, takeOver } from "./operators.ts";
import { CHARACTERS_PER_STEP } from "./text_functions.ts";

/** Puts our own types and meanings in place of the library's. Comes before the type check. */
export function amendBeforeCheck(nodes: readonly CelNode[]): void {
  for (const node of nodes) {
    if (isBinaryOperator(node.op)) takeOver(node);
    else if (node.op === "?:") letBranchesDiffer(node);
  }
}

/** Puts what the type check chose behind our step limit. Comes after it, and before the first evaluation. */
export function amendAfterCheck(nodes: readonly CelNode[]): void {
  for (const node of nodes) {
    switch (node.op) {
      case "call":
      case "rcall":
        if (node.handle !== undefined) meterCall(node);
        break;
      case "comprehension":
        meterComprehension(node);
        break;
      case "map":
        node.setMeta("evaluate", evaluateMap);
        break;
      case "-_":
        node.handle = negate;
        break;
      case "!_":
        node.handle = invert;
        break;
      case "[?]":
        lookBeforeIndexing(node);
    }
  }
}

/** The library wants one type of both branches; `ok ? item : null` has two. */
function letBranchesDiffer(node: CelNode): void {
  const { check } = node.meta;
  node.setMeta("check", (...args: Parameters<typeof check>) => {
    try {
      return check(...args);
    } catch (error) {
      // Everything else that can be wrong was looked at before the types of the branches were compared.
      if ((error as { code?: unknown }).code === "incompatible_ternary_branches") {
        return args[0].getType("dyn");
      }
      throw error;
    }
  });
}

function meterCall(node: CelNode): void {
  const call = node.handle!;
  node.handle = (args, second, third) => {
    let steps = 1;
    for (const arg of args as readonly unknown[]) {
      if (typeof arg === "string") steps += arg.length / 1024;
    }
    charge(steps);
    const result = call(args, second, third);
    if (typeof result === "string") charge(result.length / CHARACTERS_PER_STEP);
    return result;
  };
}

function meterComprehension(node: CelNode): void {
  const stepsPerElement = Math.max(1, countNodes((node.args as Comprehension).step) / 8);
  const iterate = node.handle!;
  node.handle = (items, ...rest) => {
    if (Array.isArray(items)) charge(items.length * stepsPerElement);
    else if (items instanceof Map) charge(items.size * stepsPerElement);
    return iterate(items, ...rest);
  };
}

/** Beyond a list's end the library makes an error first, and the empty optional of it: a hundred times the work. */
function lookBeforeIndexing(node: CelNode): void {
  const access = node.handle!;
  node.handle = (whole, index, ...rest) => {
    const list = whole instanceof Optional ? whole.orValue(undefined) : whole;
    if (Array.isArray(list) && typeof index === "bigint" && !(index >= 0n && index < list.length)) {
      return Optional.none();
    }
    return access(whole, index, ...rest);
  };
}

function countNodes(node: unknown): number {
  if (Array.isArray(node)) return node.reduce((count: number, child) => count + countNodes(child), 0);
  if (typeof node !== "object" || node === null || !("op" in node)) return 0;
  return 1 + countNodes((node as CelNode).args);
}

/** A `Map`, where the library makes an object: that has no whole numbers for keys, and drops `constructor`. */
function evaluateMap(evaluator: CelEvaluator, node: CelNode, context: unknown): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (const [key, value] of node.args as readonly [CelNode, CelNode][]) {
    const name = evaluator.run(key, context);
    if (typeof name !== "string" && typeof name !== "bigint" && typeof name !== "boolean") {
      throw new Trouble("a key of a map is a text, a whole number or a boolean");
    }
    map.set(name, evaluator.run(value, context));
  }
  return map;
}

function negate(value: unknown): number | bigint {
  if (typeof value === "bigint") return checkWhole(-value);
  if (typeof value === "number") return -value;
  throw new Trouble(`- does not work on ${describe(value)}`);
}

function invert(value: unknown): boolean {
  if (typeof value === "boolean") return !value;
  throw new Trouble(`! does not work on ${describe(value)}`);
}
