import {
  type Alias,
  isAlias,
  isMap as isYamlMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { ConfigPath } from "../model/diagnostic.ts";

/** What each alias of a document stands for. */
export type AliasTargets = ReadonlyMap<Alias, Node>;

/** Nodes at a path; null where the document has none. */
export interface Found {
  readonly key: Node | null;
  readonly node: Node | null;
}

/** Looks up a path of keys and list positions, through aliases and merges. A name is found in a list of names, too. */
export function findNode(root: Node | null, path: ConfigPath, targets: AliasTargets): Found {
  let found: Found = { key: null, node: root };
  for (const step of path) {
    const node = follow(found.node, targets);
    if (isSeq(node)) found = { key: null, node: elementOf(node, step) };
    else {found = (isYamlMap(node) ? findPair(node, String(step), targets) : undefined) ??
        { key: null, node: null };}
  }
  return { key: found.key, node: follow(found.node, targets) };
}

function elementOf(list: YAMLSeq, step: string | number): Node | null {
  const isNamed = (item: unknown) => isScalar(item) && item.value === step;
  const element = typeof step === "number" ? list.items[step] : list.items.find(isNamed);
  return (element as Node | undefined) ?? null;
}

function findPair(map: YAMLMap, key: string, targets: AliasTargets): Found | undefined {
  const pairs = map.items as Pair<Node, Node | null>[];
  const own = pairs.find((pair) => isScalar(pair.key) && !isMerge(pair) && keyText(pair.key) === key);
  if (own) return { key: own.key, node: own.value };
  for (const pair of pairs.filter(isMerge)) {
    const value = follow(pair.value, targets);
    for (const one of isSeq(value) ? value.items as Node[] : [value]) {
      const merged = follow(one, targets);
      const found = isYamlMap(merged) ? findPair(merged, key, targets) : undefined;
      if (found) return found;
    }
  }
}

function follow(node: Node | null, targets: AliasTargets): Node | null {
  return isAlias(node) ? targets.get(node) ?? null : node;
}

/** A key as it is written, without quotes: `007` stays `007`. */
export function keyText(key: Scalar): string {
  return key.type === "PLAIN" ? key.source ?? "" : String(key.value);
}

/** True for `<<`. */
export function isMerge({ key }: Pair<Node, Node | null>): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

/** Where a node stands, from its first character to behind its last. */
export function rangeOf(node: Node): readonly [number, number] {
  return node.range ? [node.range[0], node.range[1]] : [0, 1];
}
