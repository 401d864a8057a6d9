import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import { isValueMap, parseJson, stringifyJson, type Value, type ValueMap } from "../model/json.ts";
import { hint } from "../model/near.ts";

/** What a param must be. */
export type ParamType = "text" | "int" | "number" | "bool" | "list" | "map";

/** A param as the config declares it. */
export interface ParamSetting {
  readonly default?: unknown;
  readonly env?: string;
  readonly enum?: readonly unknown[];
  readonly type?: ParamType;
}

/** Values of params from outside. */
export interface ParamsGiven {
  readonly environment: { readonly [name: string]: string | undefined };
  /** `--params FILE`: paths and what stands in them; of equal names the last one counts. */
  readonly files: readonly { readonly path: string; readonly values: ValueMap }[];
  /** `--set name=text`; of equal names the last one counts. */
  readonly set: readonly { readonly name: string; readonly text: string }[];
}

/** How problems are told. */
export interface ParamsContext {
  /** A default with its `${{ }}` rendered; undefined after a report. */
  render(value: unknown, path: ConfigPath): Value | undefined;
  readonly report: ReportProblem;
  /** What has no place in the config: a sentence about the command line. */
  usage(message: string): void;
}

/** The value of every param, and where each came from (`--set`, `default`). */
export interface Params {
  readonly values: ValueMap;
  readonly why: { readonly [name: string]: string };
}

/**
 * The value of every declared param: its default, over which `env`, `--params` and `--set` win in this order. Text from the
 * environment and the command line is read as the param's type. A param without any value is a problem.
 */
export function resolveParams(
  settings: { readonly [name: string]: ParamSetting },
  given: ParamsGiven,
  context: ParamsContext,
): Params {
  const values: Record<string, Value> = {};
  const why: Record<string, string> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const found = findValue(name, setting, given, context);
    if (found === undefined) continue;
    const wrong = wrongFor(setting, found.value);
    if (wrong === undefined) [values[name], why[name]] = [found.value, found.from];
    else context.report(["params", name], `param ${name} from ${found.from}: ${wrong}`);
  }
  complainOfUnknown(settings, given, context);
  return { values, why };
}

interface Found {
  readonly value: Value;
  readonly from: string;
}

function findValue(
  name: string,
  setting: ParamSetting,
  given: ParamsGiven,
  context: ParamsContext,
): Found | undefined {
  const path = ["params", name];
  const fromText = (text: string, from: string): Found | undefined => {
    const read = readText(paramType(setting), text);
    if ("ok" in read) return { value: read.ok, from };
    context.report(path, `param ${name} from ${from}: ${read.wrong}, got ${JSON.stringify(text)}`);
    return undefined;
  };
  const set = given.set.findLast((each) => each.name === name);
  if (set) return fromText(set.text, "--set");
  const file = given.files.findLast(({ values }) => Object.hasOwn(values, name));
  if (file) return { value: file.values[name]!, from: `--params ${file.path}` };
  const variable = setting.env === undefined ? undefined : given.environment[setting.env];
  if (variable !== undefined) return fromText(variable, `env ${setting.env}`);
  if (setting.default !== undefined) {
    const value = context.render(setting.default, path);
    return value === undefined ? undefined : { value, from: "default" };
  }
  const orVariable = setting.env === undefined ? "" : `, or set the environment variable ${setting.env}`;
  context.report(
    path,
    `param ${name} has no value: give --set ${name}=VALUE${orVariable}, or write a default`,
  );
  return undefined;
}

/** The type that was declared, else that of a literal default, else that of the choices, else text. */
function paramType(setting: ParamSetting): ParamType {
  if (setting.type) return setting.type;
  const { default: example = setting.enum?.[0] } = setting;
  if (typeof example === "number") return Number.isInteger(example) ? "int" : "number";
  if (typeof example === "bigint") return "int";
  if (typeof example === "boolean") return "bool";
  if (Array.isArray(example)) return "list";
  return isValueMap(example) ? "map" : "text";
}

type Read = { readonly ok: Value } | { readonly wrong: string };

/** Text from outside as the type that is wanted. */
function readText(type: ParamType, text: string): Read {
  switch (type) {
    case "text":
      return { ok: text };
    case "int":
      return /^-?(0|[1-9]\d*)$/.test(text) ? { ok: exactInteger(text) } : { wrong: expected[type] };
    case "number":
      return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? { ok: Number(text) } : { wrong: expected[type] };
    case "bool":
      return text === "true" || text === "false" ? { ok: text === "true" } : { wrong: expected[type] };
    case "list":
    case "map":
      return readJson(type, text);
  }
}

function exactInteger(text: string): Value {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function readJson(type: "list" | "map", text: string): Read {
  try {
    const value = parseJson(text);
    if (isOfType(type, value)) return { ok: value };
  } catch {
    // What is wrong with it is said below, in the words of what was expected.
  }
  return { wrong: `${expected[type]} written as JSON, such as ${type === "list" ? '["a","b"]' : '{"a":1}'}` };
}

const expected: { readonly [T in ParamType]: string } = {
  text: "expected a text",
  int: "expected a whole number",
  number: "expected a number",
  bool: "expected true or false",
  list: "expected a list",
  map: "expected a map",
};

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

/** What is wrong with a value that was found; undefined when it may stand. */
function wrongFor(setting: ParamSetting, value: Value): string | undefined {
  if (setting.type && !isOfType(setting.type, value)) {
    return `${expected[setting.type]}, got ${stringifyJson(value)}`;
  }
  if (!setting.enum) return undefined;
  const texts = setting.enum.map((choice) => stringifyJson(choice));
  const text = stringifyJson(value);
  return texts.includes(text) ? undefined : `${text} is not one of ${texts.join(", ")}`;
}

function complainOfUnknown(
  settings: { readonly [name: string]: ParamSetting },
  { set, files }: ParamsGiven,
  { usage }: ParamsContext,
): void {
  const known = Object.keys(settings);
  const complain = (name: string, from: string) => {
    if (known.includes(name)) return;
    const instead = known.length === 0 ? "; the config declares no params" : hint(name, known, "params");
    usage(`${from} names no param "${name}"${instead}`);
  };
  for (const { name } of set) complain(name, "--set");
  for (const { path, values } of files) {
    for (const name of Object.keys(values)) complain(name, `--params ${path}`);
  }
}
