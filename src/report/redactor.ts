import type { LearningRedactor } from "../model/redactor.ts";
import { LearnedSpellings } from "./learned_spellings.ts";
import { longestSpelling, secretParts, secretSpellings, type Spelling } from "./secret_spellings.ts";

/** A redactor that can also say whether anything is left to hide. */
export interface SecretRedactor extends LearningRedactor {
  /** True when the text holds a secret in any spelling, or a URL's userinfo. Made for large, innocent texts. */
  finds(text: string): boolean;
  /** As {@link finds}, but for userinfo. */
  findsSecret(text: string): boolean;
}

/**
 * A redactor for these secrets by name. Without any it still masks the userinfo of URLs.
 *
 * Where secrets overlap in a text, all of it is masked. The least secret has six characters: a shorter one is the
 * caller's to refuse, since masking it would blot out ordinary words.
 */
export function makeRedactor(secrets: ReadonlyMap<string, string>): SecretRedactor {
  const known = new Set([...secrets.values()].flatMap(secretParts));
  const spellings = [...known].flatMap(secretSpellings);
  const anySecret = spellings.length === 0 ? null : new RegExp(spellings.map((one) => one.pattern).join("|"));
  const learned = new LearnedSpellings();
  let margin = Math.max(256, ...[...known].map(longestSpelling));
  let patterns: RegExp[] | undefined;

  const learnedIn = (text: string) => learned.patternsFor(text, wholePattern);
  const findsSecret = (text: string) =>
    (anySecret !== null && anySecret.test(text)) || learnedIn(text).some((pattern) => matches(pattern, text));
  const finds = (text: string) => findsSecret(text) || findsUserinfo(text);
  return {
    finds,
    findsSecret,
    mask(text) {
      if (!finds(text)) return text;
      patterns ??= spellings.map(wholePattern);
      return maskSpans(text, [
        ...[...patterns, ...learnedIn(text)].flatMap((pattern) => secretSpans(text, pattern)),
        ...userinfoSpans(text),
      ]);
    },
    learn(secret) {
      for (const part of secretParts(secret)) {
        if (known.has(part)) continue;
        known.add(part);
        margin = Math.max(margin, longestSpelling(part));
        for (const spelling of secretSpellings(part)) learned.add(spelling);
      }
    },
    get margin() {
      return margin;
    },
  };
}

/** The text with as many `*` in the place of every URL's userinfo: what stands behind it stays in its column. */
export function blotUserinfo(text: string): string {
  if (!findsUserinfo(text)) return text;
  return text.replace(everyUserinfo, (...match: (string | undefined)[]) => {
    const [whole = "", before = match[3]!, hidden = match[4]!] = match;
    return before + "*".repeat([...hidden].length) + whole.slice(before.length + hidden.length);
  });
}

/** Matches the spelling with those characters beside it that hold some of it. */
function wholePattern({ pattern, base64 }: Spelling): RegExp {
  return new RegExp(base64 ? `${base64Edge}${pattern}${base64Edge}` : pattern, "g");
}

function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** The characters beside a secret in base64 may carry some of its bits. */
const base64Edge = "[A-Za-z0-9+/_-]?";

/** From and to (exclusive), in UTF-16 units. */
type Span = readonly [from: number, to: number];

/** Every place where a pattern matches, those that overlap each other as well. */
function secretSpans(text: string, pattern: RegExp): Span[] {
  const spans: Span[] = [];
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    spans.push([found.index, found.index + found[0].length]);
    pattern.lastIndex = found.index + 1;
  }
  return spans;
}

/** `scheme://user:password@`, also as JSON escapes it; up to the last `@` before path or query. A `%2F` is part of it. */
const plainUserinfo = /([A-Za-z0-9+.-]:(?:\\{0,7}\/){2})(?!\*\*\*(?:@|%40))([^\s/?#"<>]+)(?:@|%40)/;

/** The same as a URL's query escapes it, where `%2F` begins the path. */
const escapedUserinfo = /(%3[aA]%2[fF]%2[fF])(?!\*\*\*(?:@|%40))((?:(?!%2[fF]|%3[fF])[^\s/?#"<>])+)(?:@|%40)/;

const userinfo = new RegExp(`${plainUserinfo.source}|${escapedUserinfo.source}`);

const everyUserinfo = new RegExp(userinfo, "g");

function findsUserinfo(text: string): boolean {
  return (text.includes("@") || text.includes("%40")) && userinfo.test(text);
}

function userinfoSpans(text: string): Span[] {
  return [...text.matchAll(everyUserinfo)].map((match) => {
    const [, before = match[3]!, hidden = match[4]!] = match;
    const from = match.index + before.length;
    return [from, from + hidden.length];
  });
}

function maskSpans(text: string, spans: Span[]): string {
  spans.sort((a, b) => a[0] - b[0]);
  let masked = "";
  let end = 0;
  for (const [from, to] of spans) {
    if (from >= end) masked += text.slice(end, from) + "***";
    end = Math.max(end, to);
  }
  return masked + text.slice(end);
}
