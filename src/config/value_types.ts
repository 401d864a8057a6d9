import type { TypeSpec } from "../model/expression.ts";
import type { ForeachSetting } from "./inputs_schema.ts";
import type { ParamSetting } from "./params_schema.ts";

/** The type of a param in expressions. Numbers with a fraction are `dyn`, since `2` given for one is a CEL integer. */
export function paramType(param: ParamSetting): TypeSpec {
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
      if (param.default !== undefined && param.default !== null) return typeOfValue(param.default);
      return param.enum ? typeOfValues(param.enum) : "string";
  }
}

/** The type of a task's items. */
export function itemType(foreach: ForeachSetting): TypeSpec {
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
      if (foreach.each !== undefined) return "dyn";
      return { fields: { key: "dyn", item: "dyn", matrix: "dyn", outputs: "dyn", saved: "dyn" } };
  }
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
  return "dyn";
}
