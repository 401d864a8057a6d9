import { Ajv } from "ajv";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { configJsonSchema, configJsonSchemaText } from "../src/config/json_schema.ts";
import { loadConfig } from "../src/config/load_config.ts";
import { parseYaml } from "../src/config/parse_yaml.ts";
import { toRaw } from "../src/config/raw_config.ts";

const isValid = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  configJsonSchema(),
);

/** A config as an editor's YAML support sees it. */
function rawOf(text: string): unknown {
  const { document, problems } = parseYaml(text);
  assert.deepEqual(problems, []);
  return toRaw(document!, text).value;
}

/** What the loader says of a config's form. */
function errorsOf(text: string): string[] {
  return loadConfig(text, "c.yaml").problems
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message);
}

test("config.schema.json is what the config schema gives: deno task schema", () => {
  const file = readFileSync(new URL("../config.schema.json", import.meta.url), "utf8");
  assert.ok(file === configJsonSchemaText(), "config.schema.json is stale: run deno task schema");
});

test("configJsonSchema() describes every property", () => {
  const bare: string[] = [];
  const visit = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null) return;
    const { properties = {}, definitions = {} } = node as Record<string, Record<string, object>>;
    for (const [name, property] of Object.entries(properties)) {
      if (!("description" in property) && !("$ref" in property)) bare.push(`${path}.${name}`);
    }
    for (const [name, part] of Object.entries(definitions)) {
      if (!("description" in part)) bare.push(`${path}.definitions.${name}`);
    }
    for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`);
  };
  visit(configJsonSchema(), "");
  assert.deepEqual(bare, []);
});

const good = [
  "version: 1\ntasks: {}",
  "version: 1\nx-a: { anything: [1] }\ntasks: { a: { exec: { command: [x] } } }",
  'version: 1\nparams: { c: 1, t: 10s, b: true }\nrun: { concurrency: "${{ params.c }}", timeout: "${{ params.t }}" }\ntasks: {}',
  'version: 1\nparams: { c: 1, b: true }\ndefaults: { timeout: { attempt: "${{ params.c }}s" }, retry: "${{ params.c }}" }\ntasks:\n  a: { http: { url: https://x, maxBytes: "${{ params.c }}MB", redirects: "${{ params.b }}" }, allowFailure: "${{ params.b }}" }',
  "version: 1\nx-t: &t { timeout: 3s }\ntasks:\n  a: { <<: *t, exec: { command: [x] } }",
  "version: 1\ndefaults: { timeout: null, retry: { backoff: null } }\ntasks: { a: { exec: { command: [x] }, retry: null } }",
  "version: 1\ntargets: { a: { concurrency: cpus }, b: { concurrency: { min: 1, max: 2 }, rate: 100/s }, c: { rate: { limit: 6/1m, burst: 2 } } }\ntasks: {}",
  "version: 1\nparams: { a: null, b: { env: B, enum: [x] } }\nsecrets: { c: { command: [x] } }\ntasks: {}",
  "version: 1\ntasks: { a: { foreach: { csv: a.csv, delimiter: ; }, matrix: { n: [1], exclude: [{ n: 1 }] }, exec: { shell: x } } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, capture: 64KiB, save: out.txt, outputs: { a: stdout, b: { value: stdout, secret: true } } } }",
  "version: 1\ntasks: { a: { http: { url: https://x, okStatus: [200-299, 404], json: { a: [null] } }, retry: { on: [http_status:409, timeout] } } }",
];

const bad = [
  "tasks: {}",
  "version: 1",
  "version: 2\ntasks: {}",
  'version: "1"\ntasks: {}',
  "version: 1\ntasks: []",
  "version: 1\ntasks: {}\nnam: x",
  "version: 1\nname: [x]\ntasks: {}",
  "version: 1\nname: ${{ run.id }}\ntasks: {}",
  "version: 1\nparams: { my-day: x }\ntasks: {}",
  "version: 1\nparams: { a: { defualt: x } }\ntasks: {}",
  "version: 1\nparams: { a: { type: string } }\ntasks: {}",
  "version: 1\nsecrets: { a: {} }\ntasks: {}",
  "version: 1\nsecrets: { a: { env: A, file: a } }\ntasks: {}",
  "version: 1\nsecrets: { a: x }\ntasks: {}",
  "version: 1\nrun: { timeout: 10 }\ntasks: {}",
  'version: 1\nrun: { timeout: "10" }\ntasks: {}',
  "version: 1\nrun: { grace: 5 s }\ntasks: {}",
  "version: 1\nrun: { concurrency: 0 }\ntasks: {}",
  "version: 1\nrun: { concurrency: 1.5 }\ntasks: {}",
  "version: 1\nrun: { onFailure: stop }\ntasks: {}",
  "version: 1\nrun: { maxFailures: x }\ntasks: {}",
  "version: 1\nrun: { captureBudget: 1gb }\ntasks: {}",
  "version: 1\nrun: { lock: { ifHeld: die } }\ntasks: {}",
  "version: 1\nrun: { notify: [{ on: [start] }] }\ntasks: {}",
  "version: 1\nrun: null\ntasks: {}",
  "version: 1\ndefaults: { foreach: [1] }\ntasks: {}",
  "version: 1\ntargets: { a: { http: {}, sql: {} } }\ntasks: {}",
  "version: 1\ntargets: { a: { rate: 100 } }\ntasks: {}",
  "version: 1\ntargets: { a: { rate: { burst: 2 } } }\ntasks: {}",
  'version: 1\ntargets: { a: { concurrency: "8" } }\ntasks: {}',
  "version: 1\ntargets: { a: { concurrency: { max: 2 } } }\ntasks: {}",
  "version: 1\ntargets: { a: { breaker: { failureRate: 0.5 } } }\ntasks: {}",
  "version: 1\ntasks: { a: {} }",
  "version: 1\ntasks: { a: { timeout: 3s } }",
  "version: 1\ntasks: { a: { http: { url: https://x }, exec: { command: [x] } } }",
  "version: 1\ntasks: { a: { http: {} } }",
  "version: 1\ntasks: { a: { http: { url: https://x, json: 1, body: x } } }",
  "version: 1\ntasks: { a: { exec: { command: echo hi } } }",
  "version: 1\ntasks: { a: { exec: { command: [] } } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, retry: 0 } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, retry: { on: [tiemout] } } }",
  'version: 1\ntasks: { a: { exec: { command: [x] }, allowFailure: "yes" } }',
  "version: 1\ntasks: { a: { exec: { command: [x] }, capture: fail } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, needs: { b: okay }, expect: stdout } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, foreach: { lines: a, csv: b } } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, foreach: { as: x } } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, matrix: { n: 3 } } }",
  "version: 1\ntasks: { a: { exec: { command: [x] }, save: {} } }",
  "version: 1\nreport: { xml: x }\ntasks: {}",
];

test("configJsonSchema() accepts what loadConfig() accepts", () => {
  for (const text of good) {
    assert.deepEqual(errorsOf(text), [], text);
    assert.ok(isValid(rawOf(text)), `${text}\n${JSON.stringify(isValid.errors)}`);
  }
});

test("configJsonSchema() refuses what loadConfig() refuses", () => {
  for (const text of bad) {
    assert.notDeepEqual(errorsOf(text), [], text);
    assert.ok(!isValid(rawOf(text)), text);
  }
});

test("every example is accepted by loadConfig() and by configJsonSchema()", () => {
  const folder = new URL("../examples/", import.meta.url);
  if (!existsSync(folder)) return;
  const files = readdirSync(folder, { recursive: true }).map(String).filter((file) => /\.ya?ml$/.test(file));
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), "utf8");
    if (!/^version:/m.test(text)) continue;
    assert.deepEqual(errorsOf(text), [], file);
    assert.ok(isValid(rawOf(text)), `${file}: ${JSON.stringify(isValid.errors)}`);
  }
});
