import type { Value } from "../model/json.ts";
import type { Vars } from "../model/expression.ts";
import { fieldNameOf, type Leaf } from "./bind_names.ts";
import { type CelNode, operands } from "./cel_node.ts";
import { Foreign, Trouble, valueAt } from "./evaluation.ts";
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
export function readPath(vars: Vars, { leaf, fields }: Path): Value {
  let value = read(vars, leaf.path);
  if (value === undefined) throw new Trouble(`${leaf.path.join(".")} has no value here`);
  for (let position = 0; position < fields.length; position++) {
    const field = fields[position]!;
    if (!isPlainMap(value) || !Object.hasOwn(value, field) || value[field] === undefined) {
      const owner = [...leaf.path, ...fields.slice(0, position)].join(".");
      throw new Trouble(
        `${owner} has no ${JSON.stringify(field)}; if it may be missing, use .? and .orValue(…)`,
      );
    }
    value = value[field];
  }
  return typeof value === "object" && isPlainValue(value) ? value : toValue(value);
}

function read(vars: Vars, path: readonly string[]): unknown {
  try {
    return valueAt(vars, path);
  } catch (error) {
    throw new Foreign(error);
  }
}

function isPlainMap(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && isPlainValue(value) && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}

/** Everything that is an object but a time, which goes out as text. */
function isPlainValue(value: object | null): value is Exclude<Value, string | number | bigint | boolean> {
  return !(value instanceof Date);
}
