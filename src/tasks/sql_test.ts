import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openTask, poolPlan, TestCall } from "../../tests/support/open_task.ts";
import type { OpenedTask, TaskOptions } from "../../tests/support/open_task.ts";
import type { ValueMap } from "../model/json.ts";

const directory = mkdtempSync(join(tmpdir(), "fanout-sql-"));
const opened: OpenedTask[] = [];

after(async () => {
  await Promise.all(opened.map((task) => task.close()));
  rmSync(directory, { recursive: true });
});

test("openSql() gives rows with their types, and only keeps what is read", async () => {
  const spec = { query: "select 1 as id, ? as item, x'00ff' as bytes, null as id", params: ["${{ item }}"] };
  const task = await sql(spec, { reads: ["rows"] });
  const { fields, output, body } = await task.answer({ item: 9223372036854775807n });
  const rows = [{ id: 1, item: 9223372036854775807n, bytes: new Uint8Array([0, 255]), id_2: null }];
  assert.deepEqual(fields, { rows, rowCount: 1, columns: ["id", "item", "bytes", "id_2"] });
  assert.deepEqual(output, { ...fields, truncated: false });
  assert.equal(body, null);
});

test("openSql() renders values at any depth and binds them as what they are", async () => {
  const task = await sql({
    query: "select typeof($2) as type, $1 as json, $3 as truth",
    params: [{ list: ["${{ item }}", null] }, 2, true],
  });
  const { output } = await task.answer({ item: 9007199254740993n });
  assert.deepEqual(output.rows, [{ type: "integer", json: '{"list":[9007199254740993,null]}', truth: 1 }]);
});

test("openSql() keeps the first rows for the report, up to the capture's size", async () => {
  const task = await sql({ query: numbers(1000) }, { capture: { mode: "size", bytes: 500 } });
  const { output, fields } = await task.answer();
  assert.equal(fields.rowCount, 1000);
  assert.equal((output.rows as ValueMap[]).length, 27);
  assert.equal(output.truncated, true);
  assert.deepEqual(fields.rows, output.rows);
});

test("openSql() fails a result of too many rows, or goes on with the first", async () => {
  const failing = await sql({ query: numbers(11), maxRows: 10 }, { save: "rows.jsonl" });
  const failure = await failing.failure();
  assert.equal(failure.error.code, "too_large");
  assert.match(failure.error.message, /more than 10 rows: raise sql.maxRows/);
  assert.equal(failing.saved(), "");
  const cutting = await sql({ query: numbers(11), maxRows: 10, ifMore: "truncate" }, { save: "rows.jsonl" });
  const { output } = await cutting.answer();
  assert.equal(output.rowCount, 10);
  assert.equal(output.truncated, true);
  assert.equal(cutting.saved().split("\n").length, 11);
  const exact = await sql({ query: numbers(10), maxRows: 10 });
  assert.equal((await exact.answer()).output.truncated, false);
});

test("openSql() fails a result of too many bytes", async () => {
  const task = await sql({
    query: "select printf('%1000d', value) from json_each('[1,2,3]')",
    maxBytes: 2500,
  });
  assert.equal((await task.failure()).error.code, "too_large");
  const oneRow = await sql({ query: "select zeroblob(10000)", maxBytes: 2500 });
  assert.equal((await oneRow.failure()).error.code, "too_large");
});

const formats: readonly (readonly [string, string])[] = [
  ["out.jsonl", '{"a":1,"b":"x,\\"y\\""}\n{"a":9007199254740993,"b":null}\n'],
  ["out/${{ item }}.json", '[\n{"a":1,"b":"x,\\"y\\""},\n{"a":9007199254740993,"b":null}\n]\n'],
  ["out.CSV", 'a,b\n1,"x,""y"""\n9007199254740993,\n'],
];

for (const [save, text] of formats) {
  test(`openSql() writes the rows that ${save} keeps`, async () => {
    const task = await sql({ query: `select 1 as a, 'x,"y"' as b union all select 9007199254740993, null` }, {
      save,
    });
    const { body } = await task.answer();
    assert.equal(task.saved(), text);
    assert.equal(body?.bytes, text.length);
  });
}

test("openSql() counts the rows that a statement changes", async () => {
  const url = "sqlite:changes.db";
  const create = await sql({ url, query: "create table t(id integer)" });
  assert.deepEqual((await create.answer()).output, { rows: [], rowCount: 0, columns: [], truncated: false });
  const insert = await sql({
    url,
    query: "insert into t select value from json_each(?)",
    params: [[1, 2, 3]],
  });
  assert.equal((await insert.answer()).fields.rowCount, 3);
});

