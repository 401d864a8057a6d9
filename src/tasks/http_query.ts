import { ExpressionError, type Template, type Vars } from "../model/expression.ts";
import type { Value, ValueMap } from "../model/json.ts";
import { encodeText } from "./http_url.ts";

/** What a `query` map adds to a URL: `a=1&b=2`, without the first `?` or `&`. @throws ExpressionError */
export type QueryTemplate = (vars: Vars) => string;

/**
 * Compiles a `query` map. A list gives its name once for each element, `null` gives nothing, and a map has no place
 * in a query.
 */
export function compileQuery(query: ValueMap, template: (source: string) => Template): QueryTemplate {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((element) => pairMaker(name, element, template))
  );
  const joined = (vars: Vars) =>
    pairs.map((pair) => typeof pair === "string" ? pair : pair(vars)).filter(Boolean).join("&");
  if (!pairs.every((pair) => typeof pair === "string")) return joined;
  const constant = joined({});
  return () => constant;
}

/** The same of values at hand. @throws ExpressionError */
export function writeQuery(query: ValueMap): string {
  return Object.entries(query).map(([name, value]) => pairsOf(name, `${encodeText(name)}=`, value))
    .filter(Boolean).join("&");
}

/** A path with a query added to what it has. */
export function withQuery(path: string, query: string): string {
  if (query === "") return path;
  if (!path.includes("?")) return `${path}?${query}`;
  return path.endsWith("?") || path.endsWith("&") ? path + query : `${path}&${query}`;
}

function pairMaker(
  name: string,
  value: Value,
  compile: (source: string) => Template,
): string | ((vars: Vars) => string) {
  const prefix = `${encodeText(name)}=`;
  if (typeof value !== "string") return pairsOf(name, prefix, value);
  const template = compile(value);
  if (template.constant) return prefix + encodeText(template.renderText({}));
  if (template.whole) return (vars) => pairsOf(name, prefix, template.render(vars));
  return (vars) => prefix + encodeText(template.renderText(vars));
}

function pairsOf(name: string, prefix: string, value: Value): string {
  if (value === null) return "";
  if (Array.isArray(value)) return value.map((element) => prefix + encodeScalar(name, element)).join("&");
  return prefix + encodeScalar(name, value);
}

function encodeScalar(name: string, value: Value): string {
  if (typeof value !== "object") return encodeText(String(value));
  const what = value === null
    ? "null"
    : Array.isArray(value)
    ? "a list"
    : value instanceof Uint8Array
    ? "bytes"
    : "a map";
  throw new ExpressionError(
    `query parameter "${name}" holds ${what}, which no query can: use toJson() or a text`,
  );
}
