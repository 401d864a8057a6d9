import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../model/json.ts";
import { redisKind } from "./redis_schema.ts";
import { sqlKind } from "./sql_schema.ts";

const url = "sqlite:data.db";

const queries: readonly (readonly [ValueMap, ValueMap, string | undefined])[] = [
  [{ url, query: "select ?", params: [1] }, {}, undefined],
  [{ query: "select $1", params: [1] }, { url: "${{ secrets.pg }}" }, undefined],
  [{ url, query: "select 1" }, {}, undefined],
  [{ query: "select 1" }, {}, ': no database is named: write a "url" here, or name a target that has one'],
  [{ url, query: " -- nothing" }, {}, "query: the query is empty"],
  [{ url: "${{ item }}", query: "select 1; select 2" }, {}, "query@10: several statements in one query"],
  [
    { url, query: "select ?, ?", params: [1] },
    {},
    "query: the query has 2 placeholders and params has 1 value",
  ],
  [
    { query: "select ?, $1", params: [1] },
    { url },
    "query: placeholders with and without numbers stand together",
  ],
  // What is wrong for one database only is said when it is known which one it is.
  [{ url: "${{ item }}", query: "select ?" }, {}, undefined],
];

test("sqlKind.check() says what can be said before anything runs", () => {
  for (const [spec, connection, expected] of queries) {
    assertProblem(problemsOf(sqlKind.check, spec, connection), expected, spec);
  }
});

const commands: readonly (readonly [ValueMap, ValueMap, string | undefined])[] = [
  [{ url: "redis://h:1/0", command: ["GET", "a b"] }, {}, undefined],
  [{ command: ["GET", "a"] }, { url: "${{ secrets.redis }}" }, undefined],
  [{ url: "unix:///run/redis.sock?db=1", command: ["${{ item }}"] }, {}, undefined],
  [{ command: ["GET", "a"] }, {}, ': no server is named: write a "url" here, or name a target that has one'],
  [{ url: "redis://h", command: ["subscribe", "x"] }, {}, "command: subscribe does not answer once"],
  [
    { url: "redis://h", command: ["GET x"] },
    {},
    'command.0: there is no command with a blank in its name: write its words one by one, ["GET","x"]',
  ],
];

test("redisKind.check() says what can be said before anything runs", () => {
  for (const [spec, connection, expected] of commands) {
    assertProblem(problemsOf(redisKind.check, spec, connection), expected, spec);
  }
});

test("redisKind.isHarmless() knows the commands that only read", () => {
  for (const command of [["GET", "x"], ["object", "ENCODING", "x"], ["PING"]]) {
    assert.ok(redisKind.isHarmless({ command }), String(command));
  }
  for (const command of [["SET", "x"], ["OBJECT"], ["${{ item }}", "x"], ["NOSUCH"], ["SORT", "x"]]) {
    assert.ok(!redisKind.isHarmless({ command }), String(command));
  }
});

function problemsOf(check: typeof sqlKind.check, spec: ValueMap, connection: ValueMap): readonly string[] {
  const problems: string[] = [];
  const report = (path: readonly unknown[], message: string, where?: { readonly offset?: number }) => {
    problems.push(`${path.join(".")}${where?.offset ? `@${where.offset}` : ""}: ${message}`);
  };
  check(spec, report, connection);
  return problems;
}

function assertProblem(problems: readonly string[], expected: string | undefined, spec: ValueMap): void {
  assert.equal(
    problems.length,
    expected === undefined ? 0 : 1,
    `${JSON.stringify(spec)} ${problems.join("\n")}`,
  );
  if (expected !== undefined) assert.ok(problems[0]!.startsWith(expected), problems[0]);
}
