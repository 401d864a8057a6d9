import assert from "node:assert/strict";
import { test } from "node:test";
import type { ParamSetting } from "./param_type.ts";
import { type ParamsGiven, resolveParams } from "./resolve_params.ts";
import { type Bring, planOf } from "../../tests/fixtures/plan_of.ts";

function resolve(settings: Record<string, ParamSetting>, given: Partial<ParamsGiven> = {}) {
  const problems: string[] = [];
  const params = resolveParams(settings, { environment: {}, files: [], set: [], ...given }, {
    render: (value) => value as string,
    reads: () => [],
    report: (path, message) => problems.push(`${path.join(".")} ${message}`),
    usage: (message) => problems.push(message),
  });
  return { ...params, problems };
}

const set = (text: string) => ({ set: [{ name: "p", text }] });
const file = (value: string | number | boolean) => ({ files: [{ path: "prod.yaml", values: { p: value } }] });

test("resolveParams() prefers --set to --params to the environment to the default", () => {
  const setting = { p: { default: "d", env: "P" } };
  const environment = { P: "e" };
  const cases = [{}, { environment }, { environment, ...file("f") }, {
    environment,
    ...file("f"),
    ...set("s"),
  }];
  assert.deepEqual(
    cases.map((given) => resolve(setting, given)).map(({ values, why }) => [values.p, why.p]),
    [
      ["d", "default"],
      ["e", "env P"],
      ["f", "--params prod.yaml"],
      ["s", "--set"],
    ],
  );
});

test("resolveParams() takes the last of equal names", () => {
  const given = { set: [{ name: "p", text: "1" }, { name: "p", text: "2" }] };
  assert.equal(resolve({ p: { default: "d" } }, given).values.p, "2");
  const files: ParamsGiven["files"] = [{ path: "a", values: { p: "1", q: "1" } }, {
    path: "b",
    values: { p: "2" },
  }];
  assert.deepEqual(resolve({ p: {}, q: {} }, { files }).values, { p: "2", q: "1" });
});

const texts: readonly (readonly [setting: ParamSetting, text: string, value: unknown])[] = [
  [{}, "7", "7"],
  [{ type: "text" }, "", ""],
  [{ type: "int" }, "-7", -7],
  [{ type: "int" }, "9007199254740993", 9007199254740993n],
  [{ default: 5 }, "7", 7],
  [{ default: 5n }, "7", 7],
  [{ default: 1.5 }, "7", 7],
  [{ type: "number" }, "-1.5e3", -1500],
  [{ type: "number" }, "-9007199254740993", -9007199254740993n],
  [{ type: "int", default: null }, "7", 7],
  [{ default: true }, "false", false],
  [{ default: ["a"] }, '["b", 1]', ["b", 1]],
  [{ type: "map" }, '{"a": 1}', { a: 1 }],
  [{ enum: [1, 2] }, "2", 2],
  [{ default: "eu", enum: ["eu", "us"] }, "us", "us"],
  [{ default: "${{ run.id }}" }, "7", "7"],
];

for (const [setting, text, value] of texts) {
  test(`resolveParams() reads --set ${text} for ${shown(setting)}`, () => {
    const { values, problems } = resolve({ p: setting }, set(text));
    assert.deepEqual([values.p, problems], [value, []]);
  });
}

