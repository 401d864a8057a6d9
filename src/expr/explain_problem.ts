import type { ExpressionProblem } from "../model/expression.ts";
import { type CelError, isCelError, readable } from "./cel_error.ts";
import { explainSyntax } from "./explain_syntax.ts";
import { explainAccess, explainCall, explainOperator } from "./explain_types.ts";

/** What is wrong with an expression, in words that say what to write instead. */
export function explainProblem(error: unknown, source: string): ExpressionProblem {
  if (!isCelError(error)) {
    // The parser and the checker recurse; only their stack can overflow.
    return { offset: 0, length: Math.max(1, source.length), message: "the expression is nested too deeply" };
  }
  const start = Math.min(error.range?.start ?? 0, source.length);
  const end = Math.min(error.range?.end ?? source.length, source.length);
  return { offset: start, length: Math.max(1, end - start), message: explain(error, source) };
}

function explain(error: CelError, source: string): string {
  const { node } = error;
  switch (error.code) {
    case "unexpected_token":
    case "expected_token":
    case "unexpected_character":
      return explainSyntax(error, source);
    case "reserved_identifier":
      return `${error.summary.replace("Reserved identifier: ", "")} is a reserved word`;
    case "newline_in_string":
    case "unterminated_string":
    case "unterminated_triple_quoted_string":
      return "the text that begins here is not closed";
    case "limit_exceeded":
      return `the expression is too large: ${error.summary.replace("Exceeded ", "more than the limit of ")}`;
    case "no_such_overload":
      return node === undefined ? error.summary : explainOperator(node);
    case "no_matching_overload":
      return node === undefined ? error.summary : explainCall(node);
    case "cannot_index_type":
      return node === undefined ? error.summary : explainAccess(node);
    case "incompatible_argument_type":
      return "the value given by orValue() has another type than the one it stands in for";
    case "invalid_macro_argument":
      return `${error.summary}: has() asks for a field, as in has(json.name); list macros name their variable first, as in list.map(x, x.id)`;
    default:
      return readable(error.summary);
  }
}
