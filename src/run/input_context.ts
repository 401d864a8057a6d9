import { compileBare, compileTemplate } from "../expr/compile_template.ts";
import type { InputContext } from "../inputs/context.ts";
import { end, type ItemSource } from "../inputs/items.ts";
import type { Vars } from "../model/expression.ts";
import type { Plan } from "../model/plan.ts";
import { planVars } from "../plan/given.ts";
import type { Ports } from "../runtime/ports.ts";
import { type ExpressionCompiler, throwingCompiler } from "./scope.ts";

/** Compiles what was checked when the config was loaded. */
export const compiler: ExpressionCompiler = throwingCompiler(compileBare, compileTemplate);

/** What sources are opened with; `vars` are those of a task whose needs have ended. */
export function inputContext(
  plan: Plan,
  ports: Ports,
  openFrom: InputContext["openFrom"] = () => noItems,
  vars: Vars = planVars(plan.params, plan),
): InputContext {
  return {
    directory: plan.config.directory,
    vars,
    clock: ports.clock,
    sources: ports.sources,
    compiler,
    openFrom,
  };
}

/** Before the run nothing has come from another task. */
const noItems: ItemSource = { next: () => end, close() {} };
