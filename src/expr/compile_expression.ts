/**
 * Expressions: `${{ }}` and CEL. Text in, something that can be evaluated out, and everything that is wrong with it
 * said at load. The parser, the type checker and the macros are the library's; names, operators, values and the step
 * limit are ours. Nothing here reads a config, knows a kind of task, or touches the machine.
 */
import type { Compiled, Expression, ExpressionProblem, Scope, Vars } from "../model/expression.ts";
import { amendAfterCheck, amendBeforeCheck } from "./amend_tree.ts";
import { bindNames } from "./bind_names.ts";
import { celEnvironment } from "./cel_environment.ts";
import { readable } from "./cel_error.ts";
import type { CelNode, CelType } from "./cel_node.ts";
import { evaluateOver, Foreign, Trouble } from "./evaluation.ts";
import { explainFailure, explainTrouble } from "./explain_failure.ts";
import { explainProblem } from "./explain_problem.ts";
import { findOperands } from "./find_operands.ts";
import { LITERAL_CHECKS } from "./functions.ts";
import { readsSecrets } from "./names.ts";
import { type Path, pathOf, readPath } from "./read_path.ts";
import { toValue } from "./values.ts";

/**
 * Compiles one CEL expression over the names of `scope`. Never throws.
 *
 * Evaluating it throws `ExpressionError`, or, unchanged, what a getter of the values threw (`DecodeError`).
 * It takes at most {@link STEP_LIMIT} steps.
 */
export function compileExpression(source: string, scope: Scope): Compiled<Expression> {
  if (source.trim() === "") return failed({ offset: 0, length: 1, message: "the expression is empty" });
  try {
    return compile(source, scope);
  } catch (error) {
    return failed(explainProblem(error, source));
  }
}

function compile(source: string, scope: Scope): Compiled<Expression> {
  const run = celEnvironment().parse(source);
  const root = run.ast as unknown as CelNode;
  const { names, problems, nodes, leaves } = bindNames(root, scope);
  if (problems.length > 0) return { ok: false, problems };

  const path = pathOf(root, leaves);
  amendBeforeCheck(nodes);
  const checked = run.check();
  if (!checked.valid) return failed(explainProblem(checked.error, source));
  amendAfterCheck(nodes);
  const wrong = [...checkLiterals(nodes), ...checkResult(root)];
  if (wrong.length > 0) return { ok: false, problems: wrong };

  const evaluate = evaluator(source, readsSecrets(names), path, () => toValue(run()));
  let operands: readonly Expression[] | undefined;
  return {
    ok: true,
    value: {
      source,
      type: readable(checked.type!),
      names,
      evaluate,
      operands: () => operands ??= compileOperands(source, scope),
    },
  };
}

/** An operand that is no value of its own, such as an optional or the name of a type, is left out. */
function compileOperands(source: string, scope: Scope): readonly Expression[] {
  return findOperands(source).flatMap((operand) => {
    const compiled = compileExpression(operand, scope);
    const isShown = compiled.ok && compiled.value.names.size > 0 && !readsSecrets(compiled.value.names);
    return isShown ? [compiled.value] : [];
  });
}

function evaluator(
  source: string,
  isSecret: boolean,
  path: Path | null,
  run: () => ReturnType<typeof toValue>,
) {
  return (vars: Vars) => {
    try {
      // Most templates are `${{ item }}` or `${{ item.name }}`: their value is there, CEL is not needed to find it.
      return path === null ? evaluateOver(vars, run) : readPath(vars, path);
    } catch (error) {
      if (error instanceof Foreign) throw error.error;
      throw explainFailure(error, source, isSecret);
    }
  };
}

/** What is written out in the text can be tried before anything runs. */
function checkLiterals(nodes: readonly CelNode[]): readonly ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  for (const node of nodes) {
    if (node.op !== "call" && node.op !== "rcall") continue;
    const [name, ...rest] = node.args as [string, ...unknown[]];
    if (!Object.hasOwn(LITERAL_CHECKS, name)) continue;
    const args = rest.at(-1) as readonly CelNode[];
    const literals = args.map((arg) => arg.op === "value" ? arg.args : undefined);
    try {
      LITERAL_CHECKS[name]!(...literals);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      problems.push({ offset: node.start, length: node.end - node.start, message: explainTrouble(error) });
    }
  }
  return problems;
}

/** An optional is no value: whoever reads it would have to know CEL. */
function checkResult(root: CelNode): readonly ExpressionProblem[] {
  if ((root.checkedType as CelType).kind !== "optional") return [];
  const message = "this gives an optional; end it with .orValue(…)";
  return [{ offset: root.start, length: root.end - root.start, message }];
}

function failed(problem: ExpressionProblem): Compiled<never> {
  return { ok: false, problems: [problem] };
}
