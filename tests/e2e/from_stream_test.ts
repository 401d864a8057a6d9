import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type MariadbServer, startMariadb } from "../servers/mariadb.ts";
import { type PostgresServer, startPostgres } from "../servers/postgres.ts";
import { needs } from "../servers/throwaway.ts";
import { eventually } from "../support/eventually.ts";
import { ended, inSandbox, type Sandbox, send } from "./sandbox.ts";

/** Rows go to the tasks that go through them while their query still runs. */
const available = needs("postgres", "initdb", "mariadbd", "mariadb-install-db", "mariadb");
let postgres: PostgresServer;
let mariadb: MariadbServer;

before(async () => {
  if (available.skip === undefined) {
    [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
  }
});

after(async () => {
  await Promise.all([postgres, mariadb].map((server) => server?.remove()));
});

const environment = () => ({ PG: postgres.url(), MY: mariadb.url() });

const targets = `
version: 1
secrets: { pg: { env: PG }, my: { env: MY } }
run: { grace: 100ms }
targets:
  pg: { sql: { url: "\${{ secrets.pg }}", readOnly: true }, concurrency: 2 }
  my: { sql: { url: "\${{ secrets.my }}", readOnly: true }, concurrency: 2 }
  lite: { sql: { url: "sqlite:data.db" }, concurrency: 2 }
  cpu: { concurrency: 4 }
`;

/** Counts up to `most` without an end in sight: it is slow where nothing else makes a row take its time. */
const slowCount = (rows: number, steps: number) =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}), ` +
  `s(j) as (select 1 union all select j + 1 from s where j < ${steps}) ` +
  `select i, (select count(*) from s where j + i > 0) as c from n`;

const append = (file: string) =>
  `foreach: { from: rows, each: rows }, target: cpu, exec: { shell: 'echo "$I" >> ${file}', env: { I: "\${{ item.i }}" } }`;

const linesOf = (sandbox: Sandbox, file: string) =>
  sandbox.exists(file) ? sandbox.read(file).trim().split("\n").filter((line) => line !== "") : [];

/** Queries that never end by themselves, each row of which takes its time. */
const endless: readonly (readonly [target: string, query: string])[] = [
  ["pg", "select i, pg_sleep(0.1)::text as s from generate_series(1, 1000000) i"],
  // The server sends rows sixteen KiB at a time.
  ["my", "select seq as i, sleep(0.1) as s, repeat('x', 17000) as x from seq_1_to_1000000"],
  ["lite", slowCount(1_000_000, 100_000)],
];

for (const [target, query] of endless) {
  const config = `${targets}
tasks:
  rows: { target: ${target}, timeout: 10m, sql: { maxRows: 1000000, query: "${query}" } }
  use: { ${append("used")} }
`;
  test(
    `rows of ${target} are gone through while the query still runs; Ctrl-C leaves nothing of it behind`,
    available,
    inSandbox(async (sandbox) => {
      const child = sandbox.startConfig(config, [], { env: environment() });
      await eventually(() => linesOf(sandbox, "used").length >= 3);
      assert.equal(child.exitCode, null);
      send(child, "SIGINT");
      const { code, report, stderr } = await sandbox.finish(child);
      assert.equal(code, 130, stderr);
      const [rows, ...uses] = report.results;
      assert.equal(rows.outcome, "cancelled");
      const done = uses.filter((use: { outcome: string }) => use.outcome === "ok");
      assert.ok(done.length >= 3, `${done.length}`);
      const items = uses.map((use: { item: { i?: number } }) => use.item.i);
      // What was given is told row by row, and at last the query itself, which gave no more.
      assert.deepEqual(items.slice(0, -1), items.slice(0, -1).map((_: unknown, at: number) => at + 1));
      assert.deepEqual([items.at(-1), uses.at(-1).outcome], [undefined, "not_run"]);
      assert.deepEqual(sandbox.survivors(), []);
      assert.deepEqual(spools(sandbox), []);
      if (target === "pg") assert.equal(postgres.sql(running), "0");
      if (target === "my") {
        assert.equal(
          mariadb.sql("select count(*) from information_schema.processlist where info like 'select seq%'"),
          "0",
        );
      }
    }),
  );
}

const running =
  "select count(*) from pg_stat_activity where state = 'active' and query like '%generate_series(1, 1000000)%' and pid <> pg_backend_pid()";

test(
  "a run killed in the middle of a query is gone on with: the query is asked again, what was done for a row is not done again",
  available,
  inSandbox(async (sandbox) => {
    const config = (sleep: number) =>
      `${targets}
