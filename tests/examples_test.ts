import assert from "node:assert/strict";
import { cpSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type ExampleServer, startServer } from "../examples/server/server.ts";
import { checkReport } from "./e2e/check_report.ts";
import { inSandbox, type RunOptions, type Sandbox } from "./e2e/sandbox.ts";
import { startMariadb } from "./servers/mariadb.ts";
import { startPostgres } from "./servers/postgres.ts";
import { startRedis } from "./servers/redis.ts";
import { needs } from "./servers/throwaway.ts";

const examples = resolve(import.meta.dirname!, "../examples");

/** An example in a directory of its own, so that runs do not see each other's files. */
interface Example {
  readonly sandbox: Sandbox;
  readonly server: ExampleServer;
  /** Paths are relative to the examples. */
  run(name: string, args?: readonly string[], options?: RunOptions): ReturnType<Sandbox["run"]>;
  // deno-lint-ignore no-explicit-any -- a report is read as the JSON it is
  report(name: string): any;
  get(path: string): Promise<Response>;
}

function example(body: (example: Example) => Promise<void>): () => Promise<void> {
  return inSandbox(async (sandbox) => {
    cpSync(examples, sandbox.path("examples"), {
      recursive: true,
      // What a run by hand left there is not part of an example.
      filter: (path) => !/examples\/out\/[^.]/.test(path),
    });
    const server = await startServer();
    try {
      await body({
        sandbox,
        server,
        run: (name, args = [], options = {}) =>
          sandbox.run(["run", `examples/${name}`, ...args], {
            ...options,
            env: { ...standIns(sandbox), ...options.env },
          }),
        report(name) {
          const report = sandbox.json(`examples/out/${name}`);
          checkReport(report);
          return report;
        },
        get: (path) => fetch(server.url + path),
      });
    } finally {
      await server.close();
    }
  });
}

function standIns(sandbox: Sandbox): { readonly [name: string]: string } {
  return { PATH: `${sandbox.path("examples/stand_ins")}:${process.env["PATH"]}` };
}

/** Runs of one task, by key. */
// deno-lint-ignore no-explicit-any -- see above
const runsOf = (report: any, task: string) => report.results.filter((result: any) => result.task === task);

test(
  "every example is a config without a problem",
  inSandbox(async (sandbox) => {
    const configs = readdirSync(examples).filter((name) => name.endsWith(".yaml"));
    assert.equal(configs.length, 10);
    const { code, stdout, stderr } = await sandbox.run([
      "check",
      ...configs.map((name) => `${examples}/${name}`),
    ]);
    assert.equal(code, 0, stdout + stderr);
  }),
);

test(
  "quickstart.yaml: flaky answers, files, programs and a database",
  example(async ({ run, report, server, sandbox }) => {
    const { code, stderr } = await run("quickstart.yaml", ["--set", `baseUrl=${server.url}`]);
    assert.equal(code, 0, stderr);
    const { summary } = report("quickstart.json");
    assert.deepEqual([summary.total, summary.ok, summary.failed, summary.allowedFailures], [71, 69, 2, 2]);
    assert.equal(summary.retries, 6);
    assert.equal(sandbox.json("examples/out/users/17.json").id, 17);
    assert.match(stderr, /busiest\.names:\n +Ada Lovelace\n/);
  }),
);

