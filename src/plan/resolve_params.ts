import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import type { Value, ValueMap } from "../model/json.ts";
import { hint } from "../model/near.ts";
import { checkParam, type ParamSetting, type ReadParam, readParamText } from "./param_type.ts";

/** Params by name. */
export interface ParamSettings {
  readonly [name: string]: ParamSetting;
}

/** Values of params from outside. */
export interface ParamsGiven {
  readonly environment: { readonly [name: string]: string | undefined };
  /** `--params FILE`: paths and what stands in them; of equal names the last one counts. */
  readonly files: readonly { readonly path: string; readonly values: ValueMap }[];
  /** `--set name=text`; of equal names the last one counts. */
  readonly set: readonly { readonly name: string; readonly text: string }[];
}

/** How defaults are rendered, and problems told. */
export interface ParamsContext {
  /** A default with its `${{ }}` rendered over the params it reads; undefined after a report. */
  render(value: unknown, path: ConfigPath, params: ValueMap): Value | undefined;
  /** The params that a default reads. */
  reads(value: unknown): readonly string[];
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
 * environment and the command line is read as the param's type. A default may read other params; defaults that go round
 * in a circle, and a param without any value, are problems.
 */
export function resolveParams(settings: ParamSettings, given: ParamsGiven, context: ParamsContext): Params {
  const names = Object.keys(settings);
  const values: Record<string, Value> = {};
  const why: Record<string, string> = {};
  const keep = (name: string, value: Value, from: string) => [values[name], why[name]] = [value, from];

  const unset = names.filter((name) => {
    const outside = fromOutside(name, settings[name]!, given);
    if (outside === undefined) return true;
    if ("ok" in outside.read) keep(name, outside.read.ok, outside.from);
    else context.report(["params", name], `param ${name} from ${outside.from}: ${outside.read.wrong}`);
    return false;
  });
  const readsOf = (name: string) =>
    context.reads(settings[name]!.default).filter((read) => unset.includes(read));
  const { order, circles } = inReadingOrder(unset, readsOf);
  for (const [first, ...others] of circles) {
    const circle = [first, ...others, first].join(" → ");
    context.report(
      ["params", first!],
      `these defaults read each other: ${circle}; give one of them a value of its own`,
    );
  }
  for (const name of order) {
    const value = fromDefault(name, settings[name]!, values, context);
    if (value !== undefined) keep(name, value, "default");
  }
  complainOfUnknown(names, given, context);
  const inOrder = names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, values[name]!]);
  return { values: Object.fromEntries(inOrder), why };
}

/** A value that stands outside the config, read; undefined when there is none. */
function fromOutside(
  name: string,
  setting: ParamSetting,
  { environment, files, set }: ParamsGiven,
): { readonly read: ReadParam; readonly from: string } | undefined {
  const text = set.findLast((each) => each.name === name)?.text;
  if (text !== undefined) return { read: readParamText(setting, text), from: "--set" };
  const file = files.findLast(({ values }) => Object.hasOwn(values, name));
  if (file) return { read: checkParam(setting, file.values[name]!), from: `--params ${file.path}` };
  const variable = setting.env === undefined ? undefined : environment[setting.env];
  if (variable !== undefined) return { read: readParamText(setting, variable), from: `env ${setting.env}` };
}

/** The default of a param; undefined after its problem was reported, or that of a param it reads. */
function fromDefault(
  name: string,
  setting: ParamSetting,
  params: ValueMap,
  context: ParamsContext,
): Value | undefined {
  const path = ["params", name];
  if (setting.default === undefined) {
    const orVariable = setting.env === undefined ? "" : `, or set the environment variable ${setting.env}`;
    const message = `param ${name} has no value: give --set ${name}=VALUE${orVariable}, or write a default`;
    return void context.report(path, message);
  }
  if (context.reads(setting.default).some((read) => !Object.hasOwn(params, read))) return undefined;
  const value = context.render(setting.default, path, params);
  if (value === undefined) return undefined;
  const read = checkParam(setting, value);
  if ("ok" in read) return read.ok;
  return void context.report(path, `param ${name} from its default: ${read.wrong}`);
}

/** Names so that each comes after those it reads; and those that cannot be ordered, as circles. */
function inReadingOrder(
  names: readonly string[],
  readsOf: (name: string) => readonly string[],
): { readonly order: readonly string[]; readonly circles: readonly (readonly string[])[] } {
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (name: string, trail: readonly string[]): void => {
    if (done.has(name)) return;
    if (trail.includes(name)) return void circles.push(trail.slice(trail.indexOf(name)));
    for (const read of readsOf(name)) visit(read, [...trail, name]);
    done.add(name);
  };
  for (const name of names) visit(name, []);
  const inCircle = new Set(circles.flat());
  return { order: [...done].filter((name) => !inCircle.has(name)), circles };
}

function complainOfUnknown(
  known: readonly string[],
  { set, files }: ParamsGiven,
  { usage }: ParamsContext,
): void {
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
