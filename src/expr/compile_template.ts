import type { Compiled, Expression, ExpressionProblem, Scope, Template, Vars } from "../model/expression.ts";
import { ExpressionError } from "../model/expression.ts";
import type { Value } from "../model/json.ts";
import { compileExpression } from "./compile_expression.ts";
import { quote } from "./explain_failure.ts";
import { scanTemplate } from "./scan_template.ts";
import { textOf } from "./text_of.ts";

/**
 * Compiles a text with `${{ }}` in it, or without. Never throws; every problem of every expression is given, its
 * place counted from the start of `source`.
 */
export function compileTemplate(source: string, scope: Scope): Compiled<Template> {
  const { pieces, problems: scanProblems } = scanTemplate(source);
  const problems = [...scanProblems];
  const parts: (string | Expression)[] = [];
  for (const piece of pieces) {
    if (typeof piece === "string") {
      parts.push(piece);
      continue;
    }
    const compiled = compileExpression(piece.source, scope);
    if (compiled.ok) parts.push(compiled.value);
    else problems.push(...moved(compiled.problems, piece.offset));
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: makeTemplate(source, parts) };
}

/** Compiles a bare expression; one that stands whole in a `${{ }}` is accepted too. Never throws. */
export function compileBare(source: string, scope: Scope): Compiled<Expression> {
  if (!source.trimStart().startsWith("${{")) return compileExpression(source, scope);
  const { pieces, problems } = scanTemplate(source);
  if (problems.length > 0) return { ok: false, problems };
  const inner = pieces.filter((piece) => typeof piece !== "string" || piece.trim() !== "");
  const [only] = inner;
  if (inner.length !== 1 || typeof only !== "object") {
    const message = "this is an expression as a whole: leave out the ${{ }}, or put it around all of it";
    return { ok: false, problems: [{ offset: 0, length: source.length, message }] };
  }
  const compiled = compileExpression(only.source, scope);
  return compiled.ok ? compiled : { ok: false, problems: moved(compiled.problems, only.offset) };
}

function moved(problems: readonly ExpressionProblem[], by: number): readonly ExpressionProblem[] {
  return problems.map((problem) => ({ ...problem, offset: problem.offset + by }));
}

function makeTemplate(source: string, parts: readonly (string | Expression)[]): Template {
  const [first] = parts;
  const expressions = parts.filter((part) => typeof part !== "string");
  const whole = parts.length === 1 && typeof first === "object";

  const renderText: Template["renderText"] = (vars, encode) => {
    let text = "";
    for (let position = 0; position < parts.length; position++) {
      const part = parts[position]!;
      if (typeof part === "string") text += part;
      else {
        const written = writeOut(part, vars);
        text += encode === undefined ? written : encode(written, position);
      }
    }
    return text;
  };
  return {
    source,
    constant: expressions.length === 0,
    whole,
    leading: typeof first === "object",
    names: new Set(expressions.flatMap((expression) => [...expression.names])),
    parts,
    render: whole ? (vars): Value => first.evaluate(vars) : renderText,
    renderText,
  };
}

function writeOut(expression: Expression, vars: Vars): string {
  const value = expression.evaluate(vars);
  if (typeof value === "string") return value;
  const text = textOf(value);
  if (text !== null) return text;
  throw new ExpressionError(
    `cannot write ${quote(expression.source)} into a text: ${whyNot(value, expression)}`,
  );
}

function whyNot(value: Value, { source }: Expression): string {
  const inner = source.trim();
  if (value === null) return `it is null; give a text for that case, as in ${inner} != null ? ${inner} : ""`;
  if (Array.isArray(value)) return `it is a list; use (${inner}).join(",") or toJson(${inner})`;
  if (value instanceof Uint8Array) return "its bytes are no UTF-8; use .base64() or .hex()";
  return `it is a map; use one of its fields, or toJson(${inner})`;
}
