import type { Value } from "../model/json.ts";
import type { Vars } from "../model/expression.ts";
import type { Leaf } from "./bind_names.ts";
import { type CelNode, fieldNameOf, operands } from "./cel_node.ts";
import { Foreign, noValue, Trouble, valueAt } from "./evaluation.ts";
import { toValue } from "./values.ts";

/** An expression that is a name and fields of it, and nothing else. */
export interface Path {
  readonly leaf: Leaf;
  /** Fields that only the value can say whether it has. */
  readonly fields: readonly string[];
}

/** The path that `root` is; null when it is more than a path. */
export function pathOf(root: CelNode, leaves: ReadonlyMap<CelNode, Leaf>): Path | null {
  const fields: string[] = [];
  let node = root;
  while (!leaves.has(node)) {
    if (node.op !== "." && node.op !== "[]") return null;
    const field = fieldNameOf(node);
    if (field === null) return null;
    fields.unshift(field);
    node = operands(node)[0]!;
  }
  return { leaf: leaves.get(node)!, fields };
}

/**
 * What CEL would give for the path, without it: the very object that stands there.
 * @throws Trouble when something is missing, Foreign when a getter threw
 */
export function readPath(vars: Vars, path: Path): Value {
  const value = read(vars, path);
  return typeof value === "object" && !(value instanceof Date) ? value as Value : toValue(value);
}

function read(vars: Vars, { leaf, fields }: Path): unknown {
  try {
    let value = valueAt(vars, leaf.path);
    if (value === undefined) throw noValue(leaf.path);
    for (let position = 0; position < fields.length; position++) {
      const owner = value;
      const field = fields[position]!;
      value = isPlainMap(owner) && Object.hasOwn(owner, field) ? owner[field] : undefined;
      if (value === undefined) throw missing([...leaf.path, ...fields.slice(0, position)], field);
    }
    return value;
  } catch (error) {
    throw error instanceof Trouble ? error : new Foreign(error);
  }
}

function missing(owner: readonly string[], field: string): Trouble {
  return new Trouble(
    `${owner.join(".")} has no ${JSON.stringify(field)}; if it may be missing, use .? and .orValue(…)`,
  );
}

function isPlainMap(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array || value instanceof Date);
}
