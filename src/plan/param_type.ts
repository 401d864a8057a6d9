import { isValueMap, parseJson, stringifyJson, type Value } from "../model/json.ts";

/** What a param must be. */
export type ParamType = "text" | "int" | "number" | "bool" | "list" | "map";

/** A param as the config declares it. */
export interface ParamSetting {
  readonly default?: unknown;
  readonly env?: string;
  readonly enum?: readonly unknown[];
  readonly type?: ParamType;
}

/** A value, or a sentence part that says what is wrong. */
export type ReadParam = { readonly ok: Value } | { readonly wrong: string };

/** The text of a param from the command line or the environment, read as its type. */
export function readParamText(setting: ParamSetting, text: string): ReadParam {
  const type = typeOf(setting) ?? "text";
  const value = valueOfText(type, text);
  if (value === undefined) return { wrong: `expected ${words[type]}, got ${JSON.stringify(text)}` };
  return checkParam(setting, value);
}

/** A param's value, if it is of its type and one of its choices; one whose default is null may be null. */
export function checkParam(setting: ParamSetting, value: Value): ReadParam {
  if (value === null && setting.default === null) return { ok: null };
  const type = typeOf(setting);
  if (type !== null && !isOfType(type, value)) {
    const declare = setting.type ? "" : "; to allow anything else, give the param a type";
    return { wrong: `expected ${words[type]}, got ${stringifyJson(value)}${declare}` };
  }
  const choices = setting.enum?.map((choice) => stringifyJson(choice));
  const text = stringifyJson(value);
  if (choices && !choices.includes(text)) return { wrong: `${text} is not one of ${choices.join(", ")}` };
  return { ok: value };
}

/**
 * The type that was declared, else that of the default, else that of the choices, else text.
 * Null when only the rendered default tells.
 */
function typeOf(setting: ParamSetting): ParamType | null {
  if (setting.type) return setting.type;
  const example = setting.default ?? setting.enum?.[0];
  switch (typeof example) {
    case "string":
      return /^\s*\$\{\{/.test(example) ? null : "text";
    case "number":
      return Number.isInteger(example) ? "int" : "number";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    case "object":
      return Array.isArray(example) ? "list" : "map";
    default:
      return "text";
  }
}

const words: { readonly [T in ParamType]: string } = {
  text: "a text",
  int: "a whole number",
  number: "a number",
  bool: "true or false",
  list: 'a list written as JSON, such as ["a","b"]',
  map: 'a map written as JSON, such as {"a":1}',
};

function valueOfText(type: ParamType, text: string): Value | undefined {
  switch (type) {
    case "text":
      return text;
    case "int":
      return /^-?(0|[1-9]\d*)$/.test(text) ? parseJson(text) : undefined;
    case "number":
      return numberOf(text);
    case "bool":
      return text === "true" || text === "false" ? text === "true" : undefined;
    case "list":
    case "map":
      return valueOfJson(type, text);
  }
}

/** Whole numbers stay exact; what no double reaches is none. */
function numberOf(text: string): number | bigint | undefined {
  if (/^-?[1-9]\d*$/.test(text)) return parseJson(text) as number | bigint;
  const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

function valueOfJson(type: "list" | "map", text: string): Value | undefined {
  try {
    const value = parseJson(text);
    return isOfType(type, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOfType(type: ParamType, value: Value): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "int":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "bigint" || typeof value === "number";
    case "bool":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value);
    case "map":
      return isValueMap(value);
  }
}
