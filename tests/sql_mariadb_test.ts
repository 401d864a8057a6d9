import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { ValueMap } from "../src/model/json.ts";
import { mariadbPassword, type MariadbServer, startMariadb } from "./servers/mariadb.ts";
import { needs } from "./servers/throwaway.ts";
import { testServerTrouble } from "./support/sql_server_cases.ts";
import { eventually } from "./support/eventually.ts";
import { type OpenedTask, openTask, poolPlan, type TaskOptions, TestCall } from "./support/open_task.ts";

const available = needs("mariadbd", "mariadb-install-db", "mariadb", "openssl");
let server: MariadbServer;
const opened: OpenedTask[] = [];

before(async () => {
  if (available.skip !== undefined) return;
  server = await startMariadb();
  server.sql("create table t(id bigint primary key, text varchar(100)) engine=innodb");
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((task) => task.close()));
});

after(async () => {
  await server?.remove();
});

test("MariaDB: values keep their types both ways", available, async () => {
  const task = await sql({
    query: `select cast(? as signed) as big, ? as \`double\`, ? as truth, ? as nothing, ? as bytes,
      json_extract(?, '$.list[1]') as map, ? = 9007199254740993 as same, 9007199254740993 = ? as other,
      cast(12.50 as decimal(5, 2)) as exact, timestamp('2026-11-21 10:00:00') as time, ? as text, 1 as big`,
    params: [
      "${{ item.id }}",
      1.5,
      true,
      null,
      "${{ item.bytes }}",
      { list: [1, "${{ item.id }}"] },
      "${{ item.id }}",
      "${{ item.id + 1 }}",
      "ünïcode 🙂",
    ],
  });
  const { output } = await task.answer({ item: { id: 9007199254740993n, bytes: new Uint8Array([0, 255]) } });
  assert.deepEqual((output.rows as ValueMap[])[0], {
    big: 9007199254740993n,
    double: 1.5,
    truth: 1,
    nothing: null,
    bytes: new Uint8Array([0, 255]),
    map: 9007199254740993n,
    same: 1,
    other: 0,
    exact: "12.50",
    time: "2026-11-21 10:00:00",
    text: "ünïcode 🙂",
    big_2: 1,
  });
});

test("MariaDB: JSON columns, unsigned integers and limits with a value", available, async () => {
  server.sql("create or replace table j(id bigint unsigned, doc json)");
  const insert = await sql({
    query: "insert into j values (?, ?)",
    params: ["${{ item }}", { id: "${{ item }}" }],
  });
  assert.equal((await insert.answer({ item: 18446744073709551615n })).output.rowCount, 1);
  const select = await sql({ query: "select * from j limit ?", params: [1] });
  const id = 18446744073709551615n;
  assert.deepEqual((await select.answer()).output.rows, [{ id, doc: { id } }]);
});

test("MariaDB: rows are counted, limited and truncated, and the next query works", available, async () => {
  const pool = poolPlan(1);
  const endless = "select seq as n from seq_1_to_1000000000";
  const task = await sql({ query: endless, maxRows: 10, ifMore: "truncate" }, { pool });
  const { output } = await task.answer();
  assert.equal(output.rowCount, 10);
  assert.equal(output.truncated, true);
  const many = await sql({ query: "select repeat('x', 1000) from seq_1_to_1000", maxBytes: 10_000 }, {
    pool,
  });
  assert.equal((await many.failure()).error.code, "too_large");
  const insert = await sql({ query: "insert into t(id) values (?), (?)", params: [1, 2] }, { pool });
  assert.equal((await insert.answer()).output.rowCount, 2);
  const returning = await sql({ query: "delete from t returning id" }, { pool });
  assert.deepEqual((await returning.answer()).output.rows, [{ id: 1 }, { id: 2 }]);
});

