import { RE2JS, RE2JSException } from "re2js";
import { charge, Trouble } from "./evaluation.ts";

/** A longer pattern is refused: what it compiles to grows with it. */
const MAX_PATTERN = 1000;
/** How many compiled patterns are kept. */
const KEPT = 256;

const kept = new Map<string, RE2JS>();

/** Whether `pattern` (RE2's syntax) is found in `text`; linear in the length of both. @throws Trouble */
export function isMatch(text: string, pattern: string): boolean {
  const regex = compileRegex(pattern);
  charge(text.length * regex.programSize() / 200);
  return regex.matcher(text).find();
}

/** @throws Trouble when the pattern is not one */
export function compileRegex(pattern: string): RE2JS {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_PATTERN) {
    throw new Trouble(
      `matches() takes patterns of up to ${MAX_PATTERN} characters, not of ${pattern.length}`,
    );
  }
  const regex = compile(pattern);
  charge(100 + 20 * regex.programSize());
  // The oldest goes: patterns that are data would otherwise be kept for ever.
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
  kept.set(pattern, regex);
  return regex;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new Trouble("matches() takes a regular expression in RE2's syntax", pattern);
  }
}
