import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startFaultServer } from "../servers/fault_server.ts";
import { binary, ended, inSandbox, type Sandbox, send } from "./sandbox.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

const mixed = (url: string) => `
version: 1
run: { grace: 200ms }
targets:
  cpu: { concurrency: 3 }
  api: { http: { baseUrl: "${url}" }, concurrency: 3 }
tasks:
  quick: { foreach: { range: "1..400" }, target: cpu, exec: { command: [sleep, "0.02"] } }
  slow: { foreach: { range: "1..3" }, target: cpu, exec: { shell: "sleep 30 & wait" } }
  hang: { foreach: { range: "1..5" }, target: api, http: { url: /hang } }
  retried: { target: api, http: { url: /status/503 }, retry: { attempts: 9, backoff: { initial: 5s, jitter: none } } }
  after: { needs: { quick: done }, foreach: [a, b], exec: { command: ["true"] } }
  flow: { foreach: { from: quick }, exec: { command: ["true"] } }
`;

for (const afterMs of [0, 20, 60, 150, 400, 900]) {
  test(
    `SIGINT after ${afterMs} ms leaves one outcome for every input, a report, and no process`,
    inSandbox(async (sandbox) => {
      const server = await startFaultServer();
      const child = sandbox.startConfig(mixed(server.url));
      await delay(afterMs);
      const sentAt = Date.now();
      send(child, "SIGINT");
      const { code, signal, report, stderr } = await sandbox.finish(child);
      await server.close();
      const tookMs = Date.now() - sentAt;
      assert.deepEqual(sandbox.survivors(), []);
      assert.ok(tookMs < 2_000, `${tookMs} ms to stop`);
      // Before the handler is there, the signal's own default ends the program.
      if (signal === "SIGINT" && afterMs < 200) return assert.equal(report, undefined);
      assert.equal(code, 130, stderr);
      if (report === undefined) return assert.match(stderr, /SIGINT came before anything ran/);
      assert.deepEqual([report.run.status, report.run.stoppedBy, report.run.exitCode], [
        "interrupted",
        "signal",
        130,
      ]);
      for (const { attempts } of report.results) {
        for (const { startedAt } of attempts) {
          assert.ok(Date.parse(startedAt) - sentAt < 100, `${startedAt} is after the signal`);
        }
      }
      const known = report.results.filter(({ task }: Result) => task !== "flow").length;
      assert.equal(known, 400 + 3 + 5 + 1 + 2);
      assert.equal(
        report.summary.skipped,
        0,
        "what the signal kept from running is not_run, and what follows it too",
      );
    }),
  );
}

for (const [signal, expected] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  test(
    `${signal} ends an unfinished run with ${expected}`,
    inSandbox(async (sandbox) => {
      const child = sandbox.startConfig(`
version: 1
run: { grace: 100ms }
tasks: { a: { exec: { shell: "touch started; sleep 30" } } }
`);
      await appears(sandbox, "started");
      send(child, signal);
      const { code, report } = await sandbox.finish(child);
      assert.equal(code, expected);
      assert.deepEqual(
        [report.results[0].outcome, report.results[0].error.code],
        ["cancelled", "interrupted"],
      );
      assert.match(report.results[0].error.message, new RegExp(signal));
      assert.deepEqual(sandbox.survivors(), []);
    }),
  );
}

test(
  "work in flight may finish within run.grace, and a run that lost nothing to a signal exits 0",
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(`
version: 1
run: { grace: 5s }
tasks: { a: { exec: { shell: "touch started; sleep 0.4; echo finished" } } }
`);
    await appears(sandbox, "started");
    send(child, "SIGINT");
    const { code, report } = await sandbox.finish(child);
    assert.equal(report.results[0].output.stdout, "finished\n");
    assert.deepEqual([code, report.run.status, report.results[0].outcome], [0, "passed", "ok"]);
  }),
);

test(
  "a subprocess is asked by SIGTERM as a group, and killed 1.5 s later with its children",
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(`
version: 1
run: { grace: 0s }
targets: { cpu: { concurrency: 4 } }
tasks:
  polite: { target: cpu, exec: { shell: "trap 'echo bye; exit 9' TERM; touch polite; sleep 30 & wait" } }
  stubborn: { target: cpu, exec: { command: ["${fixtures}/ignores_sigterm.sh"] } }
  family: { target: cpu, exec: { command: ["${fixtures}/forks_and_waits.sh"] } }
`);
    await appears(sandbox, "polite");
    await delay(200);
    const sentAt = performance.now();
    send(child, "SIGINT");
    const { code, report, stderr } = await sandbox.finish(child);
    const tookMs = performance.now() - sentAt;
    assert.equal(code, 130, stderr);
    assert.ok(tookMs > 1_400 && tookMs < 2_500, `${tookMs} ms`);
    assert.deepEqual(report.results.map(({ outcome }: Result) => outcome), [
      "cancelled",
      "cancelled",
      "cancelled",
    ]);
    assert.equal(report.results[0].output.stdout, "bye\n");
    assert.deepEqual(sandbox.survivors(), []);
  }),
);

