import type { Value } from "./json.ts";

/** What an expression may read: a type by name, or a map whose names are known. */
export interface Scope {
  readonly [name: string]: TypeSpec;
}

/** A CEL type; `dyn` is checked when it is evaluated. `{ fields }` refuses names it does not list. */
export type TypeSpec =
  | "dyn"
  | "string"
  | "int"
  | "double"
  | "bool"
  | "bytes"
  | "list"
  | "map"
  | "map<string>"
  | "list<string>"
  | "timestamp"
  | "duration"
  | { readonly fields: Scope };

/** The values behind a scope's names. */
export interface Vars {
  readonly [name: string]: unknown;
}

/** A problem inside an expression's text. */
export interface ExpressionProblem {
  /** From 0, in the text that was compiled. */
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
  readonly message: string;
}

/** Either the compiled thing, or everything that is wrong with it. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

/** One CEL expression. */
export interface Expression {
  readonly source: string;
  /** CEL's name for its type; `dyn` when only evaluation tells. */
  readonly type: string;
  /** Every name it reads, with known fields: `item`, `params.day`, `needs.users.outputs.ids`, `secrets.token`, `json`. */
  readonly names: ReadonlySet<string>;
  /** @throws ExpressionError with the message of what failed, never with a value that is secret. */
  evaluate(vars: Vars): Value;
  /**
   * What a condition compares or looks at, less literals and what reads a secret: their values say why it does not hold.
   * Compiled when it is first asked for.
   */
  operands(): readonly Expression[];
}

/** A text with `${{ }}` in it, or without. */
export interface Template {
  readonly source: string;
  /** No `${{ }}` in it: `render` always gives the same text. */
  readonly constant: boolean;
  /** One whole `${{ }}`: `render` keeps the expression's type. */
  readonly whole: boolean;
  /** The text begins with an expression. */
  readonly leading: boolean;
  readonly names: ReadonlySet<string>;
  /** The literal texts and the expressions between them, in order. */
  readonly parts: readonly (string | Expression)[];
  /** A value of its own type when `whole`, else text. @throws ExpressionError */
  render(vars: Vars): Value;
  /**
   * Text; scalars are written as text, a list or a map is an error.
   * `encode` is applied to each expression's text with its part number (never to literal text).
   * @throws ExpressionError
   */
  renderText(vars: Vars, encode?: (text: string, part: number) => string): string;
}

/** An expression failed on the values at hand: code `template`. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}