test(
  "api_export.yaml: pages, a token renewed on the way, exact ids, batches of 500, one CSV",
  example(async ({ run, report, server, sandbox, get }) => {
    const args = ["--set", `baseUrl=${server.url}`, "--set", "day=2026-11-21"];
    const { code, stderr } = await run("api_export.yaml", args);
    assert.equal(code, 0, stderr);
    const result = report("api_export.json");
    assert.equal(runsOf(result, "orders").length, 60);
    assert.equal(runsOf(result, "store").length, 3);
    const [{ outputs }] = runsOf(result, "total");
    assert.equal(outputs.orders, 1236);
    // JSON.parse of the test would round it.
    assert.match(sandbox.read("examples/out/api_export.json"), /"latest":\s*900719925474105213\b/);
    const lines = sandbox.read("examples/out/balances.csv").split("\r\n");
    assert.equal(lines.length, 62);
    assert.equal(lines[1], "9007199254740993,Customer 1,31706");
    assert.match(lines[8]!, /^9007199254741000,"'=HYPERLINK/);
    const { issued } = await (await get("/oauth/issued")).json();
    assert.ok(issued >= 2 && issued <= 6, `${issued} tokens were fetched`);
    for (const text of [sandbox.read("examples/out/api_export.json"), stderr]) {
      assert.doesNotMatch(text, /sess-|tok_|examples-only-secret/);
    }
  }),
);

test(
  "api_export.yaml: the default day is yesterday in Berlin",
  example(async ({ run, report, server }) => {
    const { code, stderr } = await run("api_export.yaml", [
      "--set",
      `baseUrl=${server.url}`,
      "--only",
      "invoices",
    ]);
    assert.equal(code, 0, stderr);
    const { run: { params, startedAt }, results } = report("api_export.json");
    const yesterday = new Date(Date.parse(startedAt) - 86_400_000);
    assert.equal(
      params.day,
      new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" }).format(yesterday),
    );
    assert.deepEqual(results.map((one: { outputs: unknown }) => one.outputs), [{ open: 44 }]);
  }),
);

test(
  "ssh_hosts.yaml: 500 hosts, warnings, hostile names and one that is stuck",
  example(async ({ run, report, sandbox }) => {
    const { code, stderr } = await run("ssh_hosts.yaml", ["--set", "patience=3s"]);
    assert.equal(code, 1, stderr);
    const { summary, failures, targets, results } = report("ssh_hosts.json");
    assert.deepEqual([summary.total, summary.ok, summary.failed, summary.timed_out], [500, 490, 9, 1]);
    assert.deepEqual(failures.byCode, { exit_code: 9, timeout: 1 });
    assert.ok(targets.ssh.concurrency.peak <= 50);
    const stuck = results.find((one: { outcome: string }) => one.outcome === "timed_out");
    assert.deepEqual([stuck.item.host, stuck.attempts.length], ["stuck-333.example.net", 1]);
    const hostile = results.slice(60, 66);
    for (const { outcome, attempts, error } of hostile) {
      assert.deepEqual([outcome, attempts.length], ["failed", 2]);
      assert.match(error.message, /^exited with 255: ssh: Could not resolve hostname/);
    }
    for (const place of ["pwned", "examples/pwned"]) assert.equal(sandbox.exists(place), false);
    const lines = sandbox.read("examples/out/hosts.csv").split("\r\n");
    assert.equal(lines[1], "web-000.example.net,ok,0.42,71");
    assert.ok(lines.includes("busy-250.example.net,warn,0.42,71"));
    assert.equal(lines.length, 492);
    assert.match(stderr, /slowest +look\[stuck-333\.example\.net\] 3/);
    assert.deepEqual(sandbox.survivors(), []);

    const csv = await sandbox.run(["report", "examples/out/ssh_hosts.json", "--format", "csv"]);
    assert.equal(csv.stdout.trimEnd().split("\r\n").length, 501);
  }),
);

test(
  "backups.yaml: a dump that hangs is killed with its children, and nothing half-written is published",
  example(async ({ run, report, sandbox }) => {
    const first = await run("backups.yaml", ["--set", "day=2026-11-20"]);
    assert.equal(first.code, 0, first.stderr);
    const { summary, targets } = report("backups.json");
    assert.equal(summary.ok, 37);
    assert.equal(targets.databases.concurrency.peak, 2);
    assert.equal(sandbox.read("examples/out/backups.csv").split("\r\n").length, 14);

    sandbox.write("examples/out/backups/live/mail.db.hangs", "");
    const second = await run("backups.yaml", ["--set", "day=2026-11-21", "--set", "patience=1s"]);
    assert.equal(second.code, 1, second.stderr);
    const { results } = report("backups.json");
    const mail = results.filter((one: { key: string | null }) => one.key === "mail");
    assert.deepEqual(mail.map((one: { outcome: string }) => one.outcome), ["timed_out"]);
    const published = readdirSync(sandbox.path("examples/out/backups/published")).sort();
    assert.equal(published.length, 23);
    assert.ok(!published.includes("mail-2026-11-21.sql"));
    assert.deepEqual(readdirSync(sandbox.path("examples/out/backups/staging")), []);
    assert.deepEqual(sandbox.survivors(), []);
    assert.match(
      sandbox.read("examples/out/backups.xml"),
      /<testcase name="dump\[mail\]"[^>]*>\s*<(failure|error)/,
    );
  }),
);

test(
  "backups.yaml: the plan shows which timeout holds for a dump, and which for the rest",
  inSandbox(async (sandbox) => {
    const { stdout } = await sandbox.run(["plan", `${examples}/backups.yaml`]);
    const timeoutOf = (task: string) =>
      new RegExp(`^  ${task}  exec[\\s\\S]*?timeout\\.attempt +(\\S+) +(\\S+)`, "m").exec(stdout)?.slice(
        1,
        3,
      );
    assert.deepEqual(timeoutOf("dump"), ["2h", "targets.databases:"]);
    assert.deepEqual(timeoutOf("verify"), ["30s", "defaults"]);
  }),
);

test(
  "link_checker.yaml: each link once, a pool for each site, HEAD and then GET, redirects told",
  example(async ({ run, report, server, sandbox, get }) => {
    const { code, stderr } = await run("link_checker.yaml", ["--set", "pace=20/s"], {
      env: { HTTP_PROXY: server.url },
    });
    assert.equal(code, 1, stderr);
    const result = report("link_checker.json");
    assert.equal(runsOf(result, "head").length, 13);
    assert.equal(result.failures.first.key, "http://shop.example.com/gone");
    assert.deepEqual(result.failures.byCode, { http_status: 1 });
    const got = runsOf(result, "get").filter((one: { outcome: string }) => one.outcome === "ok");
    assert.deepEqual(got.map((one: { key: string }) => one.key), ["http://blog.example.com/feed.xml"]);
    assert.equal(
      sandbox.read("examples/out/moved.csv"),
      "from,to\r\nhttp://docs.example.com/guide/old-name,http://docs.example.com/guide/new-name\r\n",
    );
    const sites: { [host: string]: { peak: number; starts: number[] } } = await (await get("/sites")).json();
    assert.equal(Object.keys(sites).length, 3);
    for (const [host, { peak, starts }] of Object.entries(sites)) {
      assert.ok(peak <= 2, host);
      // 20 a second, evenly: seven starts take at least six times 50 ms, less what the first connection took.
      assert.ok(starts.at(-1)! - starts[0]! >= (starts.length - 1) * 50 - 100, `${host} ${starts}`);
    }
    assert.match(sandbox.read("examples/out/link_checker.html"), /<!doctype html>/i);
    assert.match(sandbox.read("examples/out/link_checker.xml"), /failures="1"/);
  }),
);

test(
  "log_harvest.yaml: files of all kinds are counted, damaged ones told of, the top ten shown",
  example(async ({ run, report, sandbox }) => {
    const logs = sandbox.path("examples/out/logs");
    const { execFileSync } = await import("node:child_process");
    execFileSync(sandbox.path("examples/stand_ins/make_logs"), [logs, "300"]);
    const { code, stderr } = await run("log_harvest.yaml");
    assert.equal(code, 1, stderr);
    const result = report("log_harvest.json");
    assert.deepEqual([runsOf(result, "count").length, runsOf(result, "count_gzipped").length], [240, 60]);
    assert.deepEqual(result.failures.byCode, { exit_code: 2 });
    assert.match(result.failures.first.error.message, /unexpected end of file/);
    const [{ outputs: { files } }] = runsOf(result, "top");
    assert.equal(files.length, 10);
    assert.deepEqual(files[0], { file: "web/host-0291.log", matches: 44 });
    assert.match(stderr, /top\.files:\n +web\/host-0291\.log {2}44\n/);
    // What went well keeps nothing of its text.
    assert.ok(!("stdout" in runsOf(result, "count")[0].output));
  }),
);

test(
  "smoke.yaml: polled until ready, 40 endpoints with their own expectations, one file for two stages",
  example(async ({ run, report, server }) => {
    const env = { SMOKE_PASSWORD: "examples-only-password" };
    const args = (stage: string) => [
      "--params",
      `examples/params/${stage}.yaml`,
      "--set",
      `baseUrl=${server.url}`,
    ];
    const staging = await run("smoke.yaml", [...args("staging"), "-v"], { env });
    assert.equal(staging.code, 0, staging.stderr);
    const result = report("smoke.json");
    assert.deepEqual([result.summary.total, result.summary.ok], [45, 45]);
    const [ready] = runsOf(result, "ready");
    assert.deepEqual(ready.attempts.map((one: { error: { code: string } | null }) => one.error?.code), [
      "until",
      "until",
      undefined,
    ]);
    assert.match(
      staging.stderr,
      /^ready\[0\] #1 failed .*until: waiting for json\.status == 'ready', but json\.status is "starting" {2}\(next in 500ms\)$/m,
    );
    assert.doesNotMatch(staging.stderr, /examples-only-password/);

    const production = await run("smoke.yaml", args("production"), { env });
    assert.equal(production.code, 0, production.stderr);
    assert.deepEqual(report("smoke.json").summary.skippedBy, { if: 2, dependency: 0, circuit_open: 0 });
  }),
);

test(
  "smoke.yaml: one endpoint alone, the first three, another stage than there is",
  example(async ({ run, report, server }) => {
    const env = { SMOKE_PASSWORD: "examples-only-password" };
    const base = ["--set", `baseUrl=${server.url}`];
    const alone = await run("smoke.yaml", [...base, "--only", "smoke/login"], { env });
    assert.equal(alone.code, 0, alone.stderr);
    const names = report("smoke.json").results.map((one: { task: string; key: string }) =>
      `${one.task} ${one.key}`
    );
    assert.deepEqual(names, ["ready null", "smoke login"]);

    assert.equal((await run("smoke.yaml", [...base, "--first", "3"], { env })).code, 0);
    assert.deepEqual(runsOf(report("smoke.json"), "smoke").map((one: { key: string }) => one.key), [
      "home",
      "about",
      "help",
    ]);

    const wrong = await run("smoke.yaml", base, { env: { ...env, STAGE: "prod" } });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /param stage from env STAGE: "prod" is not one of "staging", "production"/);
  }),
);

