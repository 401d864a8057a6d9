import type { ExpressionProblem, Scope, TypeSpec } from "../model/expression.ts";
import { nearest } from "../model/near.ts";
import { type CelNode, childrenOf, type Comprehension, fieldNameOf, operands } from "./cel_node.ts";
import { noValue, readVar } from "./evaluation.ts";
import { toCelAs } from "./values.ts";

/** A name of the scope, with its known fields. */
export interface Leaf {
  readonly path: readonly string[];
  readonly spec: TypeSpec;
}

/** A parsed expression whose names are bound to a scope. */
export interface Bound {
  /** As {@link Expression.names}. */
  readonly names: ReadonlySet<string>;
  readonly problems: readonly ExpressionProblem[];
  /** Every node, those of expanded macros too. */
  readonly nodes: readonly CelNode[];
  /** The nodes that read the scope. */
  readonly leaves: ReadonlyMap<CelNode, Leaf>;
}

/** Names of types and namespaces that the library itself knows; a scope's own names come first. */
const CONSTANTS = new Set("bool bytes cel double int list map null_type optional string type".split(" "));

/**
 * Binds the names in a parsed expression to `scope`, in place: `needs.users.outputs.ids` becomes one node that
 * reads just that. So only what is used is read, a name may be one of CEL's types (`bytes`), every unknown name is
 * found, at any depth, and one environment serves all scopes.
 */
export function bindNames(root: CelNode, scope: Scope): Bound {
  const binder = new Binder(scope);
  binder.visit(root, []);
  return binder;
}

class Binder implements Bound {
  readonly names = new Set<string>();
  readonly problems: ExpressionProblem[] = [];
  readonly nodes: CelNode[] = [];
  readonly leaves = new Map<CelNode, Leaf>();

  constructor(readonly scope: Scope) {}

  /** @param locals the variables of the macros around */
  visit(node: CelNode, locals: readonly string[]): void {
    this.nodes.push(node);
    const leaf = this.#resolve(node, locals);
    if (leaf === "unknown") return;
    if (leaf !== null) return this.#read(node, leaf);
    if (node.meta.alternate !== undefined) return this.#visitComprehension(node.meta.alternate, locals);
    if (isHas(node)) return this.#visitHas(node, locals);
    if (node.meta.macro?.exp !== undefined) return this.#visitBind(node.meta.macro, locals);
    switch (node.op) {
      case "id":
        return this.#checkId(node, locals);
      case "value":
        return this.#checkLiteral(node);
      case "-_":
        // The smallest whole number is written as the negative of one that is out of range.
        if ((node.args as CelNode).args === 9223372036854775808n) return;
        break;
      case ".?":
      case "[?]":
        if (this.#visitOptional(node, locals)) return;
    }
    for (const child of childrenOf(node)) this.visit(child, locals);
  }

  /** The leaf a node stands for; null for none, "unknown" after a problem was noted. */
  #resolve(node: CelNode, locals: readonly string[]): Leaf | "unknown" | null {
    if (node.op === "id") {
      const name = node.args as string;
      if (locals.includes(name) || !Object.hasOwn(this.scope, name)) return null;
      return { path: [name], spec: this.scope[name]! };
    }
    if (node.op !== "." && node.op !== "[]") return null;
    const whole = this.#resolve(operands(node)[0]!, locals);
    if (whole === null || whole === "unknown") return whole;
    return this.#fieldOf(whole, node);
  }

