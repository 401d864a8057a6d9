import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Value } from "../model/json.ts";
import type { Finished, RowSink, SqlSession, SqlStatement, Trouble } from "./databases.ts";
import { helperCommand } from "./helper.ts";
import { openSqlite } from "./sqlite.ts";
import { writeLine } from "./sqlite_wire.ts";

const folder = mkdtempSync(join(tmpdir(), "fanout-sqlite-"));
const sessions: SqlSession[] = [];

after(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  rmSync(folder, { recursive: true });
});

test("openSqlite() brings values over as they are, 64-bit integers and bytes too", async () => {
  const session = await open(":memory:");
  const { rows, columns, ending } = await ask(session, {
    query: "select ?, ?, ?, ?, ?, typeof(?), 9e999, ? as é",
    params: [null, -9223372036854775808n, 1.5, "ü\n", new Uint8Array([0, 255]), 3, true],
  });
  assert.deepEqual(rows, [[
    null,
    -9223372036854775808n,
    1.5,
    "ü\n",
    new Uint8Array([0, 255]),
    "integer",
    "Infinity",
    1,
  ]]);
  assert.equal(columns.at(-1), "é");
  assert.deepEqual(ending, { kind: "finished", rowCount: 1 });
});

test("openSqlite() binds numbered placeholders by their number", async () => {
  const session = await open(":memory:");
  const { rows } = await ask(session, {
    query: "select $2, $1, $1",
    params: ["one", "two"],
    names: ["$1", "$2"],
  });
  assert.deepEqual(rows, [["two", "one", "one"]]);
});

test("openSqlite() counts changed rows, and none for what changes none", async () => {
  const session = await open(join(folder, "changes.db"), true);
  for (
    const [query, count] of [
      ["create table t(id)", 0],
      ["insert into t values (1), (2), (3)", 3],
      ["update t set id = 4 where id > 1", 2],
      ["create index i on t(id)", 0],
      ["insert into t values (5) returning id", 1],
    ] as const
  ) assert.deepEqual((await ask(session, { query })).ending, { kind: "finished", rowCount: count }, query);
});

test("openSqlite() stops after one row more than asked for, and the session goes on", async () => {
  const session = await open(":memory:");
  const { rows } = await ask(session, { query: endless, maxRows: 3 });
  assert.deepEqual(rows, [[1], [2], [3], [4]]);
  assert.deepEqual((await ask(session, { query: "select 1" })).rows, [[1]]);
});

test("openSqlite() ends when its sink wants no more", async () => {
  const session = await open(":memory:");
  let taken = 0;
  const running = session.run(statement({ query: endless, maxRows: 1000 }), {
    columns: () => {},
    row: () => ++taken < 10,
  });
  assert.equal((await running.ended).kind, "finished");
  assert.equal(taken, 10);
  assert.equal(session.usable, false);
});

test("openSqlite() lets a statement that writes come to its end, though no more rows are wanted", async () => {
  const session = await open(join(folder, "returning.db"), true);
  await ask(session, { query: "create table t(x)" });
  const writing = { query: `insert into t ${endless} limit 1000 returning x`, stoppable: false };
  let taken = 0;
  const running = session.run(statement(writing), { columns: () => {}, row: () => ++taken < 10 });
  assert.equal((await running.ended).kind, "finished");
  assert.equal(taken, 10);
  assert.deepEqual((await ask(session, { query: "select count(*) from t" })).rows, [[1000]]);
});

test("openSqlite() stops a statement in the middle", async () => {
  const session = await open(":memory:");
  const running = session.run(statement({ query: `select count(*) from (${endless})` }), ignored);
  running.cancel();
  const ending = await running.ended;
  assert.equal(ending.kind === "trouble" && ending.code, "CANCELLED");
  assert.equal(session.usable, false);
});

test("openSqlite() rolls back a transaction that a query leaves open", async () => {
  const path = join(folder, "open.db");
  const session = await open(path, true);
  assert.equal(codeOf((await ask(session, { query: "begin immediate" })).ending), "TRANSACTION");
  const other = await open(path, true);
  assert.equal((await ask(other, { query: "create table t(x)" })).ending.kind, "finished");
});

