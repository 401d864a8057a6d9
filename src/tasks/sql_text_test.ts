import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyReads, scanSql, type SqlDialect } from "./sql_text.ts";

const statements: readonly (readonly [SqlDialect, string, number])[] = [
  ["sqlite", "", 0],
  ["sqlite", " -- nothing\n/* at all */ ;; ", 0],
  ["sqlite", "select 1", 1],
  ["sqlite", "select 1; -- tail\n ;", 1],
  ["sqlite", "select 1; select 2", 2],
  ["sqlite", "select ';' as \"a;b\", [c;d], `e;f` -- ;\n/* ; */", 1],
  ["sqlite", "select 'it''s;'; drop table t", 2],
  [
    "sqlite",
    "create trigger a after insert on t begin select case 1 when 1 then 2 end; delete from u; end;",
    1,
  ],
  ["sqlite", "create temp trigger a after insert on t begin select 1; end; select 2", 2],
  ["sqlite", "begin; select 1", 2],
  ["postgres", "select $$ a; b $$, $x$ $$; $x$", 1],
  ["postgres", "select E'\\';' , ';'; select 2", 2],
  ["postgres", "select 1 /* a /* b; */ ; */", 1],
  ["postgres", "select '\\'; select 2", 2],
  ["postgres", "create function f() returns int begin atomic select 1; select 2; end", 1],
  ["mysql", "select '\\';', \"a;\\\"\" # ;\n", 1],
  ["mysql", "select 1--1; select 2", 2],
  ["mysql", "begin not atomic select 1; select 2; end", 1],
  ["mysql", "select 'open; select 2", 1],
];

test("scanSql() counts statements as each database would", () => {
  for (const [dialect, query, count] of statements) {
    assert.equal(scanSql(query, dialect).statementCount, count, `${dialect}: ${query}`);
  }
  assert.equal(scanSql("select 1; /* x */ select 2", "sqlite").secondAt, 18);
});

const placeholders: readonly (readonly [SqlDialect, string, readonly string[]])[] = [
  ["sqlite", "select ?, ?2, '?', \"?\", $3, :a -- ?", ["?", "?2", "$3", ":a"]],
  ["postgres", "select $1, $12::int, a ? 'b', '$2', x$3 from t", ["$1", "$12"]],
  ["mysql", "select ?, '?', `?`, \"?\" # ?\n , ? -- ?", ["?", "?"]],
];

test("scanSql() finds placeholders outside of strings, names and comments", () => {
  for (const [dialect, query, found] of placeholders) {
    assert.deepEqual(scanSql(query, dialect).placeholders, found, `${dialect}: ${query}`);
  }
});

test("onlyReads() tells queries from what may write", () => {
  for (const query of ["/* a */ SELECT 1", "values (1)", "with t as (select 'delete') select * from t"]) {
    assert.ok(onlyReads(query, "sqlite"), query);
  }
  for (
    const query of [
      "insert into t values (1)",
      "with t as (select 1) delete from u",
      "pragma user_version = 1",
      "",
    ]
  ) {
    assert.ok(!onlyReads(query, "sqlite"), query);
  }
});