  /** The known field that an access names; null when `whole` has no known fields or the name is computed. */
  #fieldOf(whole: Leaf, access: CelNode): Leaf | "unknown" | null {
    const field = fieldNameOf(access);
    if (typeof whole.spec === "string" || field === null) return null;
    const { fields } = whole.spec;
    if (Object.hasOwn(fields, field)) return { path: [...whole.path, field], spec: fields[field]! };
    const owner = whole.path.join(".");
    const start = access.op === "." || access.op === ".?" ? access.end - field.length : access.start;
    const unknown = unknownName(field, `${owner} has`, Object.keys(fields));
    this.#problem(start, access.end, unknown);
    return "unknown";
  }

  #read(node: CelNode, leaf: Leaf): void {
    this.names.add(leaf.path.join("."));
    this.#bind(node, leaf);
  }

  #bind(node: CelNode, { path, spec }: Leaf): void {
    const name = path.join(".");
    const type = typeof spec === "string" ? spec : "map";
    const celType = CEL_TYPES[type] ?? type;
    node.op = "id";
    node.args = name;
    node
      .setMeta("async", false)
      .setMeta("check", (checker: { getType(name: string): unknown }) => checker.getType(celType))
      .setMeta("evaluate", () => {
        const value = readVar(path);
        if (value === undefined) throw noValue(path);
        return toCelAs(type, value);
      });
    this.leaves.set(node, { path, spec });
  }

  #visitComprehension(node: CelNode, locals: readonly string[]): void {
    this.nodes.push(node);
    const { iterable, iterVarName, step } = node.args as Comprehension;
    this.visit(iterable, locals);
    this.visit(step, [...locals, iterVarName]);
  }

  #visitBind(macro: NonNullable<CelNode["meta"]["macro"]>, locals: readonly string[]): void {
    this.visit(macro.val!, locals);
    this.visit(macro.exp!, [...locals, macro.var!]);
  }

  /** `has()` of a known name asks whether it has a value; of anything else it is the library's. */
  #visitHas(node: CelNode, locals: readonly string[]): void {
    const field = (node.args as [string, CelNode[]])[1][0]!;
    const leaf = this.#resolve(field, locals);
    if (leaf === "unknown") return;
    if (leaf === null || field.op === "id") {
      for (const child of childrenOf(field)) this.visit(child, locals);
      return;
    }
    this.names.add(leaf.path.join("."));
    node
      .setMeta("macro", undefined)
      .setMeta("async", false)
      .setMeta("check", (checker: { getType(name: string): unknown }) => checker.getType("bool"))
      .setMeta("evaluate", () => readVar(leaf.path) !== undefined);
  }

  /** `params.?day`: the name has to be known, the value may be missing. True when that is what the node is. */
  #visitOptional(node: CelNode, locals: readonly string[]): boolean {
    const left = operands(node)[0]!;
    const whole = this.#resolve(left, locals);
    if (whole === null || whole === "unknown") return whole === "unknown";
    const field = this.#fieldOf(whole, node);
    if (field === null) return false;
    if (field !== "unknown") {
      this.names.add(field.path.join("."));
      this.#bind(left, whole);
    }
    return true;
  }

  #checkId(node: CelNode, locals: readonly string[]): void {
    const name = node.args as string;
    if (locals.includes(name) || CONSTANTS.has(name)) return;
    const unknown = unknownName(name, "known here:", [...new Set([...locals, ...Object.keys(this.scope)])]);
    // `json.my-field` is a subtraction.
    const isDashed = /[\w\]]-$/.test(node.input.slice(0, node.start));
    const dash = isDashed ? '; a key with a "-" in it is read as in json["my-key"]' : "";
    this.#problem(node.start, node.end, unknown + dash);
  }

  #checkLiteral(node: CelNode): void {
    const literal = node.args;
    if (typeof literal === "bigint" && literal > 9223372036854775807n) {
      this.#problem(
        node.start,
        node.end,
        `${literal} does not fit into 64 bits; write it as text, or as a double`,
      );
    } else if (typeof literal === "object" && literal !== null && !(literal instanceof Uint8Array)) {
      this.#problem(node.start, node.end, "there are no unsigned integers here; leave out the u");
    }
  }

  #problem(start: number, end: number, message: string): void {
    this.problems.push({ offset: start, length: Math.max(1, end - start), message });
  }
}

const CEL_TYPES: { readonly [spec: string]: string } = {
  "map<string>": "map<string, string>",
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
};

function isHas(node: CelNode): boolean {
  return node.op === "call" && (node.args as [string])[0] === "has" && node.meta.macro !== undefined;
}

function unknownName(given: string, lead: string, known: readonly string[]): string {
  const meant = nearest(given, known);
  const question = meant === undefined ? "" : `; did you mean "${meant}"?`;
  const shown = known.length > 20 ? [...known.slice(0, 20), "…"] : known;
  return `unknown name "${given}"${question} (${lead} ${shown.join(", ") || "nothing"})`;
}
