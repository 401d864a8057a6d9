/**
 * The parts of the library's parsed tree that we rewrite. Its typings leave them out; `cel_library_test.ts` notices
 * when an upgrade changes one of them.
 */
export interface CelNode {
  /** `value`, `id`, `.`, `.?`, `[]`, `[?]`, `call`, `rcall`, `list`, `map`, `?:`, `||`, `&&`, `!_`, `-_` or a binary operator. */
  op: string;
  args: unknown;
  readonly start: number;
  readonly end: number;
  readonly input: string;
  readonly meta: CelMeta;
  setMeta(key: string, value: unknown): CelNode;
  /** Set by the type check. */
  checkedType?: CelType;
  /** Set by the type check: what the operator or the call does with its evaluated operands. */
  handle?: (...args: unknown[]) => unknown;
  left?: CelNode;
  right?: CelNode;
}

/** How a node is checked and evaluated. Both can be replaced until the first evaluation. */
export interface CelMeta {
  check: (checker: CelChecker, node: CelNode, context: unknown) => CelType;
  evaluate: (evaluator: CelEvaluator, node: CelNode, context: unknown) => unknown;
  /** What a macro such as `map` was expanded to. */
  readonly alternate?: CelNode;
  /** A macro that checks and evaluates itself: `has`, `cel.bind`, `orValue`. */
  readonly macro?: { readonly var?: string; readonly val?: CelNode; readonly exp?: CelNode };
}

/** The arguments of a `comprehension`, which the list macros expand to. */
export interface Comprehension {
  readonly iterable: CelNode;
  readonly iterVarName: string;
  readonly step: CelNode;
}

/** A type as the library's checker knows it. */
export interface CelType {
  readonly kind: "primitive" | "list" | "map" | "message" | "dyn" | "optional" | "param";
  /** Without parameters: `list`. */
  readonly type: string;
  /** With them: `list<string>`. */
  readonly name: string;
  readonly keyType?: CelType;
  readonly valueType?: CelType;
}

export interface CelChecker {
  check(node: CelNode, context: unknown): CelType;
  getType(name: string): CelType;
  createError(code: string, message: string, node: CelNode): Error;
}

export interface CelEvaluator {
  run(node: CelNode, context: unknown): unknown;
  debugType(value: unknown): CelType;
  debugTypeDeep(value: unknown): CelType;
  tryEval(node: CelNode, context: unknown): unknown;
  readonly registry: CelRegistry;
}

export interface CelRegistry {
  functionCandidates(isMethod: boolean, name: string, arity: number): {
    returnType: unknown;
    readonly declarations: { readonly signature: string }[];
  };
}

/** The operands of a binary operator, or the branches of `?:`. */
export function operands(node: CelNode): readonly CelNode[] {
  return node.args as readonly CelNode[];
}

/** The text the node stands for, as it was written. */
export function sourceOf(node: CelNode): string {
  return node.input.slice(node.start, node.end);
}

/** The field that `.name` or `["name"]` reads; null for a computed one. */
export function fieldNameOf(access: CelNode): string | null {
  const field = (access.args as readonly unknown[])[1];
  if (typeof field === "string") return field;
  const { op, args } = field as CelNode;
  return op === "value" && typeof args === "string" ? args : null;
}

/** The nodes that a node is made of, before macros are expanded. */
export function childrenOf(node: CelNode): readonly CelNode[] {
  const args = node.args;
  switch (node.op) {
    case "value":
    case "id":
    case "accuValue":
    case "accuInc":
      return [];
    case ".":
    case ".?":
      return [(args as [CelNode])[0]];
    case "call":
      return (args as [string, CelNode[]])[1];
    case "rcall": {
      const [, receiver, rest] = args as [string, CelNode, CelNode[]];
      return [receiver, ...rest];
    }
    case "map":
      return (args as [CelNode, CelNode][]).flat();
    default:
      return Array.isArray(args) ? args : [args as CelNode];
  }
}