tasks:
  rows: { target: pg, sql: { query: "select i, pg_sleep(${sleep})::text as s from generate_series(1, 40) i" } }
  use: { ${append("used")} }
`;
    const child = sandbox.startConfig(config(0.1), [], { env: environment() });
    await eventually(() => linesOf(sandbox, "used").length >= 5);
    // What an earlier run did is durable once it is recorded.
    await eventually(() => recorded(sandbox) >= 5);
    send(child, "SIGKILL");
    await sandbox.finish(child);
    await eventually(() => sandbox.survivors().length === 0);
    const before = recorded(sandbox);
    const { code, report, stderr } = await sandbox.runConfig(config(0), ["--resume"], { env: environment() });
    assert.equal(code, 0, stderr);
    assert.equal(report.summary.ok, 41);
    assert.ok(report.run.resumed.kept >= 5, `${report.run.resumed.kept}`);
    assert.equal(report.run.resumed.kept, before);
    const used = linesOf(sandbox, "used").map(Number);
    assert.deepEqual(
      [...new Set(used)].toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, at) => at + 1),
    );
    // At most those that were under way when it was killed were done twice.
    assert.ok(used.length - 40 <= 4, `${used.length}`);
    assert.deepEqual(spools(sandbox), []);
    // The list is there for a third one, in pieces that were written as the rows came.
    sandbox.unlink("used");
    const third = await sandbox.runConfig(config(0), ["--resume", "--rerun", "use"], { env: environment() });
    assert.equal(third.report.run.resumed.kept, 1, third.stderr);
    assert.equal(linesOf(sandbox, "used").length, 40);
  }),
);

/** Task runs of `use` in the newest journal. */
function recorded(sandbox: Sandbox): number {
  const journals = stateFiles(sandbox).filter((name) => name.endsWith(".ndjson")).toSorted();
  const text = sandbox.read(`state/fanout/${journals.at(-1)!}`);
  return text.split("\n").filter((line) => /^\{"type":"run",.*"task":1,.*\}$/.test(line)).length;
}

const spools = (sandbox: Sandbox) => stateFiles(sandbox).filter((name) => name.endsWith(".spool"));

function stateFiles(sandbox: Sandbox): string[] {
  return readdirSync(sandbox.path("state/fanout"), { recursive: true, encoding: "utf8" });
}

test(
  "rows that were given stand when their query fails then; another attempt gives the others only",
  available,
  inSandbox(async (sandbox) => {
    // The first attempt breaks at row 30, by an error that is tried again; the second one counts down.
    postgres.sql("create sequence tries");
    const failing = (code: string, from: number) =>
      "do $$ begin end $$; create or replace function breaks(i int, at int) returns int language plpgsql as $$ begin " +
      `if i = at and nextval('tries') = ${from} then raise exception 'no more' using errcode = '${code}'; end if; return i; end $$`;
    postgres.sql(failing("40001", 1));
    const config = `${targets}
tasks:
  rows:
    target: pg
    retry: { attempts: 2, backoff: { initial: 1ms } }
    sql: { readOnly: false, query: "select breaks(case when t = 0 then i else 61 - i end, 30) as i, i % 2 as x from generate_series(1, 60) i, (select count(*) as t from pg_class where relname = 'second') z" }
    idempotent: true
  use: { ${append("used")} }
`;
    const first = await sandbox.runConfig(config, [], { env: environment() });
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.report.results[0].attempts.length, 2);
    assert.equal(first.report.summary.ok, 61);
    assert.deepEqual(
      linesOf(sandbox, "used").map(Number).toSorted((a, b) => a - b),
      Array.from({ length: 60 }, (_, at) => at + 1),
    );

    postgres.sql("alter sequence tries restart");
    postgres.sql(failing("22012", 1));
    sandbox.unlink("used");
    const second = await sandbox.runConfig(config, [], { env: environment() });
    assert.equal(second.code, 1, second.stderr);
    const outcomes = second.report.results.map((result: { outcome: string }) => result.outcome);
    assert.deepEqual(outcomes, ["failed", ...Array.from({ length: 29 }, () => "ok"), "skipped"]);
  }),
);

test(
  "rows wait for the end of their query where it is judged by its result, and where it writes",
  available,
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(
      `${targets}
