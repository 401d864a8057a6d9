import { compileExpression } from "../expr/compile_expression.ts";
import type { ReportProblem } from "../model/diagnostic.ts";
import type { Config } from "./config_schema.ts";
import { scopesOf } from "./scopes.ts";

/** A target with `per` is a family of pools: every task that names it has to say which one its inputs belong to. */
export function checkFamilies(config: Config, report: ReportProblem): void {
  const scopeAt = scopesOf(config);
  for (const [name, { target: named, kind }] of Object.entries(config.tasks)) {
    const per = named === undefined ? undefined : config.targets?.[named]?.per;
    if (per === undefined || per === null) continue;
    const path = ["tasks", name, "target"];
    if (per === "origin") {
      if (kind === "http") continue;
      report(path, `target "${named}" has "per: origin", and only http tasks have an origin`);
      continue;
    }
    const compiled = compileExpression(per, scopeAt(path, "item"));
    if (compiled.ok) continue;
    const [problem] = compiled.problems;
    report(
      path,
      `target "${named}" has one pool per ${per}, which this task cannot tell: ${problem!.message}`,
    );
  }
}
