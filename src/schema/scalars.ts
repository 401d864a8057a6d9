import { celMeant } from "./cel_meant.ts";
import { quotedText } from "./quoted_text.ts";
import { type Bounds, readUnit, type Templated, type Unit, type UnitValues } from "./templated.ts";
import { durationPattern, sharePattern, sizePattern } from "./units.ts";
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
import { nearest, orList } from "../model/near.ts";

/**
 * A text, with `${{ }}` in it where the scope allows. Numbers and booleans are taken as they are written;
 * those that YAML would rewrite (`007`, `1.10`) are an error that says to quote them.
 */
export function text(doc: Doc, rule: ExpressionRule = {}): Word<string> {
  return {
    read(raw, place) {
      const found = readText(raw, place);
      return found === undefined || !noteTemplate(found, place, rule, "text") ? undefined : found;
    },
    json: () => ({
      type: ["string", "number", "boolean"],
      ...(rule.scope === "none" ? { pattern: "^((?!\\$\\{\\{)[\\s\\S])*$" } : {}),
      ...docKeywords(doc),
    }),
  };
}

/** A text that is fixed in the config: no `${{ }}`. */
export function fixedText(doc: Doc): Word<string> {
  return text(doc, { scope: "none" });
}

/** A length of time with its unit, in milliseconds, or a `${{ }}` over `params` and `run`. */
export function duration(doc: Doc): Word<number | Templated<"duration">> {
  return unitWord("duration", { type: "string", pattern: durationPattern }, doc);
}

/** An amount of data with its unit, in bytes, or a `${{ }}` over `params` and `run`. */
export function size(doc: Doc): Word<number | Templated<"size">> {
  return unitWord("size", { type: "string", pattern: sizePattern }, doc);
}

/** A whole number, or a `${{ }}` over `params` and `run`. */
export function count(doc: Doc, bounds: Bounds = {}): Word<number | Templated<"count">> {
  const { min = 0, max } = bounds;
  const json = { type: "integer", minimum: min, ...(max === undefined ? {} : { maximum: max }) };
  return unitWord("count", json, doc, bounds);
}

/** `5%` → 0.05, or a `${{ }}` over `params` and `run`. */
export function share(doc: Doc): Word<number | Templated<"share">> {
  return unitWord("share", { type: "string", pattern: sharePattern }, doc);
}

/** `true` or `false`, or a `${{ }}` over `params` and `run`. */
export function flag(doc: Doc): Word<boolean | Templated<"flag">> {
  return unitWord("flag", { type: "boolean" }, doc);
}

/** One of some words (or `true` and `false`), written out. */
export function choice<const T extends string | boolean>(options: readonly T[], doc: Doc): Word<T> {
  return {
    read(raw, place) {
      if (options.includes(raw as T)) return raw as T;
      if (typeof raw === "string" && raw.includes("${{")) return complain(place, fixedHere);
      const words = options.map(String);
      const meant = typeof raw === "string" ? nearest(raw, words) : undefined;
      const hint = meant === undefined ? `expected ${orList(words)}` : `did you mean ${meant}?`;
      const what = raw === null ? "here is nothing" : `${nameOf(raw)} cannot stand here`;
      return complain(place, `${what}: ${hint}`);
    },
    json: () => ({ enum: options, ...docKeywords(doc) }),
  };
}

/** Exactly this number, for `version`. */
export function literal<const T extends number>(value: T, doc: Doc): Word<T> {
  return {
    read: (raw, place) => raw === value ? value : complain(place, `expected ${value}, got ${nameOf(raw)}`),
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
      if (typeof raw === "object" && raw !== null) {
        return complain(
          place,
          `expected an expression, got ${nameOf(raw)}${expressionHint(raw, place, rule.gives)}`,
        );
      }
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

/** A literal of this unit, or a `${{ }}` that gives one when the plan is made. */
export function unitWord<U extends Unit>(
  unit: U,
  literalJson: JsonSchema,
  doc: Doc,
  bounds: Bounds = {},
): Word<UnitValues[U] | Templated<U>> {
  return {
    read(raw, place) {
      if (typeof raw === "string" && raw.includes("${{")) {
        const isAllowed = noteTemplate(raw, place, { scope: "plan", secrets: false });
        return isAllowed ? { template: raw, unit, bounds } : undefined;
      }
      const value = readUnit(unit, raw, bounds);
      if ("ok" in value) return value.ok;
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

/** Takes note of the `${{ }}` in a text; false when none may stand there. `gives` is what has to come of it. */
export function noteTemplate(
  source: string,
  place: Place,
  rule: ExpressionRule,
  gives: "text" | "any" = "any",
): boolean {
  warnOfForeign(source, place);
  if (!source.includes("${{")) return true;
  const found = site(place, rule);
  if (found.scope === "none") {
    complain(place, fixedHere);
    return false;
  }
  place.reading.found({ ...found, source, form: "template", offset: 0, gives });
  return true;
}

/** What other programs write around an expression goes out as it is here. */
function warnOfForeign(source: string, place: Place): void {
  const found =
    /(?<!\$)\{\{\s*(?:params|secrets|run|item|matrix|needs)\b|\$\{(?:params|secrets|run|item|matrix|needs)\./
      .exec(source);
  if (found === null) return;
  const message = "this is plain text, which goes out as it is: an expression is written ${{ … }}";
  place.reading.report(place.path, message, {
    offset: found.index,
    length: found[0].length,
    severity: "warning",
  });
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

function expressionHint(raw: unknown, place: Place, gives: "bool" | "list" | "any" = "any"): string {
  const meant = celMeant(raw, gives);
  const key = place.path.at(-1);
  if (meant !== undefined) {
    return `; write it as one: ${typeof key === "string" ? `${key}: ` : ""}${quotedText(meant)}`;
  }
  return gives === "bool"
    ? '; a condition is one text, such as "status == 200"'
    : "; it is one text, such as \"{'id': json.id}\"";
}

function quoteHint(place: Place): string {
  const quoted = place.reading.quoted(place.path);
  return quoted === undefined ? "" : `; write it in quotes: ${quoted}`;
}
