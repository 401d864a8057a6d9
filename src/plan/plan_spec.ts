import type { Config } from "../config/config_schema.ts";
import type { ValueMap } from "../model/json.ts";
import type { PoolPlan, TaskPlan } from "../model/plan.ts";
import { isTemplated } from "../schema/templated.ts";
import type { Kind } from "../tasks/kind.ts";
import type { SettingsMap } from "./merge_layers.ts";
import { mergeSpec } from "./merge_spec.ts";
import { targetOf, type TaskDraft, type TaskPlanning } from "./task_draft.ts";

/** The kind's section: its built-in limits, the defaults of the kind and the target's section below the task's own. */
export function planSpec(
  { name, setting, pool }: TaskDraft,
  kind: Kind,
  { evaluator, config }: TaskPlanning,
): ValueMap {
  const own = evaluator.settle(setting.spec, ["tasks", name, kind.name]) as SettingsMap | undefined;
  const shared = isOfKind(pool, kind)
    ? pool.spec
    : evaluator.settle(config.defaults?.[kind.name] ?? {}, ["defaults", kind.name]) as
      | SettingsMap
      | undefined;
  const inherited = Object.entries(shared ?? {}).filter(([key]) => !kind.targetOnly?.includes(key));
  return { ...kind.limits, ...mergeSpec(Object.fromEntries(inherited), own ?? {}) } as ValueMap;
}

/** Why each limit of the kind's section holds: `http.maxBytes`. */
export function whyKindLimits(
  { name, setting, pool }: TaskDraft,
  kind: Kind,
  config: Config,
): TaskPlan["why"] {
  const places: readonly (readonly [string, SettingsMap | null | undefined])[] = [
    [`tasks.${name}`, setting.spec],
    [`targets.${pool.name}`, isOfKind(pool, kind) ? targetOf(config, pool)?.spec : undefined],
    ["defaults", config.defaults?.[kind.name]],
  ];
  const whyOf = (key: string) => {
    const [place, spec] = places.find(([, spec]) => spec?.[key] !== undefined) ?? [];
    const value = spec?.[key];
    if (place === undefined) return "built-in";
    if (value === null) return `built-in: ${place} says null`;
    return isTemplated(value) ? `${place}: ${value.template}` : place;
  };
  return Object.fromEntries(Object.keys(kind.limits ?? {}).map((key) => [`${kind.name}.${key}`, whyOf(key)]));
}

/** A plain pool, such as that of the CPUs, has no section that a task could inherit. */
function isOfKind(pool: PoolPlan, kind: Kind): boolean {
  return pool.kind === kind.name;
}