tasks:
  judged: { target: pg, sql: { query: "select i from generate_series(1, 5) i" }, expect: ["rowCount > 5"] }
  after: { foreach: { from: judged, each: rows }, target: cpu, exec: { command: [echo, "\${{ item.i }}"] } }
  writes: { target: pg, sql: { readOnly: false, query: "with made as (insert into made select generate_series(1, 5) returning *) select *, 1 / (3 - i) from made" } }
  acts: { foreach: { from: writes, each: rows }, target: cpu, exec: { command: [echo, "\${{ item.i }}"] } }
`,
      [],
      { env: { ...environment(), PG: (postgres.sql("create table made(i int)"), postgres.url()) } },
    );
    assert.equal(code, 1, stderr);
    const outcomes = report.results.map((result: { task: string; outcome: string }) =>
      `${result.task} ${result.outcome}`
    );
    assert.deepEqual(outcomes, ["judged failed", "after skipped", "writes failed", "acts skipped"]);
  }),
);

/** Places so narrow that whoever waits while it holds one waits for ever. */
const narrow: readonly (readonly [string, string])[] = [
  ["a pool of one that both tasks share", "targets: { p: { concurrency: 1 } }"],
  ["a pool of four that both tasks share", "targets: { p: { concurrency: 4 } }"],
  ["a ceiling of one", "run: { concurrency: 1 }\ntargets: { p: { concurrency: 4 } }"],
];

for (const [what, limits] of narrow) {
  test(
    `many rows, and lists longer than what may wait, come to their end in ${what}`,
    inSandbox(async (sandbox) => {
      const { code, report, stderr } = await sandbox.runConfig(
        `version: 1
${limits}
tasks:
  rows: { target: p, foreach: [1, 2, 3], sql: { url: "sqlite::memory:", query: "with recursive n(i) as (select 1 union all select i + 1 from n where i < 9000) select i, ? as q from n", params: ["\${{ item }}"] } }
  lists: { target: p, foreach: { range: "1..3" }, exec: { shell: "seq 1 3000 | paste -sd, | sed 's/.*/[&]/'" } }
  late: { target: p, needs: [lists], exec: { command: [sleep, "0.1"] } }
  use: { target: p, needs: [late], foreach: { from: rows, each: rows, batch: 7000 }, exec: { command: [echo, "\${{ item.size() }}"] } }
  both: { target: p, needs: [use], foreach: { from: rows, each: rows, batch: 10000 }, exec: { command: [echo, "\${{ item.size() }}"] } }
  sizes: { target: p, foreach: { from: lists, each: json, batch: 8000 }, exec: { command: [echo, "\${{ item.size() }}"] } }
`,
        ["--progress", "none"],
      );
      assert.equal(code, 0, stderr);
      const printed = (task: string) =>
        report.results.filter((result: { task: string }) => result.task === task)
          .map(({ output }: { output: { stdout: string } }) => Number(output.stdout)).toSorted((
            a: number,
            b: number,
          ) => a - b);
      assert.deepEqual(printed("use"), [6_000, 7_000, 7_000, 7_000]);
      assert.deepEqual(printed("both"), [7_000, 10_000, 10_000]);
      assert.deepEqual(printed("sizes"), [1_000, 8_000]);
      assert.deepEqual(spools(sandbox), []);
    }),
  );
}

test(
  "rows that wait for another task take no memory",
  inSandbox(async (sandbox) => {
    // A hundred megabytes of them.
    sandbox.write(
      "fanout.yaml",
      `version: 1
tasks:
  rows: { sql: { url: "sqlite::memory:", maxRows: 100000, query: "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) select i, printf('%01000d', i) as x from n" } }
  late: { needs: [rows], exec: { command: ["true"] } }
  use: { needs: [late], foreach: { from: rows, each: rows, batch: 1000 }, if: "false", exec: { command: ["true"] } }
