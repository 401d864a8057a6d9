import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import { compileTemplate } from "../expr/compile_template.ts";
import { ExpressionError, type Scope, type TypeSpec, type Vars } from "../model/expression.ts";
import type { Value } from "../model/json.ts";
import { isTemplated, readTemplated } from "../schema/templated.ts";
import { isMap } from "../schema/word.ts";

/** What a config leaves to the plan, evaluated. Gives undefined after the problem was reported at its place. */
export interface Evaluator {
  /** Renders every text with `${{ }}` in a value. */
  render(value: unknown, path: ConfigPath): Value | undefined;
  /** The names that the texts with `${{ }}` in a value read: `params.day`. None of a text that does not compile. */
  names(value: unknown): readonly string[];
  /** Evaluates every number, limit and switch that was written as a `${{ }}`; other texts stay as they are. */
  settle(value: unknown, path: ConfigPath): unknown;
}

/** An evaluator over these values. Their types were checked at load: here they are what they are. */
export function makeEvaluator(vars: Vars, report: ReportProblem): Evaluator {
  const scope = scopeOf(vars);

  const renderText = (source: string, path: ConfigPath): Value | undefined => {
    if (!source.includes("${{")) return source;
    const compiled = compileTemplate(source, scope);
    if (!compiled.ok) {
      for (const { message, offset, length } of compiled.problems) report(path, message, { offset, length });
      return undefined;
    }
    try {
      return compiled.value.render(vars);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      report(path, error.message);
      return undefined;
    }
  };

  const render = (value: unknown, path: ConfigPath): Value | undefined => {
    if (typeof value === "string") return renderText(value, path);
    return mapValues(value, path, render) as Value | undefined;
  };

  const settle = (value: unknown, path: ConfigPath): unknown => {
    if (!isTemplated(value)) return mapValues(value, path, settle);
    const rendered = renderText(value.template, path);
    if (rendered === undefined) return undefined;
    const read = readTemplated(value, rendered);
    if ("ok" in read) return read.ok;
    report(path, `${value.template} gives ${shown(rendered)}: ${read.wrong}`);
    return undefined;
  };

  const names = (value: unknown): readonly string[] => {
    if (typeof value !== "string") return elementsOf(value).flatMap(names);
    const compiled = value.includes("${{") ? compileTemplate(value, scope) : undefined;
    return compiled?.ok ? [...compiled.value.names] : [];
  };

  return { render, names, settle };
}

/** The names of `params` and `run` are known, so that an expression tells which of them it reads. */
function scopeOf(vars: Vars): Scope {
  const dyn = (value: unknown): [string, TypeSpec][] =>
    Object.keys(value as object).map((name) => [name, "dyn"]);
  const scope = Object.entries(vars).map(([name, value]): [string, TypeSpec] => [
    name,
    isMap(value) ? { fields: Object.fromEntries(dyn(value)) } : "dyn",
  ]);
  return Object.fromEntries(scope);
}

/** Applies `change` to the elements of a list or map; undefined when it gives undefined for one of them. */
function mapValues(
  value: unknown,
  path: ConfigPath,
  change: (value: unknown, path: ConfigPath) => unknown,
): unknown {
  if (Array.isArray(value)) {
    const changed = value.map((element, index) => change(element, [...path, index]));
    return changed.includes(undefined) ? undefined : changed;
  }
  if (!isMap(value)) return value;
  const present = Object.entries(value).filter(([, element]) => element !== undefined);
  const changed = present.map(([key, element]) => [key, change(element, [...path, key])] as const);
  return changed.some(([, element]) => element === undefined) ? undefined : Object.fromEntries(changed);
}

function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : isMap(value) ? Object.values(value) : [];
}

/** A short value as it is, anything else by its nature. */
function shown(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "a map" : String(value);
}
