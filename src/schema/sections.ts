import { hint, orList } from "../model/near.ts";
import { meantKey } from "./other_names.ts";
import { quotedText } from "./quoted_text.ts";
import { orNull } from "./structures.ts";
import {
  below,
  complain,
  type Doc,
  docKeywords,
  isMap,
  type JsonSchema,
  nameOf,
  type Parsed,
  type Place,
  type Word,
} from "./word.ts";

/** The keys of a section and what stands under them. */
export interface Entries {
  readonly [key: string]: Word<unknown>;
}

type RequiredKey<E> = { [K in keyof E]: E[K] extends { readonly isRequired: true } ? K : never }[keyof E];

/** What a {@link section} reads. */
export type Section<E> =
  & { readonly [K in RequiredKey<E>]: Parsed<E[K]> }
  & { readonly [K in Exclude<keyof E, RequiredKey<E>>]?: Parsed<E[K]> };

/** What {@link settings} read. */
export type Settings<E> =
  & { readonly [K in RequiredKey<E>]: Parsed<E[K]> }
  & { readonly [K in Exclude<keyof E, RequiredKey<E>>]?: Parsed<E[K]> | null };

/** Rules between the keys of a section. */
export interface SectionRules {
  /** One of these keys stands, and no other of them. */
  readonly exactlyOne?: readonly string[];
  /** Groups of keys of which no two stand together. */
  readonly atMostOne?: readonly (readonly string[])[];
  /** Keys with this beginning are allowed and ignored: `x-`. */
  readonly ignored?: string;
}

/** A map with known keys. Keys are optional unless their word is {@link required}. */
export function section<const E extends Entries>(
  entries: E,
  doc: Doc,
  rules: SectionRules = {},
): Word<Section<E>> {
  return sectionWord(entries, doc, rules, false) as Word<Section<E>>;
}

/** A section that is merged with others of its shape: `null` takes an optional key back to its built-in value. */
export function settings<const E extends Entries>(
  entries: E,
  doc: Doc,
  rules: SectionRules = {},
): Word<Settings<E>> {
  return sectionWord(entries, doc, rules, true) as Word<Settings<E>>;
}

/** The same word, which a section must have: without it the section is not read, unless something stands in for it. */
export function required<T>(word: Word<T>, instead?: T): Word<T> & { readonly isRequired: true } {
  return { ...word, isRequired: true, ...(instead === undefined ? {} : { instead }) };
}

function sectionWord(entries: Entries, doc: Doc, rules: SectionRules, mayReset: boolean): Word<unknown> {
  return {
    read: (raw, place) => readSection(entries, rules, mayReset, raw, place),
    json: () => sectionJson(entries, doc, rules, mayReset),
  };
}

function readSection(
  entries: Entries,
  rules: SectionRules,
  mayReset: boolean,
  raw: unknown,
  place: Place,
): unknown {
  if (!isMap(raw)) {
    return complain(place, `expected a map, got ${nameOf(raw)}${whatBelongs(entries, rules, raw)}`);
  }
  const read: { [key: string]: unknown } = {};
  /** Keys that were written, and those that were probably meant: neither is missing. */
  const given = new Set(Object.keys(raw));
  for (const key of Object.keys(raw)) {
    const word = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (word === undefined) {
      if (rules.ignored !== undefined && key.startsWith(rules.ignored)) continue;
      const known = Object.keys(entries);
      const path = [...place.path, key];
      const home = place.reading.home(path);
      const meant = meantKey(key, known);
      const where = home === undefined ? hint(key, known, "known keys", meant) : `; ${home}`;
      place.reading.report(path, `unknown key "${key}"${where}`, { on: "key" });
      given.add(meant ?? key);
    } else if (raw[key] === null && mayReset && mayBeNull(entries, rules, key)) {
      read[key] = null;
    } else if (raw[key] !== undefined) {
      const value = word.read(raw[key], below(place, key));
      if (value !== undefined) read[key] = value;
    }
  }
  checkTogether(rules, raw, given, place);
  return fillRequired(entries, read, given, place) ? read : undefined;
}

/** Not what says which of several things the section is: there is nothing to go back to. */
function mayBeNull(entries: Entries, { exactlyOne = [] }: SectionRules, key: string): boolean {
  return !entries[key]!.isRequired && !exactlyOne.includes(key);
}

/** Keys that are named where a map is missing; more would hide the message. */
const mostNamed = 8;

/** What to write where a section is something else than a map. */
function whatBelongs(entries: Entries, { exactlyOne }: SectionRules, raw: unknown): string {
  const keys = Object.keys(entries);
  const needed = keys.filter((key) => entries[key]!.isRequired);
  const [only] = needed;
  if (needed.length === 1 && typeof raw === "string" && raw !== "") {
    return `: write { ${only}: ${quotedText(raw)} }`;
  }
  if (exactlyOne !== undefined) return `: it needs ${orList(exactlyOne)}`;
  if (needed.length > 0) return `: it needs ${needed.join(" and ")}`;
  return keys.length > mostNamed ? "" : `: its keys are ${keys.join(", ")}`;
}

/** False when a required key is missing or wrong and nothing stands in for it. */
function fillRequired(
  entries: Entries,
  read: { [key: string]: unknown },
  given: ReadonlySet<string>,
  place: Place,
): boolean {
  let isWhole = true;
  for (const [key, word] of Object.entries(entries)) {
    if (!word.isRequired) continue;
    if (!given.has(key)) complain(place, `"${key}" is missing`);
    if (read[key] !== undefined) continue;
    if (word.instead === undefined) isWhole = false;
    else read[key] = word.instead;
  }
  return isWhole;
}

function checkTogether(
  { exactlyOne, atMostOne = [] }: SectionRules,
  raw: { readonly [key: string]: unknown },
  given: ReadonlySet<string>,
  place: Place,
): void {
  if (exactlyOne && !exactlyOne.some((key) => given.has(key))) {
    complain(place, `one of ${orList(exactlyOne)} is missing`);
  }
  for (const group of exactlyOne ? [exactlyOne, ...atMostOne] : atMostOne) {
    const [first, ...others] = group.filter((key) => Object.hasOwn(raw, key));
    for (const other of others) {
      const message = `"${first}" and "${other}" cannot stand together: leave out one of them`;
      place.reading.report([...place.path, other], message, { on: "key" });
    }
  }
}

function sectionJson(entries: Entries, doc: Doc, rules: SectionRules, mayReset: boolean): JsonSchema {
  const keys = Object.keys(entries);
  const needed = keys.filter((key) => entries[key]!.isRequired);
  const properties = keys.map((key) => {
    const json = entries[key]!.json();
    return [key, mayReset && mayBeNull(entries, rules, key) ? orNull(json) : json];
  });
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(rules.ignored ? { patternProperties: { [`^${rules.ignored}`]: {} } } : {}),
    additionalProperties: false,
    ...(needed.length > 0 ? { required: needed } : {}),
    ...(rules.exactlyOne ? { oneOf: rules.exactlyOne.map((key) => ({ required: [key] })) } : {}),
    ...(rules.atMostOne ? { allOf: rules.atMostOne.flatMap(notTogether) } : {}),
    ...docKeywords(doc),
  };
}

function notTogether(group: readonly string[]): JsonSchema[] {
  return group.flatMap((key, index) =>
    group.slice(index + 1).map((other) => ({ not: { required: [key, other] } }))
  );
}
