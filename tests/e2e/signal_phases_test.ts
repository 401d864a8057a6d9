import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startRawServer } from "../servers/raw_http_server.ts";
import { ended, inSandbox, send } from "./sandbox.ts";

const quick = "tasks: { a: { foreach: [1, 2], exec: { command: ['true'] } } }";
const slow = "tasks: { a: { foreach: [1, 2], exec: { command: [sleep, '60'] } } }";
const nothingRan = "fanout: SIGINT came before anything ran\n";

/** Sends SIGINT once stderr, or something else, says that the time has come. */
async function interruptWhen(child: ChildProcess, isTime: () => boolean) {
  const end = ended(child);
  while (!isTime()) await delay(5);
  send(child, "SIGINT");
  return await withinSeconds(20, end);
}

/** Far more than it takes, and less than what would have been waited for. */
async function withinSeconds<T>(seconds: number, promise: Promise<T>): Promise<T> {
  const hang = new AbortController();
  const late = delay(seconds * 1_000, null, { signal: hang.signal }).then(() => {
    throw new Error(`it still ran ${seconds} s after the signal`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    hang.abort();
    late.catch(() => {});
  }
}

/** What the child said so far. */
function listen(child: ChildProcess): () => string {
  let said = "";
  child.stderr!.on("data", (chunk) => said += chunk);
  return () => said;
}

function catchesSigint(child: ChildProcess): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]!;
  return (BigInt(`0x${caught}`) & 2n) !== 0n;
}

test(
  "a SIGINT in the first milliseconds ends the program with 130, and nothing of it bothers the next run",
  inSandbox(async (sandbox) => {
    for (let afterMs = 0; afterMs <= 60; afterMs += 4) {
      const child = sandbox.startConfig(`version: 1\nrun: { grace: 0s }\n${slow}`);
      await delay(afterMs);
      const end = ended(child);
      send(child, "SIGINT");
      const { code, signal, stderr } = await end;
      // Before a line of the program has run the signal's own default ends it: 130 for a shell, too.
      assert.ok(code === 130 || signal === "SIGINT", `${afterMs} ms: ${code} ${stderr}`);
      assert.deepEqual(sandbox.survivors(), []);
      const next = await sandbox.runConfig(`version: 1\n${quick}`);
      assert.equal(next.code, 0, next.stderr);
      assert.equal(next.report.summary.ok, 2);
    }
  }),
);

test(
  "a SIGINT that comes while the program still loads is answered",
  inSandbox(async (sandbox) => {
    for (let round = 0; round < 10; round++) {
      const child = sandbox.startConfig(`version: 1\n${slow}`);
      const { code, stderr } = await interruptWhen(child, () => catchesSigint(child));
      assert.equal(code, 130, stderr);
      assert.equal(stderr, nothingRan);
      assert.equal(sandbox.exists("state"), false);
    }
  }),
);

test(
  "a signal ends the wait of run.jitter and of run.lock",
  inSandbox(async (sandbox) => {
    const jitter = sandbox.startConfig(`version: 1\nrun: { jitter: 24h }\n${quick}`);
    const says = listen(jitter);
    const first = await interruptWhen(jitter, () => says().includes("run.jitter"));
    assert.deepEqual([first.code, first.stderr.endsWith(nothingRan)], [130, true]);

    const config = `version: 1\nname: held\nrun: { lock: { ifHeld: wait }, grace: 0s }\n`;
    const holder = sandbox.startConfig(`${config}tasks: { a: { exec: { shell: 'touch held; sleep 60' } } }`);
    const heldEnd = ended(holder);
    while (!sandbox.exists("held")) await delay(5);
    const waiting = sandbox.start(["run", "fanout.yaml"]);
    const waits = listen(waiting);
    const second = await interruptWhen(waiting, () => waits().includes("waiting for another run"));
    assert.deepEqual([second.code, second.stderr.endsWith(nothingRan)], [130, true]);
    send(holder, "SIGINT");
    assert.equal((await heldEnd).code, 130);
  }),
);

test(
  "a signal ends the program that prints a secret, and the run before it began",
  inSandbox(async (sandbox) => {
    const secret = "secrets: { s: { command: [sh, -c, 'touch asked; sleep 25 & wait'] } }";
    const child = sandbox.startConfig(`version: 1\n${secret}\n${quick}`);
    const { code, stderr } = await interruptWhen(child, () => sandbox.exists("asked"));
    assert.deepEqual([code, stderr], [130, nothingRan]);
    assert.deepEqual(sandbox.survivors(), []);

    sandbox.unlink("asked");
    const target = "targets: { cpu: { concurrency: 1 } }";
    const task = "tasks: { a: { target: cpu, idempotent: true, exec: { command: ['true'] } } }";
    sandbox.write("tune.yaml", `version: 1\n${secret}\n${target}\n${task}`);
    const tune = sandbox.start(["tune", "tune.yaml", "--target", "cpu"]);
    const tuned = await interruptWhen(tune, () => sandbox.exists("asked"));
    assert.deepEqual([tuned.code, tuned.stderr], [130, ""]);
  }),
);

test(
  "a signal ends the wait for an address that does not answer, and changes nothing of how the run ended",
  inSandbox(async (sandbox) => {
    let isAsked = false;
    const server = await startRawServer(() => isAsked = true);
    const notify = `run: { notify: [{ url: "http://127.0.0.1:${server.port}/", on: [success] }] }`;
    const child = sandbox.startConfig(`version: 1\n${notify}\n${quick}`);
    const { code, stderr } = await interruptWhen(child, () => isAsked);
    await server.close();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /was not told of the success: there was no answer yet when a signal came/);
    assert.equal(sandbox.json("report.json").run.exitCode, 0);
  }),
);

test(
  "a signal stops a run whose --stream nobody takes, and waits for the reader no longer than for work in flight",
  inSandbox(async (sandbox) => {
    const many = "tasks: { a: { foreach: { range: '1..300000' }, file: { path: fanout.yaml } } }";
    const child = sandbox.startConfig(`version: 1\nrun: { grace: 200ms }\n${many}`, ["--stream"]);
    child.stdout!.pause();
    const gone = once(child, "exit");
    await delay(500);
    send(child, "SIGINT");
    assert.deepEqual(await withinSeconds(20, gone), [130, null]);
    child.stdout!.destroy();
    const { summary } = sandbox.json("report.json");
    assert.ok(summary.ok > 0 && summary.not_run > 0, JSON.stringify(summary));
    assert.equal(summary.total, 300_000);
  }),
);