test("openSqlite() tells of an error in the middle of the rows", async () => {
  const session = await open(":memory:");
  const query = "select abs(value) from json_each('[1, 2, -9223372036854775808]')";
  const { ending } = await ask(session, { query });
  assert.equal(codeOf(ending), "SQLITE_ERROR");
  assert.deepEqual((await ask(session, { query: "select 1 as a, 2 as a order by 1; " })).columns, ["a", "a"]);
});

const troubles: readonly (readonly [string, string, Partial<SqlStatement>, string])[] = [
  ["a missing file", join(folder, "missing.db"), {}, "ENOENT"],
  ["a directory", folder, {}, "EISDIR"],
  ["a file of something else", import.meta.filename!, { query: "select * from t" }, "SQLITE_NOTADB"],
  ["bad SQL", ":memory:", { query: "selct 1" }, "SQLITE_ERROR"],
  ["a row too large", ":memory:", { query: "select zeroblob(2000)", maxRowBytes: 1000 }, "SQLITE_TOOBIG"],
  ["too many values", ":memory:", { query: "select ?", params: [1, 2] }, "SQLITE_RANGE"],
];

for (const [name, path, request, code] of troubles) {
  test(`openSqlite() says what is wrong with ${name}`, async () => {
    const session = await open(path);
    const { ending } = await ask(session, request);
    assert.equal(codeOf(ending), code, JSON.stringify(ending));
    assert.equal(session.usable, true);
  });
}

test("openSqlite() lets a read-only statement change nothing", async () => {
  const path = join(folder, "read.db");
  const session = await open(path, true);
  await ask(session, { query: "create table t(x)" });
  const { ending } = await ask(session, { query: "insert into t values (1)", readOnly: true });
  assert.equal(codeOf(ending), "SQLITE_READONLY");
  assert.deepEqual((await ask(session, { query: "select count(*) from t", readOnly: true })).rows, [[0]]);
});

test("openSqlite() says that a file is locked", async () => {
  const path = join(folder, "busy.db");
  const [holder, other] = [await open(path, true), await open(path, true)];
  await ask(holder, { query: "create table t(x)" });
  const writing = holder.run(
    statement({ query: `insert into t select * from (${endless}) limit 1e12` }),
    ignored,
  );
  assert.equal(codeOf((await ask(other, { query: "insert into t values (1)" })).ending), "SQLITE_BUSY");
  writing.cancel();
  await writing.ended;
  assert.deepEqual((await ask(other, { query: "select count(*) from t" })).rows, [[0]]);
});

test("serveSqlite() ends with its standard input, in the middle of a query too", async () => {
  const { program, args } = helperCommand("__sqlite");
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const request = { path: ":memory:", create: false, busyMs: 20, ...statement({ query: "select 1" }) };
  child.stdin.write(writeLine(request));
  await once(child.stdout, "data");
  child.stdin.end(writeLine({ ...request, query: `select count(*) from (${endless})` }));
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
});

const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";

const ignored: RowSink = { columns: () => {}, row: () => true };

async function open(path: string, create = false): Promise<SqlSession> {
  const session = await openSqlite({ path, create, busyMs: 20 }).opened as SqlSession;
  sessions.push(session);
  return session;
}

function statement(given: Partial<SqlStatement>): SqlStatement {
  return {
    query: "select 1",
    params: [],
    names: null,
    readOnly: false,
    maxRows: 1000,
    maxRowBytes: 1e6,
    stoppable: true,
    prompt: false,
    serverTimeoutMs: null,
    ...given,
  };
}

async function ask(session: SqlSession, given: Partial<SqlStatement>): Promise<{
  readonly rows: readonly (readonly Value[])[];
  readonly columns: readonly string[];
  readonly ending: Finished | Trouble;
}> {
  const rows: (readonly Value[])[] = [];
  let columns: readonly string[] = [];
  const ending = await session.run(statement(given), {
    columns: (names) => columns = names,
    row: (values) => rows.push(values) > 0,
  }).ended;
  return { rows, columns, ending };
}

function codeOf(ending: Finished | Trouble): string {
  return ending.kind === "trouble" ? ending.code : ending.kind;
}
