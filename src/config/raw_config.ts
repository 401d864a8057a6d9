import {
  type Alias,
  type Document,
  isAlias,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { type AliasTargets, isMerge, keyText, rangeOf } from "./find_node.ts";
import { quotedText } from "../schema/quoted_text.ts";
import { quotedAt } from "./quoted_line.ts";
import type { TextProblem } from "./decode_text.ts";

/** A document as plain values. */
export interface RawConfig {
  readonly value: unknown;
  readonly problems: readonly TextProblem[];
  /** What each alias stands for. */
  readonly targets: AliasTargets;
}

/** Values that aliases may repeat; a billion laughs end here. */
const maxRepeated = 100_000;

const refusedKeys = new Set(["__proto__", "constructor", "prototype"]);

/** How far before its value a tag is looked for. */
const maxTag = 200;

/** Tags of YAML itself, such as `!!str`. */
const coreTags = /^tag:yaml\.org,2002:(str|int|float|bool|null|seq|map)$/;

/**
 * Turns YAML into plain values: merges are applied, aliases followed, whole numbers exact, traps explained.
 * A value about which something was said already is `undefined`.
 */
export function toRaw(document: Document.Parsed, text: string): RawConfig {
  const problems: TextProblem[] = [];
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let repeating = 0;
  let repeated = 0;

  const say = (node: Node, message: string) => {
    const [start, end] = rangeOf(node);
    problems.push({ offset: start, length: end - start, message });
  };
  return { value: valueOf(document.contents), problems, targets };

  function valueOf(node: Node | null): unknown {
    if (node === null) return null;
    if (repeating > 0 && ++repeated > maxRepeated) return null;
    if (isAlias(node)) return aliasValue(node);
    if ("anchor" in node && node.anchor) anchors.set(node.anchor, node);
    if (node.tag !== undefined && !coreTags.test(node.tag)) return refuseTag(node);
    if (isScalar(node)) return scalarValue(node);
    open.add(node);
    const value = isSeq(node) ? node.items.map((item) => valueOf(item as Node)) : mapValue(node as YAMLMap);
    open.delete(node);
    return value;
  }

  function aliasValue(alias: Alias): unknown {
    // Said once: what else repeats so much is the same bomb.
    if (repeated > maxRepeated) return undefined;
    const target = anchors.get(alias.source);
    if (target === undefined) {
      say(alias, `no anchor &${alias.source} stands before this${ifText(rangeOf(alias)[0])}`);
      return undefined;
    }
    if (open.has(target)) {
      say(alias, `*${alias.source} stands inside what it repeats`);
      return undefined;
    }
    targets.set(alias, target);
    repeating++;
    const value = valueOf(target);
    if (--repeating > 0 || repeated <= maxRepeated) return value;
    say(alias, `aliases repeat more than ${maxRepeated} values: write fewer`);
    return undefined;
  }

  function refuseTag(node: Node): undefined {
    const [start] = rangeOf(node);
    const tag = /!\S*(?=\s*(&\S+\s+)?$)/.exec(text.slice(0, start).slice(-maxTag));
    const offset = tag ? start - Math.min(start, maxTag) + tag.index : start;
    const message = `${tag?.[0] ?? node.tag} is a YAML tag, which a config has none of${ifText(offset)}`;
    problems.push({ offset, length: tag?.[0].length ?? 1, message });
  }

  function scalarValue(node: Scalar): unknown {
    const { value } = node;
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    say(node, `${node.source} is no number that JSON knows; write it in quotes if it is text`);
    return undefined;
  }

  function mapValue(map: YAMLMap): unknown {
    const pairs = map.items as Pair<Node, Node | null>[];
    if (!pairs.every(({ key }) => isScalar(key))) {
      say(map, `to YAML this is a map with a map as its key${ifText(rangeOf(map)[0])}`);
      return undefined;
    }
    const values: { [key: string]: unknown } = {};
    const merged: { [key: string]: unknown }[] = [];
    const first = new Map<string, Node>();
    for (const [position, pair] of pairs.entries()) {
      const key = keyText(pair.key as Scalar);
      if (refusedKeys.has(key)) {
        say(pair.key, `"${key}" cannot be a key`);
        continue;
      }
      if (map.flow && pair.value === null) {
        const before = pairs[position - 1];
        say(pair.key, `"${key}" has no value${before ? joinedHint(before, key) : ""}`);
        if (before) values[keyText(before.key as Scalar)] = undefined;
        continue;
      }
      const value = valueOf(pair.value);
      if (isMerge(pair)) {
        merged.push(...mergedMaps(pair, value));
      } else if (first.has(key)) {
        say(pair.key, `the key "${key}" stands here twice, first on line ${lineOf(first.get(key)!)}`);
      } else {
        first.set(key, pair.key);
        values[key] = value;
      }
    }
    for (const other of merged) {
      for (const key of Object.keys(other)) if (!Object.hasOwn(values, key)) values[key] = other[key];
    }
    return values;
  }

  function mergedMaps(pair: Pair<Node, Node | null>, value: unknown): { [key: string]: unknown }[] {
    const maps = Array.isArray(value) ? value : [value];
    if (maps.every((one) => typeof one === "object" && one !== null && !Array.isArray(one))) return maps;
    say(pair.key, "<< takes a map, or a list of maps: << : *anchor");
    return [];
  }

  function ifText(offset: number): string {
    const quoted = quotedAt(text, offset);
    return quoted === undefined ? "" : `; if it is text, quote it: ${quoted}`;
  }

  function lineOf(node: Node): number {
    return text.slice(0, rangeOf(node)[0]).split("\n").length;
  }
}

/** What a text with a comma in it should be, when `{ }` cut it in two. */
function joinedHint({ key, value }: Pair<Node, Node | null>, rest: string): string {
  if (!isScalar(value) || value.type !== "PLAIN") return "";
  const joined = quotedText(`${value.source}, ${rest}`);
  return `; inside { } a comma ends a value, so write it in quotes: ${keyText(key as Scalar)}: ${joined}`;
}
