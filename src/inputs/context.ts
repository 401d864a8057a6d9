import type { Expression, Scope, Template, Vars } from "../model/expression.ts";
import type { ForeachSource } from "../model/plan.ts";
import type { Clock, SourceFiles } from "../runtime/ports.ts";
import type { ItemSource } from "./items.ts";

/** What inputs are made from beside the plan. */
export interface InputContext {
  /** Absolute; the config's directory, where relative paths start. */
  readonly directory: string;
  /** `params`, `run`, and `needs` once what the task needs has ended. */
  readonly vars: Vars;
  readonly clock: Clock;
  readonly sources: SourceFiles;
  /** Compiles what was checked at load; throws when it does not compile. */
  readonly compiler: {
    bare(source: string, scope: Scope): Expression;
    template(source: string, scope: Scope): Template;
  };
  /** Opens `foreach: { from }`, which is fed by the run. */
  readonly openFrom: (source: FromSource) => ItemSource;
}

/** `foreach: { from: TASK }`. */
export type FromSource = ForeachSource & { readonly source: "from" };