const wrong: readonly (readonly [setting: ParamSetting, given: Partial<ParamsGiven>, problem: string])[] = [
  [{ type: "int" }, set("abc"), 'params.p param p from --set: expected a whole number, got "abc"'],
  [{ type: "int" }, set("007"), 'params.p param p from --set: expected a whole number, got "007"'],
  [{ type: "number" }, set("1,5"), 'params.p param p from --set: expected a number, got "1,5"'],
  [{ type: "number" }, set("1e999"), 'params.p param p from --set: expected a number, got "1e999"'],
  [
    { type: "int", default: null },
    set("null"),
    'params.p param p from --set: expected a whole number, got "null"',
  ],
  [{ default: true }, set("yes"), 'params.p param p from --set: expected true or false, got "yes"'],
  [
    { type: "list" },
    set("a,b"),
    'params.p param p from --set: expected a list written as JSON, such as ["a","b"], got "a,b"',
  ],
  [
    { type: "map" },
    set("[]"),
    'params.p param p from --set: expected a map written as JSON, such as {"a":1}, got "[]"',
  ],
  [{ type: "int" }, file("7"), 'params.p param p from --params prod.yaml: expected a whole number, got "7"'],
  [{ type: "text" }, file(7), "params.p param p from --params prod.yaml: expected a text, got 7"],
  [
    { default: "x" },
    file(7),
    "params.p param p from --params prod.yaml: expected a text, got 7; to allow anything else, give the param a type",
  ],
  [{ type: "int", default: "x" }, {}, 'params.p param p from its default: expected a whole number, got "x"'],
  [{ enum: ["eu", "us"] }, set("uk"), 'params.p param p from --set: "uk" is not one of "eu", "us"'],
  [
    { env: "P", enum: ["eu"] },
    { environment: { P: "" } },
    'params.p param p from env P: "" is not one of "eu"',
  ],
  [{}, {}, "params.p param p has no value: give --set p=VALUE, or write a default"],
  [
    { env: "P" },
    {},
    "params.p param p has no value: give --set p=VALUE, or set the environment variable P, or write a default",
  ],
  [{ default: 1 }, { set: [{ name: "q", text: "1" }] }, '--set names no param "q"; did you mean "p"?'],
  [
    { default: 1 },
    { files: [{ path: "f", values: { region: "" } }] },
    '--params f names no param "region"; params are p',
  ],
];

for (const [setting, given, problem] of wrong) {
  test(`resolveParams() of ${shown(setting)} with ${shown(given)}`, () => {
    const { problems } = resolve({ p: setting }, given);
    assert.deepEqual(problems, [problem]);
  });
}

test("resolveParams() says so when there are no params at all", () => {
  const { problems } = resolve({}, set("1"));
  assert.deepEqual(problems, ['--set names no param "p"; the config declares no params']);
});

test("resolveParams() knows only params of its own: `constructor` is none", () => {
  assert.deepEqual(resolve({ p: { default: 1 } }, { files: [{ path: "f", values: {} }] }).problems, []);
  assert.equal(resolve({}, { set: [{ name: "constructor", text: "" }] }).problems.length, 1);
});

test("makePlan() renders defaults over `run`, and tells everything that is wrong with params at once", () => {
  const tasks = { t: { exec: { command: ["true"] } } };
  const day = "${{ date(run.startedAt, '%Y-%m-%d', 'Europe/Berlin') }}";
  const { plan } = planOf({ params: { day, list: { default: ["${{ run.id }}", 1] } }, tasks });
  assert.deepEqual(plan!.params, { day: "2026-11-22", list: ["r1", 1] });
  const bring: Bring = { set: [{ name: "dya", text: "x" }] };
  const { problems, usage } = planOf(
    { params: { day: null, n: { type: "int", default: "x" } }, tasks },
    bring,
  );
  assert.deepEqual([problems.length, usage], [2, ['--set names no param "dya"; did you mean "day"?']]);
});

test("makePlan() renders defaults over other params, whatever their order", () => {
  const tasks = { t: { exec: { command: ["true"] } } };
  const params = {
    url: "https://${{ params.host }}/${{ params.region }}",
    host: "${{ params.region }}.example.com",
    region: "eu",
  };
  const { plan } = planOf({ params, tasks }, { set: [{ name: "region", text: "us" }] });
  assert.deepEqual(plan!.params, { url: "https://us.example.com/us", host: "us.example.com", region: "us" });
});

test("makePlan() spells out defaults that go round in a circle, and nothing that follows from it", () => {
  const tasks = { t: { exec: { command: ["true"] } } };
  const params = { a: "${{ params.b }}", b: "x${{ params.c }}", c: "${{ params.b }}", d: "${{ params.d }}" };
  const { problems } = planOf({ params, tasks });
  assert.deepEqual(problems.map(({ message }) => message), [
    "params.b: these defaults read each other: b → c → b; give one of them a value of its own",
    "params.d: these defaults read each other: d → d; give one of them a value of its own",
  ]);
  const { plan } = planOf({ params: { ...params, d: "1" }, tasks }, { set: [{ name: "c", text: "z" }] });
  assert.deepEqual(plan!.params, { a: "xz", b: "xz", c: "z", d: "1" });
});

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, each) => typeof each === "bigint" ? `${each}n` : each);
}
