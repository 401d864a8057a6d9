import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { startRawServer } from "../servers/raw_http_server.ts";
import { eventually } from "../support/eventually.ts";
import { binary, ended, inSandbox, type Sandbox } from "./sandbox.ts";

const slow = (run: string) => `
version: 1
name: nightly
run: ${run}
tasks:
  wait: { exec: { command: [sleep, "${"${{ params.seconds }}"}"] } }
params: { seconds: { default: 20, type: number } }
`;

/** Starts a run that holds the lock, and waits until it has it. */
async function holder(sandbox: Sandbox, run: string, seconds: string) {
  sandbox.write("nightly.yaml", slow(run));
  const child = sandbox.start(["run", "nightly.yaml", "--set", `seconds=${seconds}`, "--progress", "none"]);
  const end = ended(child);
  await eventually(() =>
    sandbox.exists("state") &&
    readdirSync(sandbox.path("state"), { recursive: true }).some((name) =>
      String(name).endsWith("run.lock.json")
    )
  );
  return { child, end };
}

/** Waits until the program has said this on stderr. */
async function said(child: ChildProcess, words: RegExp): Promise<void> {
  let text = "";
  child.stderr!.on("data", (chunk) => text += chunk);
  await eventually(() => words.test(text));
}

const second = ["run", "nightly.yaml", "--set", "seconds=0", "--progress", "none"];

test(
  "run.lock: a second run exits 4 and names the holder; a killed holder blocks nobody",
  inSandbox(async (sandbox) => {
    const first = await holder(sandbox, "{ lock: { ifHeld: fail } }", "20");
    const { code, stderr } = await sandbox.run([...second, "--quiet"]);
    assert.equal(code, 4);
    assert.match(stderr, new RegExp(`process ${first.child.pid} on .*, started \\d{4}-.*Z, .* ago`));
    first.child.kill("SIGKILL");
    await first.end;
    const after = await sandbox.run([...second, "--quiet"]);
    assert.deepEqual([after.code, after.stderr], [0, ""]);
  }),
);

test(
  "what is wrong anyway (2), and a journal that is damaged (5), come before a lock that is held (4)",
  inSandbox(async (sandbox) => {
    sandbox.write("nightly.yaml", slow("{ lock: { ifHeld: fail } }"));
    const earlier = await sandbox.run([...second, "--report", "r.json"]);
    assert.equal(earlier.code, 0, earlier.stderr);
    const { id } = sandbox.json("r.json").run;
    const first = await holder(sandbox, "{ lock: { ifHeld: fail } }", "20");
    const journal = readdirSync(sandbox.path("state"), { recursive: true }).map(String)
      .find((path) => path.endsWith(`${id}.ndjson`))!;
    const codeOf = async (...args: string[]) => (await sandbox.run([...second, ...args])).code;
    assert.equal(await codeOf(`--resume=${id}`), 4);
    sandbox.write(`state/${journal}`, sandbox.read(`state/${journal}`).replace("nightly", "nightlY"));
    assert.equal(await codeOf(`--resume=${id}`), 5);
    assert.equal(await codeOf("--resume=20260101T000000000Z-000000"), 2);
    assert.equal(await codeOf("--order", "input"), 2);
    assert.equal(await codeOf("--report", "nightly.yaml"), 2);
    assert.equal(await codeOf("--report", "/dev/null/x"), 4);
    first.child.kill("SIGKILL");
    await first.end;
  }),
);

test(
  "run.lock with ifHeld: skip exits 0, in silence when --quiet, but for a holder past its own run.timeout",
  inSandbox(async (sandbox) => {
    const first = await holder(sandbox, "{ lock: { ifHeld: skip }, timeout: 1h }", "20");
    const loud = await sandbox.run(second);
    assert.deepEqual([loud.code, /skipped: .* is not over yet/.test(loud.stderr)], [0, true], loud.stderr);
    const quiet = await sandbox.run([...second, "--quiet"]);
    assert.deepEqual([quiet.code, quiet.stderr, quiet.stdout], [0, "", ""]);

    // The holder says that it began an hour and a minute ago.
    const name = readdirSync(sandbox.path("state"), { recursive: true }).map(String)
      .find((path) => path.endsWith("run.lock.json"))!;
    const words = sandbox.json(`state/${name}`);
    sandbox.write(
      `state/${name}`,
      JSON.stringify({ ...words, startedAt: new Date(Date.now() - 3_660_000).toISOString() }),
    );
    const old = await sandbox.run([...second, "--quiet"]);
    assert.equal(old.code, 4);
    assert.match(old.stderr, /older than its own run\.timeout of 1h and still holds the lock/);
    first.child.kill("SIGKILL");
    await first.end;
  }),
);