`,
    );
    const child = sandbox.start(["run", "fanout.yaml", "--report", "report.json", "--progress", "none"]);
    let peakKiB = 0;
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
        peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peakKiB);
      } catch {
        // It ended meanwhile.
      }
    }, 100);
    const { code, stderr } = await ended(child);
    clearInterval(timer);
    assert.equal(code, 0, stderr);
    assert.equal(sandbox.json("report.json").summary.total, 102);
    assert.ok(peakKiB > 0 && peakKiB < 280_000, `${peakKiB} KiB`);
    assert.deepEqual(spools(sandbox), []);
  }),
);

test(
  "a resume gives the rows of a query that had ended as they were, and asks it again when they must not be kept",
  inSandbox(async (sandbox) => {
    const config = (text: string) =>
      `version: 1
secrets: { token: { env: TOKEN } }
targets: { lite: { sql: { url: "sqlite:data.db" }, concurrency: 1 } }
tasks:
  rows: { target: lite, sql: { query: "select 1 as id, x'00ff' as data, '${text}' as text union all select 9007199254740993, x'80', 'b'" } }
  use:
    target: lite
    foreach: { from: rows, each: rows }
    sql: { query: "select typeof(?) as type, hex(?) as data, ? as id", params: ["\${{ item.data }}", "\${{ item.data }}", "\${{ item.id }}"] }
`;
    const seen = () => sandbox.read("report.json").match(/"type":"[^}]*/g);
    const options = { env: { TOKEN: "topsecret" } };
    for (const [text, again] of [["open", 0], ["it is topsecret", 1]] as const) {
      await sandbox.runConfig(config(text), [], options);
      const before = seen();
      assert.deepEqual(before, [
        '"type":"blob","data":"00FF","id":1',
        '"type":"blob","data":"80","id":9007199254740993',
      ]);
      const { report, stderr } = await sandbox.runConfig(
        config(text),
        ["--resume", "--rerun", "use"],
        options,
      );
      assert.deepEqual(seen(), before, stderr);
      assert.equal(report.run.resumed.kept, 1 - again, stderr);
      for (const name of stateFiles(sandbox).filter((name) => name.endsWith("json"))) {
        assert.doesNotMatch(sandbox.read(`state/fanout/${name}`), /topsecret/);
      }
    }
  }),
);

/** A hundred rows, of which the ones asked for are as many. */
const hundred: readonly (readonly [target: string, sql: string])[] = [
  [
    "pg",
    'query: "select i from generate_series(1, 100) i where i = any($1::int[])", params: [[1, 2, 3, 4, 5, 6, 7, 8]]',
  ],
  ["my", 'query: "select seq as i from seq_1_to_100"'],
  ["lite", `query: "${slowCount(100, 1)}"`],
];

for (const [target, sql] of hundred) {
  test(
    `rows of ${target} are bounded by maxRows and each by maxBytes, and those that came first stand`,
    available,
    inSandbox(async (sandbox) => {
      const outcomes = async (limits: string) => {
        const { report, stderr } = await sandbox.runConfig(
          `${targets}
tasks:
  rows: { target: ${target}, sql: { ${sql}, ${limits} } }
  use: { foreach: { from: rows, each: rows }, target: cpu, exec: { command: [echo, "\${{ item.i }}"] } }
`,
          [],
          { env: environment() },
        );
        assert.ok(report, stderr);
        const [rows, ...uses] = report.results;
        return [rows.error?.code ?? rows.outcome, ...uses.map((use: { outcome: string }) => use.outcome)];
      };
      const five = Array.from({ length: 5 }, () => "ok");
      assert.deepEqual(await outcomes("maxRows: 5"), ["too_large", ...five, "skipped"]);
      assert.deepEqual(await outcomes("maxRows: 5, ifMore: truncate"), ["ok", ...five]);
      assert.deepEqual(await outcomes("maxRows: 5, ifMore: truncate, maxBytes: 50B"), ["ok", ...five]);
      assert.deepEqual(await outcomes("maxBytes: 5B"), ["too_large", "skipped"]);
    }),
  );
}
