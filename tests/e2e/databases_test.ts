import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type MariadbServer, startMariadb } from "../servers/mariadb.ts";
import { type PostgresServer, startPostgres } from "../servers/postgres.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { needs } from "../servers/throwaway.ts";
import { eventually } from "../support/eventually.ts";
import { inSandbox, send } from "./sandbox.ts";

const available = needs(
  ...[
    "postgres",
    "initdb",
    "mariadbd",
    "mariadb-install-db",
    "mariadb",
    "redis-server",
    "redis-cli",
    "openssl",
  ],
);
let postgres: PostgresServer;
let mariadb: MariadbServer;
let redis: RedisServer;

before(async () => {
  if (available.skip !== undefined) return;
  [postgres, mariadb, redis] = await Promise.all([startPostgres(), startMariadb(), startRedis()]);
});

after(async () => {
  await Promise.all([postgres, mariadb, redis].map((server) => server?.remove()));
});

const targets = `
version: 1
secrets: { pg: { env: PG }, my: { env: MY }, redis: { env: REDIS } }
targets:
  pg: { sql: { url: "\${{ secrets.pg }}" }, concurrency: 3 }
  my: { sql: { url: "\${{ secrets.my }}" }, concurrency: 3 }
  cache: { redis: { url: "\${{ secrets.redis }}" }, concurrency: 3 }
  lite: { sql: { url: "sqlite:data.db" }, concurrency: 2 }
`;

test(
  "rows go from one database to the next, exact to the last digit, on no more connections than places",
  available,
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(
      `${targets}
tasks:
  source:
    target: pg
    sql: { query: "select 9007199254740993 + i as id, 'ü' || i as name from generate_series(1, 50) i", readOnly: true }
    save: rows.csv
  copied:
    foreach: { from: source, each: rows }
    target: my
    sql: { query: "select ? as id, ? as name", params: ["\${{ item.id }}", "\${{ item.name }}"] }
    expect: ["rows[0].id == item.id", "rows[0].name == item.name"]
    outputs: { id: "rows[0].id" }
  cached:
    foreach: { from: copied }
    target: cache
    redis: { command: [SET, "id:\${{ item.outputs.id }}", "\${{ item.outputs.id }}"] }
  table: { target: lite, sql: { query: "create table seen(id integer)" } }
  seen:
    needs: [table]
    foreach: { from: copied }
    target: lite
    sql: { query: "insert into seen values (?)", params: ["\${{ item.outputs.id }}"] }
  total:
    needs: [seen, cached]
    target: lite
    sql: { query: "select count(*) as n, max(id) as largest from seen", readOnly: true }
`,
      [],
      { env: environment() },
    );
    assert.equal(code, 0, stderr);
    assert.equal(report.summary.ok, 1 + 3 * 50 + 2);
    const total = sandbox.read("report.json").match(/"rows":\[\{"n":50,"largest":(\d+)\}\]/);
    assert.equal(total?.[1], "9007199254741043");
    assert.equal(redis.cli("get", "id:9007199254740994"), "9007199254740994");
    assert.equal(sandbox.read("rows.csv").split("\n")[1], "9007199254740994,ü1");
    for (const target of ["pg", "my", "cache", "lite"]) {
      assert.ok(report.targets[target].concurrency.peak <= report.targets[target].concurrency.limit);
    }
    assert.doesNotMatch(sandbox.read("report.json") + stderr, /se(%20| |\+)cret/);
    assert.deepEqual([running(postgres), queries(mariadb), clients(redis)], [0, 0, 0]);
    assert.deepEqual(sandbox.survivors(), []);
  }),
);

const slow = `${targets}
run: { grace: 100ms }
tasks:
  pg: { target: pg, foreach: { range: "1..2" }, sql: { query: "select pg_sleep(60), 'fanout slow'" } }
  my: { target: my, foreach: { range: "1..2" }, sql: { query: "select sleep(60), 'fanout slow'" } }
  cache: { target: cache, foreach: { range: "1..2" }, redis: { command: [BLPOP, nothing, "0"] } }
  lite:
    target: lite
    foreach: { range: "1..2" }
    sql: { query: "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n" }
`;