test(
  "nightly_extract.yaml: rows, a call for each, and back; the next run finds nothing left to do",
  example(async ({ run, report, server, sandbox }) => {
    const args = ["--set", `baseUrl=${server.url}`];
    const first = await run("nightly_extract.yaml", args);
    assert.equal(first.code, 0, first.stderr);
    const result = report("nightly_extract.json");
    assert.deepEqual([runsOf(result, "details").length, runsOf(result, "update").length], [25, 25]);
    assert.deepEqual(runsOf(result, "left")[0].outputs, { accounts: 0 });
    assert.equal(sandbox.read("examples/out/nightly_extract.csv").split("\n")[25], "25");

    const second = await run("nightly_extract.yaml", args);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(runsOf(report("nightly_extract.json"), "details").length, 0);
  }),
);

test(
  "nightly_extract.yaml: the same statements on PostgreSQL",
  needs("postgres", "initdb", "psql", "openssl"),
  example(async ({ run, report, server, sandbox }) => {
    const postgres = await startPostgres();
    try {
      sandbox.write("postgres.yaml", JSON.stringify({ db: postgres.url(), baseUrl: server.url }));
      const { code, stderr } = await run("nightly_extract.yaml", ["--params", "postgres.yaml"]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(runsOf(report("nightly_extract.json"), "left")[0].outputs, { accounts: 0 });
      assert.equal(
        postgres.sql("select count(*), count(name), min(asked_on) = max(asked_on) from accounts"),
        "25|24|t",
      );
      assert.equal(postgres.sql("select name from accounts where id = 1"), "Ada Lovelace");
      assert.doesNotMatch(sandbox.read("examples/out/nightly_extract.json") + stderr, /se(%20| |\+)cret/);
    } finally {
      await postgres.remove();
    }
  }),
);

test(
  "databases_health.yaml: offline as it is",
  example(async ({ run, report }) => {
    const { code, stderr } = await run("databases_health.yaml");
    assert.equal(code, 0, stderr);
    assert.deepEqual(runsOf(report("databases_health.json"), "ping").map((one: { key: string }) => one.key), [
      "catalog",
      "search",
    ]);
  }),
);

test(
  "databases_health.yaml: PostgreSQL, MariaDB, Redis, SQLite; one that hangs, one that may be away",
  needs(
    "postgres",
    "initdb",
    "psql",
    "mariadbd",
    "mariadb-install-db",
    "mariadb",
    "redis-server",
    "redis-cli",
    "openssl",
  ),
  example(async ({ run, report, sandbox }) => {
    const servers = await Promise.all([startPostgres(), startMariadb(), startRedis()]);
    const [postgres, mariadb, redis] = servers;
    try {
      const params = {
        databases: [
          { name: "postgres", url: postgres.url() },
          { name: "mariadb", url: mariadb.url() },
          { name: "sqlite", url: "sqlite::memory:" },
          { name: "away", url: "postgres://nobody@127.0.0.1:9/nothing", optional: true },
        ],
        caches: [{ name: "redis", url: redis.url() }],
        patience: "1s",
      };
      sandbox.write("databases.yaml", JSON.stringify(params));
      const well = await run("databases_health.yaml", ["--params", "databases.yaml"]);
      assert.equal(well.code, 0, well.stderr);
      const { summary } = report("databases_health.json");
      assert.deepEqual([summary.total, summary.ok, summary.allowedFailures], [5, 4, 1]);

      mariadb.pause();
      const ill = await run("databases_health.yaml", ["--params", "databases.yaml"]);
      mariadb.resume();
      assert.equal(ill.code, 1, ill.stderr);
      const { failures, results } = report("databases_health.json");
      assert.equal(failures.first.key, "mariadb");
      assert.deepEqual(
        results.map((one: { key: string; outcome: string }) => `${one.key} ${one.outcome}`),
        ["postgres ok", "mariadb timed_out", "sqlite ok", "away failed", "redis ok"],
      );
      const told = sandbox.read("examples/out/databases_health.json") + well.stderr + ill.stderr;
      assert.doesNotMatch(told, /se(%20| |\+)cret/);
    } finally {
      await Promise.all(servers.map((one) => one.remove()));
    }
  }),
);

test(
  "bulk_load.yaml: 1,201 lines in three statements, every value bound, and again without a double row",
  example(async ({ run, report, sandbox }) => {
    const lines = Array.from({ length: 1_200 }, (_, at) => `host-${at},user ${at % 7},${at}`);
    const hostile = `"x'); drop table hosts; --",O'Brien,22`;
    sandbox.write("examples/out/hosts.csv", ["host,user,port", ...lines, hostile].join("\r\n"));
    for (const args of [["--set", "file=out/hosts.csv"], ["--set", "file=out/hosts.csv"]]) {
      const { code, stderr } = await run("bulk_load.yaml", args);
      assert.equal(code, 0, stderr);
      const result = report("bulk_load.json");
      assert.deepEqual(
        runsOf(result, "load").map((one: { outputs: { lines: number } }) => one.outputs.lines),
        [500, 500, 201],
      );
      assert.deepEqual(runsOf(result, "total")[0].outputs, { hosts: 1_201, logins: 8 });
    }
  }),
);
