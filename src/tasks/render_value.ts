import type { Template, Vars } from "../model/expression.ts";
import { isValueMap, type Value } from "../model/json.ts";

/**
 * Compiles a value of a config whose texts, at any depth, may hold `${{ }}`. One whole `${{ }}` keeps its type.
 * What holds none is handed out as it is, not copied.
 *
 * @throws ExpressionError from the function it gives, when an expression fails on the values at hand.
 */
export function compileValue(value: Value, compile: (source: string) => Template): (vars: Vars) => Value {
  if (typeof value === "string") {
    if (!value.includes("${{")) return () => value;
    const template = compile(value);
    return (vars) => template.render(vars);
  }
  if (Array.isArray(value)) {
    const elements = value.map((element) => compileValue(element, compile));
    return (vars) => elements.map((render) => render(vars));
  }
  if (isValueMap(value)) {
    const members = Object.entries(value).map(([key, member]) =>
      [key, compileValue(member, compile)] as const
    );
    return (vars) => Object.fromEntries(members.map(([key, render]) => [key, render(vars)]));
  }
  return () => value;
}
