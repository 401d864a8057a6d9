import { Environment } from "@marcbachmann/cel-js/evaluator";
import type { CelEvaluator, CelNode, CelRegistry } from "./cel_node.ts";
import { charge } from "./evaluation.ts";
import { installFunctions } from "./functions.ts";

/** Bounds on the text of one expression; what it does with data is bounded by steps. */
const LIMITS = { maxAstNodes: 5000, maxDepth: 64, maxListElements: 1000, maxMapEntries: 1000 };

interface Made {
  readonly environment: Environment;
  readonly registry: CelRegistry;
}

let made: Made | undefined;

/**
 * CEL as we speak it: one environment for all expressions, since names are bound in the tree and not here.
 * Made when the first expression is compiled.
 */
export function celEnvironment(): Environment {
  return (made ??= makeEnvironment()).environment;
}

/** A function, method or macro that expressions may call. */
export interface KnownFunction {
  readonly name: string;
  readonly isMethod: boolean;
  /** As in `string.split(string, int): list<string>`. */
  readonly signature: string;
}

/** All that can be called, for messages. */
export function functionTable(): readonly KnownFunction[] {
  const { environment, registry } = made ??= makeEnvironment();
  const table = new Map<string, KnownFunction>();
  for (const { receiverType, name, params, signature } of environment.getDefinitions().functions) {
    const isMethod = receiverType !== null;
    // The list still has what we removed, and what we replaced twice.
    const { declarations } = registry.functionCandidates(isMethod, name, params.length);
    if (declarations.some((declaration) => declaration.signature === signature)) {
      table.set(signature, { name, isMethod, signature });
    }
  }
  return [...table.values()];
}

function makeEnvironment(): Made {
  const environment = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  });
  const evaluator = evaluatorOf(environment);
  // The library names the types of values as deep as they go, and keeps the names: data nested a thousand deep
  // would leave megabytes behind. Nothing of ours goes by more than the outermost type.
  evaluator.debugTypeDeep = (value) => evaluator.debugType(value);
  evaluator.tryEval = (node, context) => tryEvaluate(evaluator, node, context);
  installFunctions(environment, evaluator.registry);
  return { environment, registry: evaluator.registry };
}

/**
 * What `exists`, `all`, `||` and `&&` evaluate by: an error is a result, since another element or side may decide.
 * Making one takes microseconds; and that no steps are left may not be swallowed.
 */
function tryEvaluate(evaluator: CelEvaluator, node: CelNode, context: unknown): unknown {
  try {
    return evaluator.run(node, context);
  } catch (error) {
    charge(50);
    return error;
  }
}

/** The library keeps its evaluator to itself, but calls functions on it. */
function evaluatorOf(environment: Environment): CelEvaluator {
  let evaluator: CelEvaluator | undefined;
  environment.registerFunction("findEvaluator(): bool", function (this: CelEvaluator) {
    evaluator = this;
    return true;
  }, { async: false });
  environment.evaluate("findEvaluator()");
  evaluator!.registry.functionCandidates(false, "findEvaluator", 0).declarations.length = 0;
  return evaluator!;
}
