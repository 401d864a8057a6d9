import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";

/** A part of the config schema: how a value is read, checked and described, in one place. */
export interface Word<T> {
  /**
   * The value in its normal form (durations in ms, sizes in bytes, short forms written out).
   * Undefined after everything that is wrong with it was reported. Inside a map or a list, a raw value that is
   * undefined was reported before: it is left out in silence.
   */
  read(raw: unknown, place: Place): T | undefined;
  /** What JSON Schema says of it, descriptions included. */
  json(): JsonSchema;
  /** A section without it is an error. */
  readonly isRequired?: true;
  /** What a section goes on with when this is missing or wrong, so that other problems are found as well. */
  readonly instead?: T;
}

/** The type a word reads. */
export type Parsed<W> = W extends Word<infer T> ? T : never;

/** A JSON Schema (draft 2020-12) as plain data. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** What an editor shows of a word. A plain text is its description. */
export type Doc = string | {
  readonly description: string;
  readonly examples?: readonly unknown[];
  /** The built-in value, as one would write it. */
  readonly default?: unknown;
};

/**
 * What an expression may read:
 * - `none`: no expression may stand here;
 * - `params`: `params` and `run`, for the defaults of params;
 * - `plan`: `params`, `secrets` and `run`, when the plan is made;
 * - `inputs`: `params`, `run` and `needs`, before the task has items;
 * - `select`: as `inputs`, and `json`, the document that was read;
 * - `where`: as `inputs`, and `item` with its `as` and `index`;
 * - `each`: the result fields of the task that `from` names;
 * - `key`: `params`, `item` with its `as`, `index` and `matrix`;
 * - `item`: everything a task run knows before its first attempt;
 * - `result`: as `item`, and the result fields of the task's kind;
 * - `page`: as `result`, of one page, and `pageNumber`, from 1;
 * - `collect`: as `result`, and the task's own `outputs`.
 */
export type ScopeName =
  | "none"
  | "params"
  | "plan"
  | "inputs"
  | "select"
  | "where"
  | "each"
  | "key"
  | "item"
  | "result"
  | "page"
  | "collect";

/** Which expressions a field takes. */
export interface ExpressionRule {
  /** Without it, that of the place: `plan` in targets, `item` in tasks. */
  readonly scope?: ScopeName;
  /** Whether `secrets` may be read, where the scope has them; true unless said otherwise. */
  readonly secrets?: boolean;
}

/** An expression, or a text with `${{ }}` in it, as it was found. */
export interface ExpressionSite {
  readonly path: ConfigPath;
  /** The CEL source of a bare expression, the whole text of a template. */
  readonly source: string;
  readonly form: "expression" | "template";
  /** Where `source` begins in the scalar's text: past the `${{` of a bare expression written as one. */
  readonly offset: number;
  readonly scope: ScopeName;
  readonly secrets: boolean;
  /** What it has to give. */
  readonly gives: "bool" | "list" | "text" | "any";
}

/** Where a word reads, and where it says what it found. */
export interface Place {
  readonly path: ConfigPath;
  /** The scope of expressions that name none of their own. */
  readonly scope: ScopeName;
  readonly reading: Reading;
}

/** What one reading of a config collects. */
export interface Reading {
  readonly report: ReportProblem;
  /** Takes note of an expression, to be compiled when the whole config is known. */
  found(site: ExpressionSite): void;
  /** A scalar as it stands in the file, without quotes: `007`. Undefined for anything else and for quoted text. */
  written(path: ConfigPath): string | undefined;
  /** Where an unknown key belongs, as words behind "unknown key"; undefined when it is known nowhere. */
  home(path: ConfigPath): string | undefined;
  /** The line of this key as it should be, its value in quotes; undefined where that makes no sense. */
  quoted(path: ConfigPath): string | undefined;
}

/** The place of a key or list position below `place`. */
export function below(place: Place, key: string | number): Place {
  return { path: [...place.path, key], scope: place.scope, reading: place.reading };
}

/** Reports on the value at `place`. */
export function complain(place: Place, message: string): undefined {
  place.reading.report(place.path, message);
}

/** A description as JSON Schema keywords. */
export function docKeywords(doc: Doc): JsonSchema {
  return typeof doc === "string" ? { description: doc } : doc;
}

/** What a value is, in a reader's words. */
export function nameOf(raw: unknown): string {
  if (raw === null || raw === undefined) return "nothing";
  if (Array.isArray(raw)) return "a list";
  if (typeof raw === "object") return "a map";
  if (typeof raw === "string") return raw === "" ? "an empty text" : JSON.stringify(raw);
  return String(raw);
}

/** True for what YAML calls a map. */
export function isMap(raw: unknown): raw is { readonly [key: string]: unknown } {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}
