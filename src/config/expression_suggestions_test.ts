import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load_config.ts";

/** A map or list where an expression belongs, what stands before it and behind it, and what is suggested instead. */
const cases: readonly (readonly [before: string, written: string, behind: string, suggested: string])[] = [
  ["collect: { path: x.csv, ", 'value: { file: "${{ item }}" }', " }", `value: "{'file': item}"`],
  [
    "collect: { path: x.csv, ",
    'value: { "it\'s": "no-${{ index }}", kind: user, n: 3, none: null, of: ["${{ json[\'a\'] }}"] }',
    " }",
    `value: "{'it\\\\'s': 'no-' + string(index), 'kind': 'user', 'n': 3, 'none': null, 'of': [json['a']]}"`,
  ],
  ["collect: { path: x.csv, ", 'value: ["${{ item }}", "${{ status }}"]', " }", 'value: "[item, status]"'],
  [
    "outputs: { ",
    "user: { id: json.id, by: [status, item] }",
    " }",
    `user: "{'id': json.id, 'by': [status, item]}"`,
  ],
  [
    "outputs:\n      ",
    "user:\n        id: json.id\n        name: json.name",
    "",
    `user: "{'id': json.id, 'name': json.name}"`,
  ],
  ["outputs: { ", "ids: [json]", " }", 'ids: "[json]"'],
  ["", "if: { index: 0, item: x }", "", `if: "index == 0 && item == 'x'"`],
  ["expect: [", "{ status: 200 }", "]", '"status == 200"'],
];

for (const [before, written, behind, suggested] of cases) {
  test(`loadConfig() suggests what may stand as it is instead of ${written}`, () => {
    const what = /^[\w ]*:? ?\[/.test(written) ? "a list" : "a map";
    assert.deepEqual(problemsOf(before + written + behind), [
      `expected an expression, got ${what}; write it as one: ${suggested}`,
    ]);
    assert.deepEqual(problemsOf(before + suggested + behind), []);
  });
}

test("loadConfig() suggests nothing where there is no telling what is meant", () => {
  const map = `; it is one text, such as "{'id': json.id}"`;
  assert.deepEqual(problemsOf('outputs: { a: { b: "x ${{ {1: 2}[1] }}" } }'), [
    `expected an expression, got a map${map}`,
  ]);
  assert.deepEqual(problemsOf("if: [index]"), [
    'expected an expression, got a list; a condition is one text, such as "status == 200"',
  ]);
});

/** What is wrong with a config whose task has this setting. */
function problemsOf(setting: string): readonly string[] {
  const task = `    foreach: [x]\n    http: { url: "https://x" }\n    ${setting}\n`;
  return loadConfig(`version: 1\ntasks:\n  a:\n${task}`, "x.yaml").problems.map(({ message }) => message);
}