const failures: readonly (readonly [string, ValueMap, string, RegExp])[] = [
  ["bad SQL", { query: "selct 1" }, "query", /near "selct": syntax error/],
  ["several statements", { query: "select 1; select 2" }, "query", /several statements/],
  [
    "too few values",
    { query: "select ?, ?", params: [1] },
    "query",
    /2 placeholders and params has 1 value$/,
  ],
  [
    "too many values",
    { query: "select $1", params: [1, 2] },
    "query",
    /1 placeholder and params has 2 values/,
  ],
  ["named placeholders", { query: "select :a", params: [1] }, "query", /:a has no value/],
  [
    "a missing file",
    { url: "sqlite:missing.db?mode=rw", query: "select 1" },
    "not_found",
    /Cannot open|mode=rw/,
  ],
  [
    "a missing file to read",
    { url: "sqlite:missing.db", query: "select 1", readOnly: true },
    "not_found",
    /readOnly/,
  ],
  ["a directory", { url: "sqlite:.", query: "select 1" }, "not_a_file", /directory/],
  ["another URL", { url: "oracle://x", query: "select 1" }, "template", /oracle: is not known/],
];

for (const [name, spec, code, message] of failures) {
  test(`openSql() fails for good with ${name}`, async () => {
    // What cannot be used is found by the attempt, where the URL is an item's.
    const { url = "sqlite::memory:", ...rest } = spec;
    const { error } = await (await sql({ ...rest, url: "${{ item }}" })).failure({ item: url });
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(error.retryable, false);
  });
}

test("openSql() lets nothing be written where it is told to read only", async () => {
  const url = "sqlite:readonly.db";
  await (await sql({ url: `${url}`, query: "create table t(x)" })).answer();
  const { error } = await (await sql({ url, query: "insert into t values (1)", readOnly: true })).failure();
  assert.equal(error.code, "permission");
});

test("openSql() stops a query that is cancelled, and goes on with another", async () => {
  const task = await sql({
    query: `select count(*) from (${endless}) where i <> ?`,
    params: ["${{ item }}"],
  });
  const call = new TestCall();
  const running = task.failure({ item: 0 }, call);
  call.cancel();
  assert.deepEqual((await running).error, {
    code: "timeout",
    message: "timed out after 1s",
    retryable: false,
  });
  const other = await sql({ query: "select 1" });
  assert.equal((await other.answer()).output.rowCount, 1);
});

test("openSql() says that a write which was cut off may have happened, unless doing it twice is harmless", async () => {
  const spec = { url: "sqlite:cut.db", query: `create table t as ${endless}` };
  for (const [idempotent, code] of [[false, "outcome_unknown"], [true, "timeout"]] as const) {
    const call = new TestCall();
    const running = (await sql(spec, { idempotent })).failure({}, call);
    call.cancel();
    const { error } = await running;
    assert.equal(error.code, code);
    assert.equal(error.retryable, idempotent);
  }
});

test("openSql() lets go of connections that its pool has no place for any more", async () => {
  const task = await sql({ url: "sqlite::memory:", query: "create table t(x)" });
  const calls = [new TestCall(), new TestCall()];
  calls[0]!.limit = 1;
  await Promise.all(calls.map((call) => task.perform({}, call)));
  // Only the other's file in memory is still there.
  const [first, second] = [await task.perform(), await Promise.all([task.perform(), task.perform()])];
  assert.equal(first.kind, "failed");
  assert.deepEqual(second.map(({ kind }) => kind).sort(), ["answer", "failed"]);
});

test("openSql() keeps no more connections than its pool has places", async () => {
  const pool = poolPlan(2);
  const task = await sql({ url: "sqlite:${{ item }}.db", query: "create table t(x)" }, { pool });
  for (const item of ["a", "b", "c"]) await task.answer({ item });
  const again = await sql({ url: "sqlite:c.db", query: "select count(*) as n from t" }, { pool });
  assert.deepEqual((await again.answer()).output.rows, [{ n: 0 }]);
});

const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";

function numbers(count: number): string {
  return `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n`;
}

async function sql(spec: ValueMap, options: TaskOptions = {}): Promise<OpenedTask> {
  const task = await openTask("sql", { url: "sqlite::memory:", ...spec }, { directory, ...options });
  opened.push(task);
  return task;
}
