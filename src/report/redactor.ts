import type { Redactor } from "../model/redactor.ts";
import { longestSpelling, secretParts, secretSpellings } from "./secret_spellings.ts";

/** A {@link Redactor} that can also say whether anything is left to hide. */
export interface SecretRedactor extends Redactor {
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
  const parts = [...new Set([...secrets.values()].flatMap(secretParts))];
  const spellings = parts.flatMap(secretSpellings);
  const anySecret = spellings.length === 0 ? null : new RegExp(spellings.map((one) => one.pattern).join("|"));
  const findsSecret = (text: string) => anySecret !== null && anySecret.test(text);
  const finds = (text: string) => findsSecret(text) || findsUserinfo(text);
  let patterns: RegExp[] | undefined;
  return {
    finds,
    findsSecret,
    mask(text) {
      if (!finds(text)) return text;
      patterns ??= spellings.map((one) =>
        new RegExp(one.base64 ? `${base64Edge}${one.pattern}${base64Edge}` : one.pattern, "g")
      );
      return maskSpans(text, [
        ...patterns.flatMap((pattern) => secretSpans(text, pattern)),
        ...userinfoSpans(text),
      ]);
    },
    margin: Math.max(256, ...parts.map(longestSpelling)),
  };
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

/** `scheme://user:password@`, also as JSON and as a URL's query escape it; up to the last `@` before path or query. */
const userinfo =
  /((?:[A-Za-z0-9+.-]:(?:\\{0,7}\/){2})|(?:%3[aA]%2[fF]%2[fF]))(?!\*\*\*(?:@|%40))((?:(?!%2[fF]|%3[fF])[^\s/?#"<>])+)(?:@|%40)/;

const everyUserinfo = new RegExp(userinfo, "g");

function findsUserinfo(text: string): boolean {
  return (text.includes("@") || text.includes("%40")) && userinfo.test(text);
}

function userinfoSpans(text: string): Span[] {
  return [...text.matchAll(everyUserinfo)].map((match) => {
    const from = match.index + match[1]!.length;
    return [from, from + match[2]!.length];
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