test("MariaDB: a write of which too many rows come back is carried out", available, async () => {
  server.sql("create table returned(id int)");
  const query = "insert into returned select seq from seq_1_to_100 returning id";
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
  ["bad SQL", { query: "selct 1" }, "query", /error in your SQL syntax/],
  ["several statements", { query: "select 1; select 2" }, "query", /several statements/],
  ["a constraint", { query: "insert into t(id) values (7), (7)" }, "query", /Duplicate entry/],
  ["too few values", { query: "select ? + ?", params: [1] }, "query", /2 placeholders/],
  ["a placeholder of PostgreSQL", { query: "select $1", params: [1] }, "query", /0 placeholders/],
  [
    "a write in a read-only transaction",
    { query: "insert into t(id) values (8)", readOnly: true },
    "permission",
    /readOnly/,
  ],
  ["a table made in one", { query: "create table no(x int)", readOnly: true }, "permission", /readOnly/],
  ["a file of this machine", { query: "load data local infile '/etc/hostname' into table t" }, "query", /./],
  ["a transaction left open", { query: "start transaction" }, "query", /left a transaction open/],
  [
    "a signal of the server",
    { query: "signal sqlstate '45000' set message_text = 'on purpose'" },
    "query",
    /on purpose/,
  ],
];

for (const [name, spec, code, message] of failures) {
  test(`MariaDB: ${name} fails for good, and the next query works`, available, async () => {
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
  "MariaDB: a read-only query writes nothing, whatever its connection was told before",
  available,
  async () => {
    const pool = poolPlan(1);
    await (await sql({ query: "set session tx_read_only = 0", readOnly: true }, { pool })).answer();
    const write = await sql({ query: "create table no(x int)", readOnly: true }, { pool });
    assert.equal((await write.failure()).error.code, "permission");
  },
);

const numbers: readonly (readonly [number, string, boolean])[] = [
  [1213, "query", true],
  [1205, "query", true],
  [1142, "permission", false],
  [1064, "query", false],
];

test("MariaDB: what was rolled back may be repeated", available, async () => {
  for (const [number, code, retryable] of numbers) {
    const query = `signal sqlstate '45000' set mysql_errno = ${number}`;
    const { error } = await (await sql({ query })).failure();
    assert.deepEqual([error.code, error.retryable], [code, retryable], String(number));
  }
});

test("MariaDB: a statement that cannot be prepared is sent as text", available, async () => {
  await (await sql({ query: "create procedure twice() begin select 1 as a; select 2 as b; end" })).answer();
  assert.deepEqual((await (await sql({ query: "call twice()" })).answer()).output.rows, [{ a: 1 }]);
});

test("MariaDB: too many connections are back-pressure", available, async () => {
  server.sql("create or replace user few identified by 'few' with max_user_connections 1");
  const url = server.url().replace(/admin:[^@]*/, "few:few").replace("/app", "/");
  await (await sql({ url, query: "select 1" })).answer();
  const result = await (await sql({ url, query: "select 1" })).perform();
  assert.equal(result.kind, "backpressure", JSON.stringify(result));
});

testServerTrouble({
  name: "MariaDB",
  available,
  server: () => server,
  password: mariadbPassword,
  sleep: (seconds, mark) => `select sleep(${seconds}), '${mark}'`,
  connectionId: "select connection_id() as id",
  kill: (id) => `kill ${id}`,
  connections: "select id from information_schema.processlist",
  running: (mark) =>
    `select id from information_schema.processlist where command = 'Execute' and info like '%${mark}%'`,
  task: sql,
});

test("MariaDB: a write that is cancelled is rolled back, and told so", available, async () => {
  const call = new TestCall();
  const query = "insert into t(id) select sleep(60) or 'write me'";
  const running = (await sql({ query })).failure({}, call);
  const writing =
    "select count(*) from information_schema.processlist where command = 'Execute' and info like '%write me%'";
  await eventually(() => server.sql(writing) === "1");
  call.cancel();
  assert.equal((await running).error.code, "timeout");
  assert.equal(server.sql(writing), "0");
});

const connections: readonly (readonly [string, () => ValueMap, boolean | string])[] = [
  ["ssl-mode=DISABLED", () => ({ url: server.url("ssl-mode=DISABLED") }), false],
  ["ssl-mode=REQUIRED", () => ({ url: server.url("ssl-mode=REQUIRED") }), true],
  ["no ssl-mode", () => ({ url: server.url() }), true],
  ["ssl-mode=VERIFY_IDENTITY with its CA, by name", () => ({
    url: server.url(`ssl-mode=VERIFY_IDENTITY&ssl-ca=${server.ca}`).replace("127.0.0.1", "localhost"),
  }), true],
  ["ssl-mode=VERIFY_CA without", () => ({ url: server.url("ssl-mode=VERIFY_CA") }), "tls"],
  [
    "a section tls with another name",
    () => ({ url: server.url(), tls: { ca: server.ca, serverName: "other.test" } }),
    "tls",
  ],
  ["a unix socket", () => ({ url: server.url(`socket=${server.socket}`) }), false],
  ["an unknown database", () => ({ url: server.url().replace("/app", "/nowhere") }), "not_found"],
  ["an unknown option", () => ({ url: server.url("ssl-mod=REQUIRED") }), "template"],
  ["a port nobody listens on", () => ({ url: server.url().replace(/:\d+\/app/, ":1/app") }), "connect"],
];

for (const [name, spec, expected] of connections) {
  test(`MariaDB: connects by ${name}, or says why not`, available, async () => {
    const { url, ...rest } = spec();
    const task = await sql({ ...rest, url: "${{ item }}", query: "show status like 'Ssl_cipher'" });
    const result = await task.perform({ item: url });
    if (result.kind === "answer") assert.equal((result.output.rows as ValueMap[])[0]!.Value !== "", expected);
    else assert.equal(result.kind === "failed" && result.error.code, expected, JSON.stringify(result));
  });
}

async function sql(spec: ValueMap, options: TaskOptions = {}): Promise<OpenedTask> {
  const task = await openTask("sql", { url: server.url(), ...spec }, options);
  opened.push(task);
  return task;
}
