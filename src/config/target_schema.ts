import type { KindName } from "../model/plan.ts";
import {
  choice,
  expression,
  mapped,
  type Settings,
  settings,
  shapes,
  within,
  type Word,
} from "../schema/words.ts";
import { kindNames, kindSections, type Spec, takeKind } from "./kind_sections.ts";
import { breaker, capture, concurrency, rate, retry, timeout } from "./limits_schema.ts";

const limits = { concurrency, rate, timeout, retry, breaker };

const per = shapes(
  [
    choice(["origin"], "One pool per HTTP origin."),
    expression("One pool per value of this.", { scope: "item", secrets: false }),
  ],
  (raw) => raw === "origin" ? 0 : 1,
  {
    description: "Makes one target a family of pools: `origin`, or an expression over a task's item.",
    examples: ["origin", "item.region"],
  },
);

const targetEntries = { ...limits, per };

/** The keys of a target, but for the kinds. */
export const targetKeys: readonly string[] = Object.keys(targetEntries);

/** What a target says beside its connection; null goes back to built-in. */
type CommonSetting = Settings<typeof targetEntries>;

/** A target: its limits and its connection. `kind` is null for a plain pool such as `cpu: { concurrency: cpus }`. */
export type TargetSetting = CommonSetting & { readonly kind: KindName | null; readonly spec: Spec };

/** One entry under `targets`. */
export const target: Word<TargetSetting> = within(
  "plan",
  mapped(
    settings(
      { ...targetEntries, ...kindSections((kind) => kind.targetSchema) },
      "A pool, and the thing it protects.",
      {
        atMostOne: [kindNames],
      },
    ),
    (given) => {
      const { kind, spec, rest } = takeKind(given);
      return { ...rest as CommonSetting, kind, spec };
    },
  ),
);

/** Settings for all targets and tasks, by kind where they are a kind's own. */
export const defaults = within(
  "plan",
  settings({ ...limits, capture, ...kindSections((kind) => kind.targetSchema) }, {
    description: "Settings for every target and task; what they say themselves wins.",
    examples: [{ timeout: "30s", retry: { attempts: 3 } }],
  }),
);
