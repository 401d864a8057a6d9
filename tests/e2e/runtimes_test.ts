import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startFaultServer } from "../servers/fault_server.ts";
import { checkReport } from "./check_report.ts";
import { binary, ended, inSandbox, type Sandbox, send } from "./sandbox.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const bun = fileURLToPath(new URL("../../node_modules/bun/bin/bun.exe", import.meta.url));
// The suite itself may run under either; the other two are started by their own programs.
const deno = "Deno" in globalThis ? process.execPath : "deno";

const programs: readonly (readonly [name: string, command: readonly string[]])[] = [
  ["the binary", [binary]],
  ["Deno", [deno, "run", "-A", "--no-check", main]],
  ["Bun", [bun, main]],
];

const config = (url: string) => `
version: 1
secrets: { token: { env: TOKEN } }
defaults: { retry: { attempts: 2, backoff: { initial: 1ms } } }
targets: { api: { http: { baseUrl: "${url}" } } }
tasks:
  http: { foreach: [/bytes/5, /status/500, /short, /gzip], target: api, http: { url: "\${{ item }}" } }
  sent: { target: api, capture: none, http: { url: "/echo", method: POST, json: { t: "\${{ secrets.token }}" } }, outputs: { body: json.body } }
  exec: { foreach: [0, 1, 75], exec: { shell: "printf '%s' $T; exit $CODE", env: { CODE: "\${{ item }}", T: "\${{ secrets.token }}" } } }
  killed: { exec: { shell: "sleep 30 & wait" }, timeout: 200ms }
  missing: { exec: { command: [no-such-program] } }
  file: { foreach: { lines: in.txt }, file: { path: "\${{ item }}", format: json }, save: "out/\${{ item }}" }
  sql: { sql: { url: "sqlite:x.db", query: "select 9007199254740993 as n" } }
  flow: { foreach: { from: exec }, exec: { command: [echo, "\${{ item.item }}"] } }
`;

test(
  "a config ends alike in the binary, on Deno and on Bun",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    sandbox.write("in.txt", "good.json\nbad.json\nnone.json\n");
    sandbox.write("good.json", '{"n":9007199254740993}');
    sandbox.write("bad.json", "{");
    sandbox.write("fanout.yaml", config(server.url));
    const seen = await Promise.all(programs.map(async ([name, command], i) => {
      const report = `report-${i}.json`;
      const end = await run(sandbox, command, ["run", "fanout.yaml", "--report", report]);
      assert.equal(end.code, 1, `${name}: ${end.stderr}`);
      checkReport(sandbox.json(report));
      return [name, essence(sandbox.json(report))] as const;
    }));
    await server.close();
    for (const [name, results] of seen.slice(1)) assert.deepEqual(results, seen[0]![1], name);
    assert.ok(!JSON.stringify(seen).includes("token-of-the-test"));
  }),
);

for (const [name, command] of programs) {
  test(
    `Ctrl-C on ${name} stops all of it`,
    inSandbox(async (sandbox) => {
      sandbox.write(
        "fanout.yaml",
        `version: 1\nrun: { grace: 100ms }\ntasks: { a: { foreach: { range: "1..9" }, exec: { shell: "touch started; trap '' TERM; sleep 30 & wait; sleep 30" } } }\n`,
      );
      const child = start(sandbox, command, ["run", "fanout.yaml", "--report", "report.json"]);
      const ending = ended(child);
      for (let i = 0; i < 200 && !sandbox.exists("started"); i++) await delay(25);
      send(child, "SIGINT");
      const { code, stderr } = await ending;
      assert.equal(code, 130, stderr);
      const report = sandbox.json("report.json");
      checkReport(report);
      assert.ok(report.summary.cancelled > 0 && report.summary.not_run > 0);
      assert.deepEqual(sandbox.survivors(), []);
    }),
  );
}

function start(sandbox: Sandbox, command: readonly string[], args: readonly string[]) {
  const env = {
    TOKEN: "token-of-the-test",
    DENO_DIR: process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno`,
  };
  return sandbox.startProgram([...command, ...args], { env });
}

function run(sandbox: Sandbox, command: readonly string[], args: readonly string[]) {
  return ended(start(sandbox, command, args));
}

/** What does not depend on when and how fast it ran. */
function essence(report: { results: Result[] }) {
  return report.results.map(({ task, item, outcome, error, attempts, output, outputs }) => ({
    task,
    item: typeof item === "object" ? null : item,
    outcome,
    code: error?.code,
    attempts: attempts.length,
    text: output?.stdout ?? output?.body ?? output?.text ?? output?.rows,
    outputs,
  }));
}

interface Result {
  readonly task: string;
  readonly item: unknown;
  readonly outcome: string;
  readonly error: { readonly code: string } | null;
  readonly attempts: readonly unknown[];
  readonly output: { readonly [name: string]: unknown } | null;
  readonly outputs: unknown;
}
