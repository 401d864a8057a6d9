import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { ValueMap } from "../src/model/json.ts";
import { postgresPassword, type PostgresServer, startPostgres } from "./servers/postgres.ts";
import { needs } from "./servers/throwaway.ts";
import { testServerTrouble } from "./support/sql_server_cases.ts";
import { type OpenedTask, openTask, poolPlan, type TaskOptions } from "./support/open_task.ts";

const available = needs("postgres", "initdb", "openssl");
let server: PostgresServer;
const opened: OpenedTask[] = [];

before(async () => {
  if (available.skip !== undefined) return;
  server = await startPostgres();
  server.sql("create table copied(id int)");
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((task) => task.close()));
});

after(async () => {
  await server?.remove();
});

test("PostgreSQL: values keep their types both ways", available, async () => {
  const task = await sql({
    query:
      `select $1::int8 as big, $2::float8 as double, $3::bool as truth, $4::text as nothing, $5::bytea as bytes,
      $6::jsonb as list, $7::int8[] as array, $8::jsonb as map, $9::timestamptz at time zone 'UTC' as time,
      12.50::numeric as exact, '{"a":[1,2]}'::json as json, 1 as big`,
    params: ["${{ item }}", 1.5, true, null, "${{ item.bytes }}", [1, "a"], [1, null], {
      id: "${{ item.id }}",
    }, "2026-11-21T10:00:00Z"]
      .map((param, index) => index === 0 ? "${{ item.id }}" : param),
  });
  const { output } = await task.answer({ item: { id: 9007199254740993n, bytes: new Uint8Array([0, 255]) } });
  assert.deepEqual((output.rows as ValueMap[])[0], {
    big: 9007199254740993n,
    double: 1.5,
    truth: true,
    nothing: null,
    bytes: new Uint8Array([0, 255]),
    list: [1, "a"],
    array: [1, null],
    map: { id: 9007199254740993n },
    time: "2026-11-21 10:00:00",
    exact: "12.50",
    json: { a: [1, 2] },
    big_2: 1,
  });
});

test("PostgreSQL: rows are counted, limited and truncated", available, async () => {
  const task = await sql({ query: "select generate_series(1, 100) as n", maxRows: 10, ifMore: "truncate" });
  const { output } = await task.answer();
  assert.equal(output.rowCount, 10);
  assert.equal(output.truncated, true);
  const many = await sql({
    query: "select repeat('x', 1000) from generate_series(1, 1000)",
    maxBytes: 10_000,
  });
  assert.equal((await many.failure()).error.code, "too_large");
  await (await sql({ query: "create table counted(id int)" })).answer();
  const insert = await sql({
    query: "insert into counted select * from unnest($1::int[])",
    params: [[1, 2, 3]],
  });
  assert.equal((await insert.answer()).output.rowCount, 3);
  const returning = await sql({ query: "delete from counted returning id" });
  assert.deepEqual((await returning.answer()).output.rows, [{ id: 1 }, { id: 2 }, { id: 3 }]);
});

test("PostgreSQL: a write of which too many rows come back is carried out", available, async () => {
  server.sql("create table returned(id int)");
  const query = "insert into returned select generate_series(1, 100) returning id";
  const limits: readonly ValueMap[] = [{ maxRows: 10 }, { maxBytes: 100 }];
  for (const limit of limits) {
    const { output } = await (await sql({ query, ifMore: "truncate", ...limit })).answer();
    assert.equal(output.truncated, true);
    const { error } = await (await sql({ query, ...limit })).failure();
    assert.match(error.message, /though the statement was carried out/);
  }
  assert.equal(server.sql("select count(*) from returned"), "400");
});

const failures: readonly (readonly [string, ValueMap, string, RegExp])[] = [
  ["bad SQL", { query: "selct 1" }, "query", /syntax error at or near "selct" at character 1/],
  [
    "an unknown table with a list bound",
    { query: "select $1::int[] from nowhere", params: [[1]] },
    "query",
    /nowhere/,
  ],
  ["several statements", { query: "select 1; select 2" }, "query", /several statements/],
  ["a constraint", { query: "do $$ begin raise unique_violation; end $$" }, "query", /unique_violation/],
  ["a value of the wrong type", { query: "select $1::int", params: ["x"] }, "query", /invalid input syntax/],
  ["too few values", { query: "select $1::int + $2::int", params: [1] }, "query", /requires 2/],
  [
    "a write in a read-only transaction",
    { query: "create table no(x int)", readOnly: true },
    "permission",
    /readOnly/,
  ],
  ["COPY to the client", { query: "copy (select 1) to stdout" }, "query", /COPY/],
  ["COPY from the client", { query: "copy copied from stdin" }, "query", /COPY/],
  ["a transaction left open", { query: "begin" }, "query", /left a transaction open/],
];

