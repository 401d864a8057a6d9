import type { Templated, Unit } from "./templated.ts";
import { readUnit } from "./templated.ts";
import { durationPattern, sizePattern } from "./units.ts";
import {
  complain,
  type Doc,
  docKeywords,
  type ExpressionRule,
  type ExpressionSite,
  type JsonSchema,
  nameOf,
  type Place,
  type Word,
} from "./word.ts";
import { hint } from "./near.ts";

/**
 * A text, with `${{ }}` in it where the scope allows. Numbers and booleans are taken as they are written;
 * those that YAML would rewrite (`007`, `1.10`) are an error that says to quote them.
 */
export function text(doc: Doc, rule: ExpressionRule = {}): Word<string> {
  return {
    read(raw, place) {
      const found = readText(raw, place);
      return found === undefined || !noteTemplate(found, place, rule) ? undefined : found;
    },
    json: () => ({ type: ["string", "number", "boolean"], ...docKeywords(doc) }),
  };
}

/** A text that is fixed in the config: no `${{ }}`. */
export function fixedText(doc: Doc): Word<string> {
  return text(doc, { scope: "none" });
}

/** A length of time with its unit, in milliseconds, or a `${{ }}` over `params` and `run`. */
export function duration(doc: Doc): Word<number | Templated> {
  return unitWord<number>({ name: "duration" }, { type: "string", pattern: durationPattern }, doc);
}

/** An amount of data with its unit, in bytes, or a `${{ }}` over `params` and `run`. */
export function size(doc: Doc): Word<number | Templated> {
  return unitWord<number>({ name: "size" }, { type: "string", pattern: sizePattern }, doc);
}

/** A whole number, or a `${{ }}` over `params` and `run`. */
export function count(
  doc: Doc,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { readonly min?: number; readonly max?: number } = {},
): Word<number | Templated> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? { minimum: min } : { minimum: min, maximum: max };
  return unitWord<number>({ name: "count", min, max }, { type: "integer", ...bounds }, doc);
}

/** `5%` → 0.05, or a `${{ }}` over `params` and `run`. */
export function share(doc: Doc): Word<number | Templated> {
  return unitWord<number>({ name: "share" }, { type: "string", pattern: "^\\d+(\\.\\d+)?%$" }, doc);
}

/** `true` or `false`, or a `${{ }}` over `params` and `run`. */
export function flag(doc: Doc): Word<boolean | Templated> {
  return unitWord<boolean>({ name: "flag" }, { type: "boolean" }, doc);
}

/** One of some words, written out. */
export function choice<const T extends string>(options: readonly T[], doc: Doc): Word<T> {
  return {
    read(raw, place) {
      if (options.includes(raw as T)) return raw as T;
      if (typeof raw !== "string") {
        return complain(place, `expected one of ${options.join(", ")}, got ${nameOf(raw)}`);
      }
      if (raw.includes("${{")) return complain(place, fixedHere);
      return complain(place, `"${raw}" is not one of ${options.join(", ")}${hint(raw, options, "choices")}`);
    },
    json: () => ({ enum: options, ...docKeywords(doc) }),
  };
}

/** Exactly this number, for `version`. */
export function literal<const T extends number>(value: T, doc: Doc): Word<T> {
  return {
    read: (raw, place) =>
      raw === value ? value : complain(place, `expected ${value}, got ${nameOf(raw)}: write ${value}`),
    json: () => ({ const: value, ...docKeywords(doc) }),
  };
}

/**
 * A CEL expression, bare or as one whole `${{ }}`; the CEL source alone is kept.
 * `gives` says what it must evaluate to.
 */
export function expression(
  doc: Doc,
  rule: ExpressionRule & { readonly gives?: "bool" | "list" } = {},
): Word<string> {
  return {
    read(raw, place) {
      const whole = readText(raw, place, "an expression");
      if (whole === undefined) return undefined;
      const found = bareExpression(whole, place);
      if (found === undefined) return undefined;
      place.reading.found({ ...site(place, rule), ...found, form: "expression", gives: rule.gives ?? "any" });
      return found.source;
    },
    json: () => ({ type: ["string", "boolean", "number"], ...docKeywords(doc) }),
  };
}

const fixedHere = "no ${{ }} may stand here: this is fixed in the config, write it out";

/** JSON Schema of a `${{ }}` that stands where a number, a duration or a switch may. */
const templatedJson: JsonSchema = { type: "string", pattern: "\\$\\{\\{[\\s\\S]*\\}\\}" };

function unitWord<T extends number | boolean>(
  unit: Unit,
  literalJson: JsonSchema,
  doc: Doc,
): Word<T | Templated> {
  return {
    read(raw, place) {
      if (typeof raw === "string" && raw.includes("${{")) {
        return noteTemplate(raw, place, { scope: "plan", secrets: false })
          ? { template: raw, unit }
          : undefined;
      }
      const value = readUnit(unit, raw);
      if ("ok" in value) return value.ok as T;
      const got = typeof raw === "object" ? `, got ${nameOf(raw)}${quoteHint(place)}` : "";
      return complain(place, value.wrong + got);
    },
    json: () => ({ anyOf: [literalJson, templatedJson], ...docKeywords(doc) }),
  };
}

/** The text of a scalar; everything else is complained about. */
export function readText(raw: unknown, place: Place, what = "text"): string | undefined {
  if (typeof raw === "string") return raw;
  if (typeof raw === "object" || raw === undefined) {
    return complain(place, `expected ${what}, got ${nameOf(raw)}${quoteHint(place)}`);
  }
  const written = place.reading.written(place.path);
  if (written === undefined || written === String(raw)) return String(raw);
  return complain(place, `as ${what}, ${written} would become ${raw}: write "${written}" in quotes`);
}

/** Takes note of the `${{ }}` in a text; false when none may stand there. */
export function noteTemplate(source: string, place: Place, rule: ExpressionRule): boolean {
  if (!source.includes("${{")) return true;
  const found = site(place, rule);
  if (found.scope === "none") {
    complain(place, fixedHere);
    return false;
  }
  place.reading.found({ ...found, source, form: "template", offset: 0, gives: "any" });
  return true;
}

function site(place: Place, rule: ExpressionRule): Pick<ExpressionSite, "path" | "scope" | "secrets"> {
  return { path: place.path, scope: rule.scope ?? place.scope, secrets: rule.secrets ?? true };
}

/** Takes the `${{` and `}}` off an expression that is written as one whole template. */
function bareExpression(
  whole: string,
  place: Place,
): { readonly source: string; readonly offset: number } | undefined {
  if (whole.trim() === "") return complain(place, "expected an expression, got an empty text");
  const inTemplate = /^(\s*\$\{\{)((?:(?!\$\{\{)[\s\S])*)\}\}\s*$/.exec(whole);
  if (inTemplate || !whole.includes("${{")) {
    const inner = inTemplate?.[2] ?? whole;
    const source = inner.trim();
    if (source === "") return complain(place, "the ${{ }} is empty");
    return { source, offset: (inTemplate?.[1]?.length ?? 0) + inner.indexOf(source) };
  }
  return complain(
    place,
    "this is an expression as a whole: leave out the ${{ }}, or put it around all of it",
  );
}

function quoteHint(place: Place): string {
  const quoted = place.reading.quoted(place.path);
  return quoted === undefined ? "" : `; write it in quotes: ${quoted}`;
}