test(
  "Ctrl-C takes the queries off their servers within a second",
  available,
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(slow, [], { env: environment() });
    await eventually(() => active(postgres) === 2 && sleeping(mariadb) === 2 && blocked(redis) === 2);
    const sentAt = performance.now();
    send(child, "SIGINT");
    const { code, report } = await sandbox.finish(child);
    assert.ok(performance.now() - sentAt < 1_500, `${performance.now() - sentAt} ms`);
    assert.equal(code, 130);
    assert.equal(report.summary.cancelled, 8);
    assert.deepEqual([running(postgres), queries(mariadb), clients(redis)], [0, 0, 0]);
    assert.deepEqual(sandbox.survivors(), []);
  }),
);

test(
  "a program that is killed leaves no SQLite behind it in the middle of a query",
  available,
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(slow, [], { env: environment() });
    await eventually(() => sandbox.survivors().length === 3);
    send(child, "SIGKILL");
    await sandbox.finish(child);
    await eventually(() => sandbox.survivors().length === 0);
  }),
);

function environment() {
  return { PG: postgres.url(), MY: mariadb.url(), REDIS: redis.url() };
}

function active({ sql }: PostgresServer): number {
  return Number(
    sql(
      "select count(*) from pg_stat_activity where state = 'active' and query like '%fanout slow%' and pid <> pg_backend_pid()",
    ),
  );
}

/** Connections of the program. */
function running({ sql }: PostgresServer): number {
  return Number(sql("select count(*) from pg_stat_activity where application_name = 'fanout'"));
}

function sleeping({ sql }: MariadbServer): number {
  return Number(
    sql(
      "select count(*) from information_schema.processlist where command = 'Execute' and info like '%fanout slow%' and id <> connection_id()",
    ),
  );
}

function queries({ sql }: MariadbServer): number {
  return Number(
    sql("select count(*) from information_schema.processlist where user = 'admin' and id <> connection_id()"),
  );
}

function blocked({ cli }: RedisServer): number {
  return cli("client", "list").split("\n").filter((line) => line.includes("cmd=blpop")).length;
}

function clients({ cli }: RedisServer): number {
  return cli("client", "list").split("\n").filter((line) => !line.includes("cmd=client")).length;
}

test(
  "a full server is waited for while our own connections fill it, and else tried as often as it deserves",
  available,
  inSandbox(async (sandbox) => {
    postgres.sql("create role two login password 'twotwotwo' connection limit 2");
    postgres.sql("create role nobody login password 'nonenone' connection limit 0");
    const as = (role: string, password: string) =>
      postgres.url().replace(/admin:[^@]*/, `${role}:${password}`);
    const { report, stderr } = await sandbox.runConfig(
      `
version: 1
secrets: { two: { env: TWO }, none: { env: NONE } }
defaults: { retry: { backoff: { initial: 1ms, max: 2ms } } }
targets:
  two: { sql: { url: "\${{ secrets.two }}" }, concurrency: 8 }
  none: { sql: { url: "\${{ secrets.none }}" }, concurrency: 1 }
tasks:
  crowd: { foreach: { range: "1..24" }, target: two, sql: { query: "select pg_sleep(0.05)" } }
  write: { target: none, sql: { query: "insert into nowhere values (1)" } }
`,
      [],
      { env: { TWO: as("two", "twotwotwo"), NONE: as("nobody", "nonenone") } },
    );
    assert.ok(report, stderr);
    for (const { task, outcome, error, attempts } of report.results) {
      if (task === "crowd") assert.equal(outcome, "ok", error?.message);
      else {
        assert.deepEqual([outcome, error.code, attempts.length], ["failed", "connect", 3]);
        assert.match(error.message, /^Cannot connect to postgres:.*too many connections for role "nobody"$/);
      }
    }
  }),
);
