import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load_config.ts";
import { showDiagnostic } from "./show_diagnostic.ts";

const sample = `version: 1
name: nightly
params: { day: "\${{ date(run.startedAt, '%Y') }}", n: 3 }
secrets: { token: { env: TOKEN } }
x-slow: &slow { timeout: 1m, retry: { attempts: 5, on: [http_status:409] } }
targets:
  api: { http: { baseUrl: "https://x.test", headers: { a: "\${{ secrets.token }}" } }, concurrency: 4 }
tasks:
  users:
    <<: *slow
    target: api
    foreach: { csv: in.csv, as: user }
    http: { url: "/users/\${{ user.id }}", okStatus: [200-299, 404] }
    expect: ["json.users.size() > 0", status == 200]
    outputs: { ids: "json.users.map(u, u.id)" }
    save: "out/\${{ user.id }}.json"
  sizes:
    matrix: { size: [64, 256], exclude: [{ size: 64 }] }
    exec: { command: [resize, "\${{ matrix.size }}"] }
report: { json: out.json }
`;

/** What any text at all must give: places inside the file, and a config exactly when nothing is an error. */
function checkLoaded(text: string): void {
  const { config, problems, source } = loadConfig(text, "c.yaml");
  const lines = source.text.split("\n");
  for (const problem of problems) {
    assert.ok(problem.line >= 1 && problem.line <= lines.length, `line ${problem.line} of ${lines.length}`);
    const width = [...lines[problem.line - 1]!].length;
    assert.ok(problem.column >= 1 && problem.column <= width + 1, `column ${problem.column} of ${width}`);
    assert.ok(problem.length >= 1);
    assert.ok(showDiagnostic(problem, source.text).split("\n").every((line) => line.length < 2000));
  }
  assert.equal(config === undefined, problems.some(({ severity }) => severity === "error"));
}

const pieces = fc.constantFrom(
  ..."{}[]:,-&*!|>%@`'\"#\n\t \r?".split(""),
  "${{",
  "}}",
  "<<: *slow",
  "- ",
  ": ",
  "null",
  "007",
  "__proto__: 1\n",
  "&a ",
  "*a ",
  "!!map ",
  "\u2028",
  "日本",
  "\ud83d\ude00",
);

test("loadConfig() never throws and places every problem, whatever is cut, doubled or put into a config", () => {
  const edits = fc.array(
    fc.record({ at: fc.nat(sample.length), remove: fc.nat(20), insert: fc.oneof(pieces, fc.string()) }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(edits, (edits) => {
      let text = sample;
      for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
      checkLoaded(text);
    }),
    { numRuns: 300 },
  );
});

test("loadConfig() never throws for text that is no config", () => {
  fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (all) => checkLoaded(all.join(""))), {
    numRuns: 300,
  });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void loadConfig(bytes, "c.yaml")));
});

test("loadConfig() never throws for a value of any other shape, anywhere", () => {
  const raw = fc.json({ maxDepth: 3 });
  const places = ["params", "secrets", "run", "defaults", "targets", "tasks", "report"];
  fc.assert(
    fc.property(fc.constantFrom(...places), raw, (key, json) => {
      checkLoaded(`{"version": 1, "tasks": {}, "x": 1, "${key}": ${json}}`);
      checkLoaded(
        `{"version": 1, "tasks": {"a": {"exec": {"command": ["x"]}, "${key}": ${json}, "foreach": ${json}}}}`,
      );
      checkLoaded(`{"version": 1, "tasks": {"a": {"http": ${json}, "save": ${json}, "retry": ${json}}}}`);
    }),
    { numRuns: 150 },
  );
});
