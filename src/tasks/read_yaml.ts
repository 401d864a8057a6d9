import { type Document, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { Value } from "../model/json.ts";
import { isValueMap } from "../model/json.ts";
import { DecodeError } from "./kind.ts";

/** A megabyte of YAML takes about a second, during which nothing else is done. */
const maxLength = 4_000_000;

/**
 * Reads one YAML document. Whole numbers are exact; aliases are limited, so that a small text does not become a large value.
 *
 * @throws DecodeError with the line and column of the first fault
 */
export function readYaml(text: string, what: string): Value {
  if (text.length > maxLength) {
    throw new DecodeError(
      `${what} has more than 4 MB, too much for YAML: keep it as JSON, which is read far faster`,
    );
  }
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, options(lineCounter));
    const fault = document.errors[0] ?? doubleKey(document);
    if (fault === undefined) return withNumbers(document.toJS({ maxAliasCount: 10_000 }));
    const { line, col } = lineCounter.linePos(fault.pos[0]);
    throw new DecodeError(`${what} is not YAML: ${inWords(fault.message)} at line ${line}, column ${col}`);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`${what} is not YAML: ${inWords((error as Error).message)}`);
  }
}

function options(lineCounter: LineCounter) {
  return {
    lineCounter,
    prettyErrors: false,
    intAsBigInt: true,
    merge: true,
    // Theirs compares every key with every other.
    uniqueKeys: false,
    logLevel: "error",
  } as const;
}

function doubleKey(
  document: Document,
): { readonly message: string; readonly pos: readonly [number, ...unknown[]] } | undefined {
  let found: { message: string; pos: readonly [number, ...unknown[]] } | undefined;
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === "<<") continue;
        if (seen.has(key.value)) {
          found = {
            message: `the key ${JSON.stringify(String(key.value))} stands twice`,
            pos: key.range ?? [0],
          };
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

function inWords(message: string): string {
  if (/call stack/.test(message)) return "it is nested too deeply";
  return /multiple documents/.test(message) ? "a second document begins" : message;
}

/** Integers that a double holds, as numbers. */
function withNumbers(value: unknown): Value {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (!isValueMap(value)) return value as Value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNumbers(inner)]));
}
