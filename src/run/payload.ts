import type { Vars } from "../model/expression.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { Carried } from "./earlier_result.ts";

/** What the engine carries for one task run and never looks into. */
export interface Payload {
  /** From 0, within the task. */
  readonly index: number;
  readonly item: Value;
  readonly matrix: ValueMap | null;
  readonly key: string | null;
  /** Identity: what a resume goes by. Hex. */
  readonly id: string;
  /** Every name a template of the task may read. */
  readonly vars: Vars;
  /** It ended in an earlier run: it is not run in this one. */
  readonly carried?: Carried;
}