test(
  "run.lock with ifHeld: wait runs when the first is over, and ends at once at a signal",
  inSandbox(async (sandbox) => {
    const first = await holder(sandbox, "{ lock: { ifHeld: wait } }", "2");
    const impatient = sandbox.start(second);
    const impatientEnd = ended(impatient);
    const patient = sandbox.run(second);
    await said(impatient, /waiting for/);
    // The signal is sent past the runtime, which would report it in place of the exit code.
    process.kill(impatient.pid!, "SIGTERM");
    assert.equal((await impatientEnd).code, 143);
    const { code, stderr } = await patient;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /waiting for another run of this config \(/);
    assert.equal((await first.end).code, 0);
  }),
);

test(
  "run.jitter waits a random time where there is no terminal; a signal ends it before anything ran",
  inSandbox(async (sandbox) => {
    sandbox.write("nightly.yaml", slow("{ jitter: 10m }"));
    const child = sandbox.start(second);
    const end = ended(child);
    await said(child, /waiting .* \(run\.jitter\)/);
    process.kill(child.pid!, "SIGINT");
    const { code, stderr } = await end;
    assert.equal(code, 130);
    assert.match(stderr, /SIGINT came before anything ran/);
    sandbox.write("nightly.yaml", slow("{ jitter: 50ms }"));
    assert.equal((await sandbox.run(second)).code, 0);
  }),
);

test(
  "run.jitter is ignored on a terminal, with --quiet too",
  inSandbox(async (sandbox) => {
    sandbox.write("nightly.yaml", slow("{ jitter: 20d }"));
    for (const quiet of ["", " --quiet"]) {
      const command = `${binary} run nightly.yaml --set seconds=0${quiet}`;
      const { code, stdout } = await ended(sandbox.startProgram(["script", "-qec", command, "/dev/null"]));
      assert.equal(code, 0, stdout);
      assert.doesNotMatch(stdout, /jitter/);
    }
  }),
);

test(
  "--quiet prints nothing but for a failure: the first one, the counts and the report's place, in this order",
  inSandbox(async (sandbox) => {
    const config = (status: number) => `
version: 1
name: nightly
tasks:
  work:
    foreach: { range: "1..40" }
    timeout: { attempt: 1m, total: 10s }
    retry: 1
    exec: { shell: 'test "$N" != 7 || { echo "disk is full" >&2; exit ${status}; }', env: { N: "${"${{ item }}"}" } }
`;
    sandbox.write("nightly.yaml", config(0));
    const good = await sandbox.run(["run", "nightly.yaml", "-q"]);
    assert.deepEqual([good.code, good.stdout, good.stderr], [0, "", ""]);

    sandbox.write("nightly.yaml", config(9));
    const bad = await sandbox.run(["run", "nightly.yaml", "-q", "--report", "report.json"]);
    assert.equal(bad.code, 1);
    assert.equal(bad.stdout, "");
    const places = [/first failure +work\[6\]/, /exit_code: .*9/, /39 ok +1 failed/, /report\.json\n$/]
      .map((pattern) => bad.stderr.search(pattern));
    assert.ok(places.every((at, i) => at > (places[i - 1] ?? 0)), bad.stderr);
    assert.ok(bad.stderr.split("\n").length < 20, bad.stderr);

    const wrong = await sandbox.run(["run", "nightly.yaml", "-q", "--set", "no=1"]);
    assert.deepEqual([wrong.code, /"?no"?/.test(wrong.stderr)], [2, true]);
  }),
);

