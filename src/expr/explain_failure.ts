import { ExpressionError } from "../model/expression.ts";
import { writtenCount } from "../model/written.ts";
import { type CelNode, fieldNameOf, operands, sourceOf } from "./cel_node.ts";
import { Trouble } from "./evaluation.ts";
import { type CelError, isCelError, readable } from "./cel_error.ts";

/** The longest text that is shown; a longer one is described, since half a secret could not be masked. */
const SHOWN = 60;

/** Why `source` could not be evaluated. Values are named only when it reads no secret. */
export function explainFailure(error: unknown, source: string, isSecret: boolean): ExpressionError {
  return new ExpressionError(`cannot evaluate ${quote(source)}: ${reasonOf(error, isSecret)}`);
}

/** An expression in a message: in backticks, its middle left out when it is long. */
export function quote(source: string): string {
  const text = source.trim().replace(/\s+/g, " ");
  return `\`${text.length > 120 ? `${text.slice(0, 80)} … ${text.slice(-30)}` : text}\``;
}

/** What went wrong, with the value at hand. */
export function explainTrouble({ message, value }: Trouble): string {
  return value === undefined ? message : `${message}; it got ${show(value)}`;
}

function reasonOf(error: unknown, isSecret: boolean): string {
  if (error instanceof Trouble) return isSecret ? error.message : explainTrouble(error);
  if (isCelError(error)) return reasonOfCel(error);
  if (error instanceof RangeError) return "its data is nested too deeply or too large";
  return error instanceof Error ? error.message : "it failed";
}

function reasonOfCel(error: CelError): string {
  const { node, code, summary } = error;
  switch (code) {
    case "no_such_key":
      return node === undefined ? "there is no such key" : missing(node);
    case "index_out_of_bounds":
      return node === undefined ? "the list has no such position" : `${ownerOf(node)} has no such position`;
    case "field_type_mismatch":
    case "list_item_type_mismatch":
    case "variable_type_mismatch":
      return node === undefined
        ? "a value has another type than declared"
        : `${sourceOf(node)} has another type than declared`;
    case "no_matching_overload":
      return misfit(summary);
    case "bool_conversion_error":
      return 'bool() reads "true" and "false" only';
    default:
      // The library's other messages name types and never values.
      return readable(summary);
  }
}

/** `found no matching overload for 'int.size()'` → `size() does not work on int`. */
function misfit(summary: string): string {
  const [, receiver, name, args] = /'(?:(.*)\.)?(\w+)\((.*)\)'$/.exec(summary) ?? [];
  const given = [receiver, args].filter((part) => part !== undefined && part !== "").join(", ");
  return `${name}() does not work on ${readable(given)}`;
}

function missing(node: CelNode): string {
  const owner = ownerOf(node);
  const field = fieldNameOf(node);
  if (field === null) return `${owner} has nothing at ${sourceOf(operands(node)[1]!)}`;
  if (isSizeName(field)) return `${owner} has no "${field}"; how many elements it has is size(${owner})`;
  const optional = /^[A-Za-z_]\w*$/.test(field)
    ? `${owner}.?${field}`
    : `${owner}[?${JSON.stringify(field)}]`;
  return `${owner} has no ${JSON.stringify(field)}; if it may be missing, write ${optional}.orValue(…)`;
}

/** What other languages read from a list to know its size. */
export function isSizeName(field: string): boolean {
  return field === "length" || field === "count" || field === "size";
}

function ownerOf(node: CelNode): string {
  return sourceOf(operands(node)[0]!);
}

function show(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return value.length <= SHOWN ? JSON.stringify(value) : `a text of ${writtenCount(value.length)} characters`;
}
