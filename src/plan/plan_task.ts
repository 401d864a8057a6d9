import type { Config } from "../config/config_schema.ts";
import type { ConfigPath } from "../model/diagnostic.ts";
import type { ValueMap } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { Kind } from "../tasks/kind.ts";
import { kindNamed } from "../tasks/registry.ts";
import { fixedPlace, SaveError } from "../tasks/save.ts";
import { builtInTask } from "./built_in.ts";
import { type Layer, mergeLayers } from "./merge_layers.ts";
import { planForeach, planMatrix } from "./plan_inputs.ts";
import { isOpenPoll, planCapture, planRetry, planTimeouts, whyOf, whyTimeouts } from "./plan_limits.ts";
import { planSpec, whyKindLimits } from "./plan_spec.ts";
import { readSettings, type SettingsReader } from "./read_settings.ts";
import { targetOf, type TaskDraft, type TaskPlanning } from "./task_draft.ts";

/** A task with every setting resolved: built-in, `defaults`, its target, itself; later wins, key by key. */
export function planTask(draft: TaskDraft, planning: TaskPlanning): TaskPlan {
  const { name, setting } = draft;
  const { evaluator, report } = planning;
  const kind = kindNamed(setting.kind);
  const settings = readSettings(mergeLayers(taskLayers(draft, kind, planning.config)), evaluator);
  const path: ConfigPath = ["tasks", name];
  const spec = planSpec(draft, kind, planning);
  const timeouts = planTimeouts(settings, kind);
  const own = ownLimit(settings, planning);
  const harmless = planHarmless(settings, kind, spec);
  return {
    name,
    kind: setting.kind,
    spec,
    pool: draft.position,
    concurrency: own?.limit ?? null,
    needs: Object.entries(setting.needs ?? {}).map(([task, when]) => ({ task, when })),
    if: setting.if ?? null,
    foreach: planForeach(setting.foreach, [...path, "foreach"], evaluator),
    matrix: planMatrix(setting.matrix),
    key: setting.key ?? null,
    only: draft.only,
    first: draft.first,
    timeouts,
    retry: planRetry(settings, timeouts.totalMs, report),
    harmless: harmless.value,
    expect: setting.expect ?? [],
    outputs: setting.outputs ?? {},
    save: setting.save ? { path: setting.save.path, if: setting.save.if ?? null } : null,
    collect: planCollect(draft, planning),
    capture: planCapture(settings),
    allowFailure: settings.read("allowFailure") === true,
    why: {
      ...whyTimeouts(settings, kind),
      ...whyOf(settings, explained),
      ...(isOpenPoll(settings) && { "retry.attempts": "a poll: timeout.total ends it" }),
      ...whyKindLimits(draft, kind, planning.config),
      target: setting.target === undefined ? `default for ${setting.kind}` : `tasks.${name}`,
      harmless: harmless.why,
      ...(own && { concurrency: own.why }),
    },
  };
}

/** Its path is known for the whole run; whether it leaves the output directory does not depend on which that is. */
function planCollect({ name, setting: { collect } }: TaskDraft, planning: TaskPlanning): TaskPlan["collect"] {
  if (!collect) return null;
  const at: ConfigPath = ["tasks", name, "collect", "path"];
  const path = String(planning.evaluator.render(collect.path, at));
  try {
    fixedPlace(path, "/");
  } catch (error) {
    if (!(error instanceof SaveError)) throw error;
    planning.report(at, error.message);
  }
  return { path, value: collect.value };
}

/** Settings of a task that `fanout plan` explains, beside its timeouts. */
const explained = ["retry.attempts", "retry.backoff", "retry.on", "retry.until", "capture", "allowFailure"];

function taskLayers({ name, setting, pool }: TaskDraft, kind: Kind, config: Config): [Layer, ...Layer[]] {
  const { timeout, retry, capture } = config.defaults ?? {};
  const target = targetOf(config, pool);
  const { concurrency, idempotent, allowFailure } = setting;
  return [
    { from: "built-in", path: null, settings: builtInTask(kind) },
    { from: "defaults", path: ["defaults"], settings: { timeout, retry, capture } },
    {
      from: `targets.${pool.name}`,
      path: ["targets", pool.name],
      settings: { timeout: target?.timeout, retry: target?.retry },
    },
    {
      from: `tasks.${name}`,
      path: ["tasks", name],
      settings: {
        timeout: setting.timeout,
        retry: setting.retry,
        capture: setting.capture,
        concurrency,
        idempotent,
        allowFailure,
      },
    },
  ];
}

/** The task's own limit within its pool. */
function ownLimit(
  settings: SettingsReader,
  { cpus, report }: TaskPlanning,
): { readonly limit: number; readonly why: string } | null {
  const limit = settings.read("concurrency");
  const why = settings.why("concurrency");
  if (limit === undefined) return null;
  if (limit === "cpus") return { limit: cpus.count, why: `${why}: cpus (${cpus.why})` };
  if (typeof limit === "number") return { limit, why };
  report(
    settings.place("concurrency") ?? [],
    "a task's own concurrency is a number or cpus: only a target's limit adapts; write the bounds there",
  );
  return null;
}

/** May an attempt whose fate is unknown be repeated? `idempotent` has the last word. */
function planHarmless(
  settings: SettingsReader,
  kind: Kind,
  spec: ValueMap,
): { readonly value: boolean; readonly why: string } {
  const idempotent = settings.read("idempotent");
  if (typeof idempotent === "boolean") {
    return { value: idempotent, why: `idempotent: ${idempotent} in ${settings.why("idempotent")}` };
  }
  return { value: kind.isHarmless(spec), why: `judged by its ${kind.name} section` };
}
