import assert from "node:assert/strict";
import { test } from "node:test";
import { findOperands } from "./find_operands.ts";

const table: readonly (readonly [condition: string, operands: readonly string[]])[] = [
  ["status == 200", ["status"]],
  ["json.id == int(item.id)", ["json.id", "int(item.id)"]],
  ["status == 200 && (json.count > 3 || !(json.state in ['a', 'b']))", [
    "status",
    "json.count",
    "json.state",
  ]],
  ["json.users.size() > 0", ["json.users.size()"]],
  ["stdout.startsWith(params.greeting)", ["stdout", "params.greeting"]],
  ["json.users.all(u, u.id > item.least)", ["json.users"]],
  ["rows[0].n == 60", ["rows[0].n"]],
  ["json.?a.orValue(0) > 1", ["json.?a.orValue(0)"]],
  ["json.a == 1 || json.a == 2", ["json.a"]],
  ["json.ok", []],
  ["true", []],
];

for (const [condition, operands] of table) {
  test(`findOperands() finds those of ${condition}`, () => {
    assert.deepEqual(findOperands(condition), operands);
  });
}
