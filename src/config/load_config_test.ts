import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load_config.ts";
import { showDiagnostic } from "./show_diagnostic.ts";

const small = "version: 1\ntasks:\n  a: { http: { url: https://x } }\n";

function problemsOf(contents: string | Uint8Array): string[] {
  return loadConfig(contents, "c.yaml").problems.map((one) => `${one.line}:${one.column}: ${one.message}`);
}

test("loadConfig() gives the config in its normal form", () => {
  const { config, problems } = loadConfig(
    `
version: 1
x-retry: &slow { attempts: 5, backoff: { initial: 1s } }
params: { day: null, n: 4, region: { env: REGION, default: eu } }
run: { maxFailures: 5%, grace: 1m30s }
defaults: { retry: { <<: *slow, backoff: null }, timeout: 10s, capture: none }
targets: { api: { http: { baseUrl: "https://x.test", maxBytes: 1MiB }, concurrency: "\${{ params.n }}" } }
tasks:
  a:
    target: api
    foreach: { csv: hosts.csv, as: host }
    matrix: { size: [64, 256], exclude: [{ size: 64 }] }
    http: { url: "/\${{ host.name }}", headers: { x-n: 5 } }
    retry: 4
    save: "out/\${{ host.name }}.json"
    outputs: { n: size(json), token: { value: "\${{ json.t }}", secret: true } }
report: { json: out.json }
`,
    "c.yaml",
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(config, {
    version: 1,
    params: { day: {}, n: { default: 4 }, region: { env: "REGION", default: "eu" } },
    run: { maxFailures: { share: 0.05 }, grace: 90_000 },
    defaults: {
      retry: { backoff: null, attempts: 5 },
      timeout: { attempt: 10_000 },
      capture: { mode: "none" },
    },
    targets: {
      api: {
        concurrency: { template: "${{ params.n }}", unit: "concurrency", bounds: {} },
        kind: "http",
        spec: { baseUrl: "https://x.test", maxBytes: 1_048_576 },
      },
    },
    tasks: {
      a: {
        target: "api",
        foreach: { as: "host", source: "csv", path: "hosts.csv" },
        matrix: { axes: { size: [64, 256] }, exclude: [{ size: 64 }], include: [] },
        retry: { attempts: 4 },
        save: { path: "out/${{ host.name }}.json" },
        outputs: { n: { value: "size(json)", secret: false }, token: { value: "json.t", secret: true } },
        kind: "http",
        spec: { url: "/${{ host.name }}", headers: { "x-n": "5" } },
      },
    },
    report: { json: "out.json" },
  });
});

test("loadConfig() takes a byte order mark, CRLF and bytes", () => {
  for (
    const contents of [`\ufeff${small}`, small.replaceAll("\n", "\r\n"), new TextEncoder().encode(small)]
  ) {
    assert.deepEqual(problemsOf(contents), []);
  }
  assert.deepEqual(problemsOf("version: 1\r\nname: [x]\r\ntasks: {}\r\n"), [
    '2:7: expected text, got a list; write it in quotes: name: "[x]"',
  ]);
});

test("loadConfig() refuses what is no text, before YAML sees it", () => {
  const utf16 = new Uint8Array([0xff, 0xfe, 0x61, 0x00]);
  assert.deepEqual(problemsOf(utf16), [
    "1:1: the file is not UTF-8 but looks like UTF-16: save the file as UTF-8",
  ]);
  assert.deepEqual(problemsOf(new Uint8Array([0x61, 0x0a, 0x62, 0xe4, 0x0a])), [
    "2:2: this is not UTF-8: save the file as UTF-8",
  ]);
  assert.deepEqual(problemsOf("name: a\n  \x00"), [
    "2:3: there is a control character here (0x00): delete it",
  ]);
  assert.deepEqual(problemsOf(new Uint8Array(10_000_001)), [
    "1:1: the file has 11 MB; at most 10 MB are read",
  ]);
});

test("loadConfig() bounds depth and aliases", () => {
  assert.deepEqual(problemsOf(`x-a: ${"[".repeat(100_000)}`), [
    "1:105: this is nested more than 100 levels deep",
  ]);
  const blocks = Array.from({ length: 200 }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
  assert.match(problemsOf(blocks)[0]!, /nested more than 100 levels deep/);
  const laughs = ["x-0: &x0 [a, a, a, a, a, a, a, a, a]"];
  for (let level = 1; level < 12; level++) {
    laughs.push(`x-${level}: &x${level} [${Array(9).fill(`*x${level - 1}`).join(", ")}]`);
  }
  const bomb = problemsOf(`${laughs.join("\n")}\n${small}`);
  assert.equal(bomb.length, 1, "it is said once");
  assert.match(bomb[0]!, /aliases repeat more than 100000 values/);
});

test("loadConfig() keeps whole numbers beyond 2^53 exact", () => {
  const { config } = loadConfig(
    "version: 1\ntasks:\n  a: { foreach: [9007199254740993], exec: { command: [x] } }\n",
    "c.yaml",
  );
  assert.deepEqual(config?.tasks.a?.foreach, { source: "list", items: [9007199254740993n] });
});

test("loadConfig() lets `where` read one item, also when items are gathered into batches", () => {
  const foreach = '{ range: "1..9", where: item % 2 == 0, batch: 2 }';
  assert.deepEqual(
    problemsOf(
      `version: 1\ntasks:\n  a: { foreach: ${foreach}, exec: { command: [x, "\${{ item[0] }}"] } }\n`,
    ),
    [],
  );
});

test("loadConfig() says what an alias repeats once", () => {
  const text = "version: 1\nx-a: &a { http: { ulr: x } }\ntasks:\n  a: *a\n  b: { <<: *a }\n";
  assert.deepEqual(problemsOf(text), ['2:19: unknown key "ulr"; did you mean "url"?']);
});

test("ConfigSource.diagnose() finds the place inside quoted and folded text, or the nearest there is", () => {
  const text = 'version: 1\nname: "a\\tb ${{ x }}"\nx-a: |\n  one\n  two one\ntasks: {}\n';
  const { source } = loadConfig(text, "c.yaml");
  const at = (path: string[], offset?: number) => {
    const { line, column, length } = source.diagnose(
      path,
      "",
      offset === undefined ? {} : { offset, length: 3 },
    );
    return [line, column, length];
  };
  assert.deepEqual(at(["name"]), [2, 7, 15]);
  assert.deepEqual(at(["name"], 4), [2, 13, 3]);
  assert.deepEqual(at(["x-a"], 8), [5, 7, 3]);
  assert.deepEqual(at(["tasks", "b", "http"]), [6, 8, 2]);
  assert.deepEqual(at(["nothing"]), [1, 1, 1]);
});

test("showDiagnostic() puts the caret under the place, whatever stands before it", () => {
  const show = (text: string, column: number, length: number) =>
    showDiagnostic({ file: "c.yaml", line: 1, column, length, severity: "error", message: "m" }, text);
  assert.equal(show("a: bc\n", 4, 2), "c.yaml:1:4: m\n  a: bc\n     ^^");
  assert.equal(show("\ta: b", 5, 1), "c.yaml:1:5: m\n   a: b\n      ^");
  assert.equal(show("日本: b", 5, 1), "c.yaml:1:5: m\n  日本: b\n        ^");
  assert.equal(show("a\x1b[2J: b", 8, 1), "c.yaml:1:8: m\n  a\\x1b[2J: b\n            ^");
  assert.equal(show("", 1, 1), "c.yaml:1:1: m");
  const long = show(`${"x".repeat(500)}: b`, 503, 1).split("\n");
  assert.ok(long.every((line) => line.length < 120));
  assert.equal(long[1]![long[2]!.indexOf("^")], "b");
});

test("showDiagnostic() marks warnings and cannot be made to move the cursor", () => {
  const problem = {
    file: "c\n.yaml",
    line: 1,
    column: 1,
    length: 1,
    severity: "warning",
    message: "a\x1bb",
  } as const;
  assert.equal(showDiagnostic(problem, "x"), "c\\n.yaml:1:1: warning: a\\x1bb\n  x\n  ^");
});
