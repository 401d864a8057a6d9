import type { Config } from "../config/config_schema.ts";
import type { TargetSetting } from "../config/target_schema.ts";
import type { TaskSetting } from "../config/task_schema.ts";
import type { ReportProblem } from "../model/diagnostic.ts";
import type { PoolPlan } from "../model/plan.ts";
import type { Cpus } from "../runtime/cpus.ts";
import type { Evaluator } from "./evaluate.ts";

/** A task of the config, and what was decided about it before. */
export interface TaskDraft {
  readonly name: string;
  readonly setting: TaskSetting;
  /** Position of its pool. */
  readonly position: number;
  readonly pool: PoolPlan;
  /** @see TaskPlan.only */
  readonly only: readonly string[] | null;
  /** @see TaskPlan.first */
  readonly first: number | null;
}

/** What planning a task needs of the rest. */
export interface TaskPlanning {
  readonly config: Config;
  readonly evaluator: Evaluator;
  readonly cpus: Cpus;
  readonly report: ReportProblem;
}

/** What the config says of the target behind a pool; undefined for a default pool that nobody configured. */
export function targetOf({ targets = {} }: Config, pool: PoolPlan): TargetSetting | undefined {
  return Object.hasOwn(targets, pool.name) ? targets[pool.name] : undefined;
}
