import { quotedText } from "./quoted_text.ts";
import { noteTemplate } from "./scalars.ts";
import {
  below,
  complain,
  type Doc,
  docKeywords,
  type ExpressionRule,
  isMap,
  type JsonSchema,
  nameOf,
  type Parsed,
  type Place,
  type ScopeName,
  type Word,
} from "./word.ts";

/** The same word, or `null`. */
export function nullable<T>(word: Word<T>): Word<T | null> {
  return {
    read: (raw, place) => raw === null ? null : word.read(raw, place),
    json: () => orNull(word.json()),
  };
}

/** The same word, whose expressions have this scope where they name none. */
export function within<T>(scope: ScopeName, word: Word<T>): Word<T> {
  return { ...word, read: (raw, place) => word.read(raw, { ...place, scope }) };
}

/** A list of values of one shape. */
export function list<T>(
  item: Word<T>,
  doc: Doc,
  { min = 0, meant = inBrackets }: ListRules = {},
): Word<readonly T[]> {
  return {
    read(raw, place) {
      if (!Array.isArray(raw)) {
        const isScalar = typeof raw !== "object" && raw !== undefined && raw !== "";
        const instead = isScalar ? `: write ${meant(raw as string | number | boolean)}` : "";
        return complain(place, `expected a list, got ${nameOf(raw)}${instead}`);
      }
      if (raw.length < min) return complain(place, "the list is empty; it needs at least one element");
      return raw.map((element, index) =>
        element === undefined ? element : item.read(element, below(place, index))
      )
        .filter((value) => value !== undefined);
    },
    json: () => ({
      type: "array",
      items: item.json(),
      ...(min > 0 ? { minItems: min } : {}),
      ...docKeywords(doc),
    }),
  };
}

/** Rules of a {@link list}. */
export interface ListRules {
  /** How many elements at least. */
  readonly min?: number;
  /** What was probably meant by a scalar that stands in the place of the list. */
  readonly meant?: (raw: string | number | boolean) => string;
}

function inBrackets(raw: string | number | boolean): string {
  return `[${typeof raw === "string" ? quotedText(raw) : raw}]`;
}

/** A map of the user's own names (or, with `keys`, of any keys it accepts) to values of one shape. */
export function named<T>(
  value: Word<T>,
  doc: Doc,
  keys: KeyRule = names,
): Word<{ readonly [name: string]: T }> {
  return {
    read(raw, place) {
      if (!isMap(raw)) {
        const instead = Array.isArray(raw)
          ? 'write "name: …" for each, without the "-" or [ ]'
          : "write { name: … }";
        return complain(place, `expected a map of names, got ${nameOf(raw)}: ${instead}`);
      }
      const all: { [name: string]: T } = {};
      for (const key of Object.keys(raw)) {
        const wrong = keys.wrong(key);
        if (wrong !== undefined) place.reading.report([...place.path, key], wrong, { on: "key" });
        if (raw[key] === undefined) continue;
        const read = value.read(raw[key], below(place, key));
        if (wrong === undefined && read !== undefined) all[key] = read;
      }
      return all;
    },
    json: () => ({
      type: "object",
      ...(keys.pattern ? { propertyNames: { pattern: keys.pattern } } : {}),
      additionalProperties: value.json(),
      ...docKeywords(doc),
    }),
  };
}

/** Which keys a map may have. */
export interface KeyRule {
  /** What is wrong with a key; undefined when it may stand. */
  wrong(key: string): string | undefined;
  /** For JSON Schema. */
  readonly pattern?: string;
}

/**
 * Names of tasks, targets, params and outputs. Whether expressions can read them is checked where the expression
 * language is known.
 */
export const names: KeyRule = { pattern: "^[A-Za-z_][A-Za-z0-9_]*$", wrong: () => undefined };

/** Header names, query parameters, environment variables: anything but an expression. */
export const anyKey: KeyRule = {
  wrong(key) {
    if (key === "") return "a key cannot be empty";
    return key.includes("${{") ? "a key cannot hold an expression" : undefined;
  },
};

/** One of several shapes. `pick` chooses by looking, so that an error speaks of the shape that was meant. */
export function shapes<const W extends readonly Word<unknown>[]>(
  options: W,
  pick: (raw: unknown) => number,
  doc: Doc,
): Word<Parsed<W[number]>> {
  return {
    read: (raw, place) => options[pick(raw)]!.read(raw, place) as Parsed<W[number]> | undefined,
    json: () => ({ anyOf: options.map((option) => option.json()), ...docKeywords(doc) }),
  };
}

/** The short form of a map. Who is told what is expected here, without what to write, is told of the map as well. */
export function shortForm<T>(word: Word<T>, map: string): Word<T> {
  return {
    ...word,
    read(raw, place) {
      const report: typeof place.reading.report = (path, message, where) => {
        const isOpen = /^expected (?!.*(: write|leave out))/.test(message);
        place.reading.report(path, isOpen ? `${message}; or write a map: ${map}` : message, where);
      };
      return word.read(raw, { ...place, reading: { ...place.reading, report } });
    },
  };
}

/** A word in another form: short forms are written out here. `change` may complain. */
export function mapped<T, U>(word: Word<T>, change: (value: T, place: Place) => U | undefined): Word<U> {
  return {
    read(raw, place) {
      const value = word.read(raw, place);
      return value === undefined ? undefined : change(value, place);
    },
    json: () => word.json(),
  };
}

/** Any value as it is: a JSON body, an item, a parameter of a query. `${{ }}` may stand in every text of it. */
export function anything(doc: Doc, rule: AnyRule = {}): Word<unknown> {
  return {
    read: (raw, place) => readAnything(raw, place, rule) ? raw : undefined,
    json: () => docKeywords(doc),
  };
}

/** @see anything */
export interface AnyRule extends ExpressionRule {
  /** A number whose text YAML would change is an error: it may be meant as a text (`007`, `3.10`). */
  readonly exact?: boolean;
}

/** False after something was reported. */
function readAnything(raw: unknown, place: Place, rule: AnyRule): boolean {
  if (Array.isArray(raw)) {
    return raw.map((element, index) => readAnything(element, below(place, index), rule)).every(Boolean);
  }
  if (isMap(raw)) {
    return Object.keys(raw).map((key) => readAnything(raw[key], below(place, key), rule)).every(Boolean);
  }
  if (raw === null || raw === undefined) return raw === null;
  if (rule.exact && !isExact(raw, place)) return false;
  return typeof raw !== "string" || noteTemplate(raw, place, rule);
}

/** False for a scalar that may be meant as a text, but is none, or that looks like a number, but is none. */
function isExact(raw: unknown, place: Place): boolean {
  const written = place.reading.written(place.path);
  if (written === undefined) return true;
  if (typeof raw === "string" && /^[-+]?\d[\d_]*_[\d_]*$/.test(raw)) {
    complain(
      place,
      `${raw} is a text: write "${raw}" in quotes, or ${raw.replaceAll("_", "")} if it is a number`,
    );
    return false;
  }
  if (written === String(raw)) return true;
  complain(place, `${written} would become ${raw}: write "${written}" in quotes if it is text, else ${raw}`);
  return false;
}

/** Also null. The description stands outside as well, where editors look for it. */
export function orNull(json: JsonSchema): JsonSchema {
  const { description, examples, default: builtIn } = json;
  const doc = Object.entries({ description, examples, default: builtIn }).filter(([, value]) =>
    value !== undefined
  );
  return { anyOf: [json, { type: "null" }], ...Object.fromEntries(doc) };
}
