import type { SecretSource } from "../model/plan.ts";
import {
  anything,
  below,
  choice,
  complain,
  fixedText,
  isMap,
  list,
  mapped,
  named,
  nameOf,
  type Place,
  section,
  shapes,
  type Word,
} from "../schema/words.ts";

const value = anything("A value.", { scope: "none", exact: true });

const defaultValue = anything({
  description:
    "The value when none is given; it may read `run` and other params. `null` for a param that may be left out.",
  examples: ["eu", "${{ date(run.startedAt, '%Y-%m-%d', 'UTC') }}"],
}, { scope: "params", secrets: false, exact: true });

const param = section({
  default: defaultValue,
  env: fixedText({ description: "The environment variable to take it from.", examples: ["REGION"] }),
  enum: list(value, { description: "The values it may have.", examples: [["eu", "us"]] }, { min: 1 }),
  type: choice(["text", "int", "number", "bool", "list", "map"], {
    description: "What it must be; text from outside is read as that. Without it, the type of the default.",
  }),
  description: fixedText("What it is for."),
}, { description: "A parameter.", examples: [{ env: "REGION", default: "eu", enum: ["eu", "us"] }] });

/** A parameter; without a default it must be given. */
export interface ParamSetting {
  readonly default?: unknown;
  readonly env?: string;
  readonly enum?: readonly unknown[];
  readonly type?: "text" | "int" | "number" | "bool" | "list" | "map";
  readonly description?: string;
}

const shortParam: Word<ParamSetting> = {
  read(raw, place) {
    if (raw === null) return {};
    if (Array.isArray(raw)) return complain(place, "write a list as { default: [...] }");
    const value = defaultValue.read(raw, place);
    return value === undefined ? undefined : { default: value };
  },
  json: () => ({ type: ["string", "number", "boolean", "null"], description: "Its default." }),
};

/** `day: x` → `{ default: x }`. */
export const params = named(
  shapes(
    [shortParam, mapped(param as Word<ParamSetting>, withGoodDefault)],
    (raw) => isMap(raw) ? 1 : 0,
    "A parameter: its default, or what is known of it. With nothing it must be given.",
  ),
  {
    description: "Values given from outside: `--set day=2026-11-21`, or `--params FILE`.",
    examples: [{ region: "eu", day: { env: "DAY" } }],
  },
);

/** A default that `enum` does not have would fail every run that goes by it. */
function withGoodDefault(param: ParamSetting, place: Place): ParamSetting | undefined {
  const { enum: values, default: value } = param;
  if (values === undefined || (value ?? null) === null) return param;
  if (typeof value === "string" && value.includes("${{")) return param;
  // "1" and 1 are told apart when the param is resolved, which knows its type.
  if (values.some((allowed) => String(allowed) === String(value))) return param;
  return complain(below(place, "default"), `${nameOf(value)} is not one of ${values.map(nameOf).join(", ")}`);
}

const secret = mapped(
  section(
    {
      env: fixedText({ description: "The environment variable that holds it.", examples: ["API_TOKEN"] }),
      file: fixedText({
        description: "The file that holds it, relative to the config; one trailing newline is cut.",
        examples: ["/run/secrets/pg_url"],
      }),
      command: list(fixedText("One argument."), {
        description: "A program that prints it.",
        examples: [["vault", "kv", "get", "-field=token", "secret/api"]],
      }, { min: 1 }),
    },
    { description: "Where a secret is read from.", examples: [{ env: "API_TOKEN" }] },
    {
      exactlyOne: ["env", "file", "command"],
    },
  ),
  (given) => given as SecretSource,
);

/** Masked wherever they would appear. */
export const secrets = named(secret, "Values that are masked in everything fanout writes.");
