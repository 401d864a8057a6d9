import { Composer, type Document, isScalar, LineCounter, visit } from "yaml";
import type { Value } from "../model/json.ts";
import { isValueMap, maxDataDepth } from "../model/json.ts";
import { DecodeError } from "./kind.ts";
import { TooDeep, yamlTokens } from "./yaml_tokens.ts";

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
    const tokens = yamlTokens(text, maxDataDepth, lineCounter.addNewLine);
    const [document, second] = new Composer(options).compose(tokens, true, text.length);
    const fault = document!.errors[0] ?? secondDocument(second) ?? doubleKey(document!);
    if (fault === undefined) return withNumbers(document!.toJS({ maxAliasCount: 10_000 }));
    const { line, col } = lineCounter.linePos(fault.pos[0]);
    throw new DecodeError(`${what} is not YAML: ${fault.message} at line ${line}, column ${col}`);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if (error instanceof TooDeep) {
      throw new DecodeError(`${what} is YAML that is nested more than ${maxDataDepth} levels deep`);
    }
    throw new DecodeError(`${what} is not YAML: ${(error as Error).message}`);
  }
}

const options = {
  prettyErrors: false,
  intAsBigInt: true,
  merge: true,
  // Theirs compares every key with every other.
  uniqueKeys: false,
  logLevel: "error",
} as const;

type Fault = { readonly message: string; readonly pos: readonly [number, ...unknown[]] };

function secondDocument(document: Document.Parsed | undefined): Fault | undefined {
  return document && { message: "a second document begins", pos: document.range };
}

function doubleKey(document: Document): Fault | undefined {
  let found: Fault | undefined;
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

/** Integers that a double holds, as numbers. Aliases may nest what the text does not. */
function withNumbers(value: unknown, depth = 0): Value {
  if (depth > maxDataDepth) throw new TooDeep(0);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map((inner) => withNumbers(inner, depth + 1));
  if (!isValueMap(value)) return value as Value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withNumbers(inner, depth + 1)]),
  );
}