test(
  "a second signal gives no grace, a third exits at once",
  inSandbox(async (sandbox) => {
    const config = `
version: 1
run: { grace: 30s }
tasks:
  stubborn: { exec: { shell: "trap '' TERM; touch started; sleep 9 & wait; sleep 9" } }
`;
    const second = sandbox.startConfig(config);
    await appears(sandbox, "started");
    send(second, "SIGINT");
    await delay(200);
    assert.equal(second.exitCode, null, "it waits for the work in flight");
    const secondAt = performance.now();
    send(second, "SIGINT");
    const { code, report } = await sandbox.finish(second);
    assert.deepEqual([code, report.results[0].outcome], [130, "cancelled"]);
    assert.ok(performance.now() - secondAt < 2_500);
    await sandbox.shell("rm started report.json");

    const third = sandbox.startConfig(config);
    await appears(sandbox, "started");
    const thirdAt = performance.now();
    const ending = ended(third);
    for (let i = 0; i < 3; i++) {
      send(third, "SIGTERM");
      await delay(60);
    }
    const end = await ending;
    assert.equal(end.code, 143);
    assert.ok(performance.now() - thirdAt < 1_000);
    await delay(100);
    assert.deepEqual(sandbox.survivors(), [], "not even then does a process live on");
  }),
);

test(
  "a signal that was ignored when the program started stays ignored",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", "version: 1\ntasks: { a: { exec: { shell: 'touch started; sleep 0.5' } } }");
    const child = sandbox.startThrough(["/bin/sh", "-c", `trap '' INT; exec "$0" "$@"`], [
      "run",
      "fanout.yaml",
    ]);
    await appears(sandbox, "started");
    send(child, "SIGINT");
    const { code, stderr } = await ended(child);
    assert.equal(code, 0, stderr);
  }),
);

test(
  "a signal while inputs are still being read ends the program at once",
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(
      "version: 1\ntasks: { a: { foreach: { range: '1..30000000' }, key: \"x${{ item * 2 }}\", exec: { command: ['true'] } } }",
    );
    await delay(400);
    send(child, "SIGINT");
    const sentAt = performance.now();
    const { code } = await sandbox.finish(child);
    assert.equal(code, 130);
    assert.ok(performance.now() - sentAt < 1_500);
  }),
);

test(
  "a signal ends the wait for a pipe that says nothing, and what stands unread in it was left",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "fanout.yaml",
      "version: 1\ntasks: { a: { foreach: { lines: '-' }, exec: { command: [touch, started] } } }",
    );
    const child = sandbox.startThrough(
      ["/bin/sh", "-c", `{ echo x; exec sleep 30; } | { "$0" "$@"; echo $? >code; }`],
      ["run", "fanout.yaml", "--report", "report.json"],
    );
    await appears(sandbox, "started");
    await delay(100);
    const run = sandbox.survivors().find(({ command }) => command.startsWith(binary))!;
    process.kill(run.pid, "SIGINT");
    for (let i = 0; i < 100 && !sandbox.exists("code"); i++) await delay(20);
    assert.equal(sandbox.read("code"), "130\n");
    const { summary, run: { status } } = sandbox.json("report.json");
    assert.deepEqual([status, summary.ok, summary.total, summary.totalKnown], ["interrupted", 1, 1, false]);
    for (const { pid } of sandbox.survivors()) process.kill(pid, "SIGKILL");
    await ended(child);
  }),
);

test(
  "what ended while the program was stopped by Ctrl-Z is not timed out",
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(
      "version: 1\ntasks: { a: { exec: { shell: 'touch started; sleep 0.5' }, timeout: 1500ms } }",
    );
    await appears(sandbox, "started");
    process.kill(child.pid!, "SIGSTOP");
    await delay(3_000);
    process.kill(child.pid!, "SIGCONT");
    const { code, stderr } = await sandbox.finish(child);
    assert.equal(code, 0, stderr);
  }),
);

test(
  "no grandchild survives a timeout, in whatever session and below another fanout",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "inner.yaml",
      `version: 1\ntasks: { a: { exec: { command: ["${fixtures}/hides_and_waits.sh"] } } }`,
    );
    const { report, stderr } = await sandbox.runConfig(`
version: 1
defaults: { timeout: 300ms }
targets: { cpu: { concurrency: 4 } }
tasks:
  family: { target: cpu, exec: { command: ["${fixtures}/forks_and_waits.sh"] } }
  stubborn: { target: cpu, exec: { command: ["${fixtures}/ignores_sigterm.sh"] } }
  hidden: { target: cpu, exec: { command: ["${fixtures}/hides_and_waits.sh"] } }
  nested: { target: cpu, timeout: 2s, exec: { command: ["${binary}", run, inner.yaml] } }
`);
    assert.deepEqual(sandbox.survivors(), [], stderr);
    assert.deepEqual(report.results.map(({ outcome }: Result) => outcome), Array(4).fill("timed_out"));
  }),
);

interface Result {
  readonly task: string;
  readonly outcome: string;
}

async function appears(sandbox: Sandbox, name: string): Promise<void> {
  for (let i = 0; i < 200 && !sandbox.exists(name); i++) await delay(25);
  assert.ok(sandbox.exists(name), `${name} appeared`);
}
