import type { ForeachSetting, MatrixSetting } from "../config/inputs_schema.ts";
import type { ConfigPath } from "../model/diagnostic.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { ForeachPlan, MatrixPlan } from "../model/plan.ts";
import type { Evaluator } from "./evaluate.ts";

/** The items of a task, with what was not written filled in; null for a task without. */
export function planForeach(
  setting: ForeachSetting | undefined,
  path: ConfigPath,
  evaluator: Evaluator,
): ForeachPlan | null {
  if (setting === undefined) return null;
  const common = {
    as: setting.as ?? null,
    where: setting.where ?? null,
    unique: evaluator.settle(setting.unique, [...path, "unique"]) as boolean | undefined ?? false,
    batch: evaluator.settle(setting.batch, [...path, "batch"]) as number | undefined ?? null,
    // A pattern that matches nothing is more often a mistake than an empty folder.
    empty: setting.empty ?? (setting.source === "glob" ? "fail" : "ok"),
  } as const;
  switch (setting.source) {
    case "list":
      return { ...common, source: "list", items: setting.items as readonly Value[] };
    case "values":
      return { ...common, source: "values", values: setting.values };
    case "range":
      return { ...common, source: "range", range: setting.range };
    case "lines":
      return { ...common, source: "lines", path: setting.path };
    case "jsonl":
      return { ...common, source: "jsonl", path: setting.path };
    case "csv":
      return { ...common, source: "csv", path: setting.path, delimiter: setting.delimiter ?? "," };
    case "json":
      return { ...common, source: "json", path: setting.path, select: setting.select ?? null };
    case "glob":
      return { ...common, source: "glob", pattern: setting.pattern };
    case "from":
      return { ...common, source: "from", from: setting.from, each: setting.each ?? null };
  }
}

/** The combinations of a task; null for a task without. */
export function planMatrix(setting: MatrixSetting | undefined): MatrixPlan | null {
  if (setting === undefined) return null;
  return {
    axes: setting.axes as MatrixPlan["axes"],
    exclude: setting.exclude as readonly ValueMap[],
    include: setting.include as readonly ValueMap[],
  };
}
