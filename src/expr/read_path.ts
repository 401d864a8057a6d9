import type { Value } from "../model/json.ts";
import { nearest } from "../model/near.ts";
import type { Vars } from "../model/expression.ts";
import type { Leaf } from "./bind_names.ts";
import { type CelNode, fieldNameOf, operands } from "./cel_node.ts";
import { isSizeName } from "./explain_failure.ts";
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
      if (value === undefined) throw missing(owner, [...leaf.path, ...fields.slice(0, position)], field);
    }
    return value;
  } catch (error) {
    throw error instanceof Trouble ? error : new Foreign(error);
  }
}

/** Why `owner`, which stands at `path`, has no such field, and what was probably meant. */
function missing(owner: unknown, path: readonly string[], field: string): Trouble {
  const name = path.join(".");
  if (Array.isArray(owner)) {
    return new Trouble(
      isSizeName(field)
        ? `${name} is a list; how many elements it has is size(${name})`
        : `${name} is a list and has no ${JSON.stringify(field)}; one element's is ${name}[0].${field}, ` +
          `those of all are ${name}.map(x, x.${field})`,
    );
  }
  // Of one or two letters any other word is a slip away.
  const meant = isPlainMap(owner) && field.length > 2 ? nearest(field, Object.keys(owner)) : undefined;
  const question = meant === undefined ? "; if" : `; did you mean ${JSON.stringify(meant)}? If`;
  return new Trouble(
    `${name} has no ${JSON.stringify(field)}${question} it may be missing, use .? and .orValue(…)`,
  );
}

function isPlainMap(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array || value instanceof Date);
}
