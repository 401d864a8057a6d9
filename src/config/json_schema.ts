import type { JsonSchema } from "../schema/words.ts";
import { configSchema } from "./config_schema.ts";

/**
 * The JSON Schema of a config, for editors: what `config.schema.json` holds and `fanout schema` prints.
 * Draft 7, which editors know best.
 */
export function configJsonSchema(): JsonSchema {
  const whole = configSchema.json();
  const { schema, definitions } = shareRepeated(whole);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "fanout config",
    ...schema,
    definitions,
  };
}

/** {@link configJsonSchema} as the text of a file. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

/** Shorter parts are repeated where they stand. */
const minLength = 250;

interface Part {
  /** The key it first stood under. */
  readonly key: string;
  count: number;
  /** The texts of what it stands in. */
  readonly parents: Set<string>;
}

/** Puts what stands in several places under `definitions`: a third of the size, and one place to read. */
function shareRepeated(whole: JsonSchema) {
  const parts = new Map<string, Part>();
  countParts(whole, "config", "", parts);
  // What only ever stands inside one repeated part is shared with it.
  const isShared = (text: string) => {
    const { count, parents } = parts.get(text) ?? { count: 0, parents: new Set<string>() };
    const [parent = ""] = parents;
    return count > 1 && !(parents.size === 1 && (parts.get(parent)?.count ?? 0) > 1);
  };
  const names = new Map<string, string>();
  const definitions: { [name: string]: unknown } = {};
  const rewrite = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(rewrite);
    if (typeof node !== "object" || node === null) return node;
    const text = JSON.stringify(node);
    if (!isShared(text)) return rewriteInside(node);
    const known = names.get(text);
    if (known !== undefined) return { $ref: `#/definitions/${known}` };
    const name = freeName(parts.get(text)!.key, new Set(names.values()));
    names.set(text, name);
    definitions[name] = rewriteInside(node);
    return { $ref: `#/definitions/${name}` };
  };
  const rewriteInside = (node: object) =>
    Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rewrite(value)]));
  return { schema: rewriteInside(whole), definitions };
}

function countParts(node: unknown, key: string, parent: string, parts: Map<string, Part>): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) return node.forEach((element) => countParts(element, key, parent, parts));
  const text = JSON.stringify(node);
  const isPart = text.length >= minLength && ("description" in node || "anyOf" in node);
  if (isPart) {
    const part = parts.get(text) ?? { key, count: 0, parents: new Set<string>() };
    part.count++;
    part.parents.add(parent);
    parts.set(text, part);
  }
  const inside = isPart ? text : parent;
  for (const [name, value] of Object.entries(node)) {
    const isKeyword = ["anyOf", "items", "additionalProperties", "properties"].includes(name);
    countParts(value, isKeyword ? key : name, inside, parts);
  }
}

function freeName(key: string, taken: ReadonlySet<string>): string {
  for (let number = 1;; number++) {
    const name = number === 1 ? key : `${key}${number}`;
    if (!taken.has(name)) return name;
  }
}