for (const [name, spec, code, message] of failures) {
  test(`PostgreSQL: ${name} fails for good, and the next query works`, available, async () => {
    const pool = poolPlan(1);
    // What cannot be used is found by the attempt, where the URL is an item's.
    const task = await sql({ ...spec, url: "${{ item }}" }, { pool });
    const { error } = await task.failure({ item: server.url() });
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.equal(error.retryable, false);
    assert.equal((await (await sql({ query: "select 1" }, { pool })).answer()).output.rowCount, 1);
  });
}

test(
  "PostgreSQL: a read-only query writes nothing, whatever its connection was told before",
  available,
  async () => {
    const pool = poolPlan(1);
    for (const query of ["discard all", "select set_config('default_transaction_read_only', 'off', false)"]) {
      await (await sql({ query, readOnly: true }, { pool })).answer();
      const write = await sql({ query: "create table no(x int)", readOnly: true }, { pool });
      assert.equal((await write.failure()).error.code, "permission", query);
    }
  },
);

const states: readonly (readonly [string, string, boolean])[] = [
  ["serialization_failure", "query", true],
  ["deadlock_detected", "query", true],
  ["lock_not_available", "query", true],
  ["cannot_connect_now", "connect", true],
  ["insufficient_privilege", "permission", false],
  ["division_by_zero", "query", false],
];

test("PostgreSQL: what was rolled back or never begun may be repeated", available, async () => {
  for (const [condition, code, retryable] of states) {
    const { error } = await (await sql({ query: `do $$ begin raise ${condition}; end $$` })).failure();
    assert.deepEqual([error.code, error.retryable], [code, retryable], condition);
  }
});

test("PostgreSQL: too many connections are back-pressure", available, async () => {
  server.sql("create role few login password 'few' connection limit 1");
  const url = server.url().replace(/admin:[^@]*/, "few:few");
  const holder = await sql({ url, query: "select 1" });
  await holder.answer();
  const other = await sql({ url, query: "select 1" });
  assert.equal((await other.perform()).kind, "backpressure");
});

testServerTrouble({
  name: "PostgreSQL",
  available,
  server: () => server,
  password: postgresPassword,
  sleep: (seconds, mark) => `select pg_sleep(${seconds}), '${mark}'`,
  connectionId: "select pg_backend_pid() as id",
  kill: (id) => `select pg_terminate_backend(${id})`,
  connections: "select pid from pg_stat_activity",
  running: (mark) =>
    `select pid from pg_stat_activity where state = 'active' and query like '%${mark}%' and pid <> pg_backend_pid()`,
  task: sql,
});

const connections: readonly (readonly [string, () => ValueMap, boolean | string])[] = [
  ["sslmode=disable", () => ({ url: server.url("sslmode=disable") }), false],
  ["sslmode=require", () => ({ url: server.url("sslmode=require") }), true],
  [
    "sslmode=verify-full with its CA",
    () => ({ url: server.url(`sslmode=verify-full&sslrootcert=${server.ca}`) }),
    true,
  ],
  ["sslmode=verify-full without", () => ({ url: server.url("sslmode=verify-full") }), "tls"],
  [
    "a section tls with another name",
    () => ({ url: server.url(), tls: { ca: server.ca, serverName: "other.test" } }),
    "tls",
  ],
  ["a section tls with a client certificate", () => ({
    url: server.url(),
    tls: { ca: server.ca, cert: server.clientCert, key: server.clientKey },
  }), true],
  ["a CA file that is missing", () => ({ url: server.url("sslrootcert=/nowhere/ca.pem") }), "tls"],
  ["a unix socket", () => ({ url: server.url(`host=${server.directory}`) }), false],
  ["an unknown database", () => ({ url: server.url("dbname=nowhere") }), "not_found"],
  ["an unknown option", () => ({ url: server.url("sllmode=require") }), "template"],
  ["a port nobody listens on", () => ({ url: server.url("port=1") }), "connect"],
];

for (const [name, spec, expected] of connections) {
  test(`PostgreSQL: connects by ${name}, or says why not`, available, async () => {
    const { url, ...rest } = spec();
    const task = await sql({
      ...rest,
      url: "${{ item }}",
      query: "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    });
    const result = await task.perform({ item: url });
    if (result.kind === "answer") assert.equal((result.output.rows as ValueMap[])[0]!.ssl, expected);
    else assert.equal(result.kind === "failed" && result.error.code, expected, JSON.stringify(result));
  });
}

async function sql(spec: ValueMap, options: TaskOptions = {}): Promise<OpenedTask> {
  const task = await openTask("sql", { url: server.url(), ...spec }, options);
  opened.push(task);
  return task;
}