test(
  "run.notify posts start and end with the summary; an address that fails never fails the run",
  inSandbox(async (sandbox) => {
    const calls: { path: string; message: { event: string; summary: { total: number } | null } }[] = [];
    const server = await startRawServer(({ path, body, socket }) => {
      calls.push({ path, message: JSON.parse(new TextDecoder().decode(body)) });
      const status = path.startsWith("/bad") ? "500 No" : "200 OK";
      socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
    });
    const config = (command: string) => `
version: 1
name: nightly
secrets: { ping: { env: PING } }
run:
  notify:
    - { url: "http://127.0.0.1:${server.port}/\${{ secrets.ping }}", style: healthchecks, on: [start, success, failure] }
    - { url: "http://127.0.0.1:${server.port}/bad", on: [success] }
    - { url: "http://127.0.0.1:1/", on: [start] }
tasks: { work: { foreach: [1, 2], exec: { command: [${command}] } } }
`;
    try {
      const env = { PING: "s3cr3t-place" };
      const good = await sandbox.runConfig(config("true"), [], { env });
      assert.equal(good.code, 0, good.stderr);
      assert.deepEqual(calls.map(({ path }) => path).filter((path) => path !== "/bad"), [
        "/s3cr3t-place/start",
        "/s3cr3t-place",
      ]);
      const end = calls.find(({ path }) => path === "/s3cr3t-place")!.message;
      assert.deepEqual([end.event, end.summary?.total], ["success", 2]);
      assert.match(good.stderr, /was not told of the start: .*\n/);
      assert.match(good.stderr, /was not told of the success: the answer was 500/);
      assert.ok(!good.stderr.includes("s3cr3t"), good.stderr);
      assert.match(good.stderr, /report\.json\n$/, "the report's path stays the last line");

      calls.length = 0;
      assert.equal((await sandbox.runConfig(config("false"), [], { env })).code, 1);
      assert.deepEqual(calls.map(({ path }) => path), ["/s3cr3t-place/start", "/s3cr3t-place/fail"]);
    } finally {
      await server.close();
    }
  }),
);

/** Posts that came, each answered with 200 but for those to `/hangs`, which never are. */
async function listen() {
  // deno-lint-ignore no-explicit-any -- a message is read as the JSON it is
  const calls: { path: string; message: any }[] = [];
  const server = await startRawServer(({ path, body, socket }) => {
    calls.push({ path, message: JSON.parse(new TextDecoder().decode(body)) });
    if (path !== "/hangs") socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });
  return { ...server, calls };
}

const ways = [
  ["a signal", "SIGINT", "grace: 10ms", 130, "interrupted", "cancelled"],
  ["its timeout", null, "timeout: 1s", 124, "timed_out", "cancelled"],
] as const;

for (const [what, signal, run, exitCode, status, outcome] of ways) {
  test(
    `run.notify says of a run that ${what} ended that it failed, and how`,
    inSandbox(async (sandbox) => {
      const server = await listen();
      try {
        sandbox.write(
          "nightly.yaml",
          slow(
            `{ ${run}, notify: [{ url: "http://127.0.0.1:${server.port}/to", on: [start, success, failure] }] }`,
          ),
        );
        const child = sandbox.start(["run", "nightly.yaml", "--progress", "none"]);
        const end = ended(child);
        await eventually(() => server.calls.length > 0);
        if (signal !== null) process.kill(child.pid!, signal);
        assert.equal((await end).code, exitCode);
        assert.deepEqual(server.calls.map(({ message }) => message.event), ["start", "failure"]);
        const { message } = server.calls.at(-1)!;
        assert.deepEqual([message.run.status, message.run.exitCode], [status, exitCode]);
        assert.deepEqual([message.summary.total, message.summary[outcome]], [1, 1]);
        assert.ok(message.report.endsWith(".report.json"));
      } finally {
        await server.close();
      }
    }),
  );
}

test(
  "run.notify holds up a run for half a minute at the most where an address hangs, and fails nothing",
  inSandbox(async (sandbox) => {
    const server = await listen();
    const startedAt = performance.now();
    try {
      sandbox.write(
        "nightly.yaml",
        slow(`{ notify: [{ url: "http://127.0.0.1:${server.port}/hangs", on: [start, success] }] }`),
      );
      const { code, stderr } = await sandbox.run(second);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /was not told of the success: no answer within 5000 ms/);
      assert.match(stderr, /report\.json\n$/);
      assert.ok(performance.now() - startedAt < 40_000);
    } finally {
      await server.close();
    }
  }),
);
