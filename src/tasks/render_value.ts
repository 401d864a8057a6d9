import type { Template, Vars } from "../model/expression.ts";
import { isValueMap, type Value } from "../model/json.ts";

/**
 * Compiles a value of a config whose texts, at any depth, may hold `${{ }}`. One whole `${{ }}` keeps its type.
 * What holds none is handed out as it is: the same object every time.
 *
 * @throws ExpressionError from the function it gives, when an expression fails on the values at hand.
 */
export function compileValue(value: Value, compile: (source: string) => Template): (vars: Vars) => Value {
  return compileTemplated(value, compile) ?? (() => value);
}

/** Undefined for a value without templates. */
function compileTemplated(
  value: Value,
  compile: (source: string) => Template,
): ((vars: Vars) => Value) | undefined {
  if (typeof value === "string") {
    if (!value.includes("${{")) return undefined;
    const template = compile(value);
    return (vars) => template.render(vars);
  }
  if (Array.isArray(value)) {
    const elements = value.map((element) => compileTemplated(element, compile) ?? element as Value);
    if (!elements.some(isCompiled)) return undefined;
    return (vars) => elements.map((element) => isCompiled(element) ? element(vars) : element);
  }
  if (isValueMap(value)) {
    const keys = Object.keys(value);
    const members = keys.map((key) => compileTemplated(value[key]!, compile) ?? value[key]!);
    if (!members.some(isCompiled)) return undefined;
    return (vars) =>
      Object.fromEntries(
        members.map((member, index) => [keys[index]!, isCompiled(member) ? member(vars) : member]),
      );
  }
}

function isCompiled(member: unknown): member is (vars: Vars) => Value {
  return typeof member === "function";
}
