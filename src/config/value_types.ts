import type { TypeSpec } from "../model/expression.ts";
import { isMap } from "../schema/words.ts";
import type { Config } from "./config_schema.ts";
import type { ForeachSetting } from "./inputs_schema.ts";
import type { ParamSetting } from "./params_schema.ts";

/** The type of a param in expressions. Numbers with a fraction are `dyn`, since `2` given for one is a CEL integer. */
export function paramType(param: ParamSetting): TypeSpec {
  if (param.default === null) return "dyn";
  switch (param.type) {
    case "text":
      return "string";
    case "int":
    case "bool":
    case "list":
    case "map":
      return param.type;
    case "number":
      return "dyn";
    case undefined:
      if (param.default !== undefined) return typeOfValue(param.default);
      return param.enum ? typeOfValues(param.enum) : "string";
  }
}

/** The type of a task's items. What comes from another task is known by its names: an output that is secret stays behind. */
export function itemType(foreach: ForeachSetting, tasks: Config["tasks"]): TypeSpec {
  if (foreach.batch !== undefined) return "list";
  switch (foreach.source) {
    case "list":
      return typeOfValues(foreach.items);
    case "range":
      return "int";
    case "lines":
    case "glob":
      return "string";
    case "csv":
      return "map<string>";
    case "values":
    case "jsonl":
    case "json":
      return "dyn";
    case "from":
      return foreach.each === undefined ? producedType(foreach.from, tasks) : "dyn";
  }
}

function producedType(producer: string, tasks: Config["tasks"]): TypeSpec {
  const names = Object.entries(tasks[producer]?.outputs ?? {}).filter(([, { secret }]) => !secret);
  const outputs = { fields: Object.fromEntries(names.map(([name]): [string, TypeSpec] => [name, "dyn"])) };
  const foreach = tasks[producer]?.foreach;
  // A longer chain is not looked through: it may be a circle, which is reported elsewhere.
  const item = foreach && foreach.source !== "from" ? itemType(foreach, tasks) : "dyn";
  return { fields: { key: "dyn", item, matrix: "dyn", outputs, saved: "dyn" } };
}

/** What all values have in common; `dyn` when they differ. */
export function typeOfValues(values: readonly unknown[]): TypeSpec {
  const types = new Set(values.map(typeOfValue));
  const [only] = types;
  return types.size === 1 ? only! : "dyn";
}

function typeOfValue(value: unknown): TypeSpec {
  if (typeof value === "string") return /^\s*\$\{\{/.test(value) ? "dyn" : "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint" || Number.isInteger(value)) return "int";
  if (Array.isArray(value)) return "list";
  if (isMap(value)) return "map";
  return "dyn";
}
