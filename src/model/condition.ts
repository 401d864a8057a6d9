import { type Expression, ExpressionError, type Vars } from "./expression.ts";
import type { Value } from "./json.ts";

/** An expression that says yes or no. */
export interface Condition {
  readonly source: string;
  readonly names: ReadonlySet<string>;
  /** @throws ExpressionError when it cannot be evaluated, or gives neither true nor false */
  holds(vars: Vars): boolean;
}

/** Takes an expression for a condition. What is neither true nor false is an error: no data is taken for a yes or a no. */
export function conditionOf(expression: Expression): Condition {
  const { source, names } = expression;
  return {
    source,
    names,
    holds(vars) {
      const value = expression.evaluate(vars);
      if (typeof value === "boolean") return value;
      throw new ExpressionError(
        `cannot evaluate \`${source}\`: it gives ${described(value)}, and a condition gives true or false: ` +
          "compare it with something",
      );
    },
  };
}

/** Texts are not shown: they may be long, or secret. */
function described(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Uint8Array) return "bytes";
  return typeof value === "object" ? "a map" : `the number ${value}`;
}
