import type { Config } from "../config/config_schema.ts";
import type { TaskSetting } from "../config/task_schema.ts";
import type { TargetSetting } from "../config/target_schema.ts";
import type { ValueMap } from "../model/json.ts";
import type { KindName, PoolPlan } from "../model/plan.ts";
import type { Cpus } from "../runtime/cpus.ts";
import type { DefaultPool } from "../tasks/kind.ts";
import { kindNamed } from "../tasks/registry.ts";
import type { Evaluator } from "./evaluate.ts";
import { type Layer, mergeLayers, type SettingsMap } from "./merge_layers.ts";
import { mergeSpec } from "./merge_spec.ts";
import { planBreaker, planConcurrency, planRate, whyOf } from "./plan_limits.ts";
import { readSettings } from "./read_settings.ts";

/** The pools of a plan, and which of them each task runs in. */
export interface Pools {
  /** Those that a task uses: declared ones in their order, then default ones as they are first used. */
  readonly pools: readonly PoolPlan[];
  /** Task → position in `pools`. */
  readonly positions: ReadonlyMap<string, number>;
}

/** Gives every task its pool: the target it names, or the default pool of its kind. */
export function planPools(
  config: Config,
  tasks: readonly (readonly [name: string, task: TaskSetting])[],
  evaluator: Evaluator,
  cpus: Cpus,
): Pools {
  const targets = Object.entries(config.targets ?? {});
  const drafts = new Map<string, Draft>(targets.map(([name, target]) => [name, { name, target, users: [] }]));
  for (const [taskName, task] of tasks) {
    const pool = defaultPool(config, task);
    const id = task.target ?? pool.name;
    const draft = drafts.get(id) ?? { name: id, target: null, users: [] };
    draft.users.push({ taskName, task, pool });
    drafts.set(id, draft);
  }
  const used = [...drafts.values()].filter((draft) => draft.users.length > 0);
  const names = shownNames(used);
  return {
    pools: used.map((draft, index) => planPool(config, draft, names[index]!, evaluator, cpus)),
    positions: new Map(used.flatMap(({ users }, index) => users.map(({ taskName }) => [taskName, index]))),
  };
}

/** A pool to be. */
interface Draft {
  readonly name: string;
  readonly target: TargetSetting | null;
  readonly users: { readonly taskName: string; readonly task: TaskSetting; readonly pool: DefaultPool }[];
}

function defaultPool(config: Config, { kind, spec }: TaskSetting): DefaultPool {
  return kindNamed(kind).defaultPool(mergeSpec(config.defaults?.[kind] ?? {}, spec) as ValueMap);
}

function planPool(config: Config, draft: Draft, name: string, evaluator: Evaluator, cpus: Cpus): PoolPlan {
  const { target, users } = draft;
  // A target without a connection, such as `cpu`, takes the most careful limit of what runs in it.
  const builtIn = users.map((user) => user.pool)
    .reduce((a, b) => limitOf(b, cpus) < limitOf(a, cpus) ? b : a);
  const isDefault = target === null || draft.name === builtIn.name;
  const per = isDefault ? builtIn.per : null;
  const layers: [Layer, ...Layer[]] = [
    { from: "built-in", path: null, settings: { concurrency: builtIn.concurrency, ...(per && { per }) } },
    { from: "defaults", path: ["defaults"], settings: pick(config.defaults) },
  ];
  if (target) {
    layers.push({ from: `targets.${draft.name}`, path: ["targets", draft.name], settings: pick(target) });
  }
  const settings = readSettings(mergeLayers(layers), evaluator);
  const limit = planConcurrency(settings, builtIn.why, cpus);
  const rate = planRate(settings);
  const breaker = planBreaker(settings);
  const kind = target?.kind ?? (isDefault ? users[0]!.task.kind : null);
  return {
    name,
    kind,
    spec: kind === null ? {} : poolSpec(config, draft, kind, evaluator),
    concurrency: limit.bounds,
    rate,
    breaker,
    per: settings.read("per") as string | undefined ?? null,
    why: {
      concurrency: limit.why,
      ...whyOf(settings, [...(rate ? ["rate"] : []), ...(breaker ? ["breaker"] : [])]),
    },
  };
}

function limitOf({ concurrency }: DefaultPool, cpus: Cpus): number {
  return concurrency === "cpus" ? cpus.count : concurrency;
}

/** The limits of a place; the rest of it is no business of a pool. */
function pick(place: (SettingsMap & { readonly per?: unknown }) | undefined | null): SettingsMap {
  const { concurrency, rate, breaker, per } = place ?? {};
  return { concurrency, rate, breaker, per };
}

/** The connection: the defaults of the kind, the target's own section over them. */
function poolSpec(
  config: Config,
  { name, target, users }: Draft,
  kind: KindName,
  evaluator: Evaluator,
): ValueMap {
  const defaults = evaluator.settle(config.defaults?.[kind] ?? {}, ["defaults", kind]);
  const own = target === null
    // The pool of a URL has it, so that whoever opens the connection finds it where a target's would be.
    ? users[0]!.pool.name === name && "url" in users[0]!.task.spec ? { url: users[0]!.task.spec.url } : {}
    : evaluator.settle(target.spec, ["targets", name, kind]);
  return mergeSpec(defaults as SettingsMap ?? {}, own as SettingsMap ?? {}) as ValueMap;
}

/** Names as they are shown: of a URL only scheme, host and path, numbered where two would look alike. */
function shownNames(drafts: readonly Draft[]): string[] {
  const seen = new Map<string, number>();
  return drafts.map(({ name, target }) => {
    const shown = target === null ? withoutUserinfo(name) : name;
    const count = (seen.get(shown) ?? 0) + 1;
    seen.set(shown, count);
    return count === 1 ? shown : `${shown} (${count})`;
  });
}

/** `postgres://user:pass@db/app?sslmode=require` → `postgres://db/app`. A `${{ }}` is shown as it is written. */
function withoutUserinfo(url: string): string {
  const bare = url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/]*@/, "$1");
  return bare.includes("${{") ? bare : bare.replace(/[?#].*$/s, "");
}
