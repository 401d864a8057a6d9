import { type Expression, ExpressionError, type Vars } from "./expression.ts";
import type { Value } from "./json.ts";
import { shownValue } from "./shown_value.ts";

/** An expression that says yes or no. */
export interface Condition {
  readonly source: string;
  readonly names: ReadonlySet<string>;
  /** @throws ExpressionError when it cannot be evaluated, or gives neither true nor false */
  holds(vars: Vars): boolean;
  /**
   * What it found instead, for the message about one that does not hold: `json.id is 3 and item.id is "3"`. Empty when
   * nothing tells. `mask` is given whole texts, before they are cut.
   */
  found(vars: Vars, mask: (text: string) => string): string;
}

/** More values than this are no explanation. */
const mostShown = 4;

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
    found(vars, mask) {
      const shown = expression.operands().slice(0, mostShown).flatMap((operand) => {
        const value = valueOf(operand, vars);
        return value === undefined ? [] : [`${operand.source} is ${shownValue(value, mask)}`];
      });
      return shown.join(" and ");
    },
  };
}

/** Undefined where there is none: a part that was never evaluated, since another one had decided, may not work. */
function valueOf(operand: Expression, vars: Vars): Value | undefined {
  try {
    return operand.evaluate(vars);
  } catch {
    return undefined;
  }
}

/** Texts are not shown: they may be long, or secret. */
function described(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Uint8Array) return "bytes";
  return typeof value === "object" ? "a map" : `the number ${value}`;
}
