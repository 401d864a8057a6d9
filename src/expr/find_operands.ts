import { celEnvironment } from "./cel_environment.ts";
import { type CelNode, childrenOf, operands, sourceOf } from "./cel_node.ts";

const comparisons = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);

/**
 * The parts of a condition whose values say why it does not hold, as they were written: both sides of its comparisons,
 * and what its functions look at. Literals tell nothing new, and neither does a variable of a macro.
 */
export function findOperands(source: string): readonly string[] {
  const found = new Set<string>();
  visit(celEnvironment().parse(source).ast as unknown as CelNode, found);
  return [...found];
}

function visit(node: CelNode, found: Set<string>): void {
  if (comparisons.has(node.op)) return operands(node).forEach((side) => note(side, found));
  switch (node.op) {
    case "&&":
    case "||":
    case "!_":
      return childrenOf(node).forEach((child) => visit(child, found));
    case "rcall":
    case "call": {
      const [receiver, ...rest] = childrenOf(node);
      if (receiver !== undefined) note(receiver, found);
      // What stands between the brackets of a macro is evaluated for each element.
      if (node.meta.alternate === undefined) rest.forEach((argument) => note(argument, found));
    }
  }
}

function note(node: CelNode, found: Set<string>): void {
  if (readsAnything(node)) found.add(sourceOf(node));
}

function readsAnything(node: CelNode): boolean {
  return node.op === "id" || childrenOf(node).some(readsAnything);
}
