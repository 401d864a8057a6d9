import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { inspect } from "node:util";
import type { ValueMap } from "../src/model/json.ts";
import type { CancelReason } from "../src/model/verdict.ts";
import { realProcesses } from "../src/runtime/processes.ts";
import { openExec } from "../src/tasks/exec.ts";
import { runVariable } from "../src/tasks/exec_command.ts";
import { DecodeError } from "../src/tasks/kind.ts";
import { type AttemptSetup, perform } from "./support/perform_task.ts";

const fixtures = join(import.meta.dirname!, "fixtures");
const timeout: CancelReason = { code: "timeout", message: "the attempt was ended after 50ms" };

const fixture = (name: string, ...args: string[]) => ({ command: ["sh", name, ...args] });
const exec = (spec: ValueMap, setup: Partial<AttemptSetup> = {}) =>
  perform(openExec, spec, { directory: fixtures, ...setup });

async function answer(spec: ValueMap, setup: Partial<AttemptSetup> = {}) {
  const result = await exec(spec, setup);
  assert.equal(result.kind, "answer", inspect(result));
  return result as Extract<typeof result, { kind: "answer" }>;
}

async function failure(spec: ValueMap, setup: Partial<AttemptSetup> = {}) {
  const result = await exec(spec, setup);
  assert.equal(result.kind, "failed", inspect(result));
  return result as Extract<typeof result, { kind: "failed" }>;
}

/** A process that has ended and was not waited for counts as gone. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let look = 0; look < 100 && isRunning(pid); look++) await after(10);
  return !isRunning(pid);
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const cancelAfter = (ms: number) => after(ms).then(() => timeout);

test("exec reports exit code, outputs and usage", async () => {
  const { output, fields } = await answer({ command: ["sh", "-c", "echo out; echo err >&2"] }, {
    reads: ["stdout", "stderr"],
  });
  const { cpuMs, maxRssBytes, ...rest } = output;
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  assert.deepEqual(rest, {
    exitCode: 0,
    signal: null,
    stdout: "out\n",
    stdoutBytes: 4,
    stdoutSha256: sha256("out\n"),
    stderr: "err\n",
    stderrBytes: 4,
    stderrSha256: sha256("err\n"),
    truncated: false,
  });
  for (const usage of [cpuMs, maxRssBytes]) assert.ok(usage === null || typeof usage === "number");
  assert.deepEqual([fields["stdout"], fields["stderr"], fields["exitCode"]], ["out\n", "err\n", 0]);
});

test("exec hands values over as arguments and variables, never to a shell", async () => {
  const hostile = "$(touch /tmp/owned); `id` 'x' \"y\" \n*";
  const argument = await answer({ command: ["printf", "%s", "${{ item }}"] }, { vars: { item: hostile } });
  assert.equal(argument.output["stdout"], hostile);
  const variable = await answer({ shell: 'printf %s "$V"', env: { V: "${{ item }}" } }, {
    vars: { item: hostile },
  });
  assert.equal(variable.output["stdout"], hostile);
});

test("exec inherits the environment without the variables of secrets; null takes one away", async () => {
  process.env["FANOUT_TEST_KEPT"] = "kept";
  process.env["FANOUT_TEST_SECRET"] = "hunter22";
  process.env["FANOUT_TEST_UNSET"] = "unset";
  const { output } = await answer({
    command: ["env"],
    env: { FANOUT_TEST_UNSET: null, ADDED: "${{ item }}", FIXED: "f", MISSING: null },
  }, { vars: { item: 7 }, secretVariables: ["FANOUT_TEST_SECRET"] });
  const lines = String(output["stdout"]).split("\n");
  assert.ok(
    ["FANOUT_TEST_KEPT=kept", "ADDED=7", "FIXED=f"].every((line) => lines.includes(line)),
    lines.join("\n"),
  );
  assert.doesNotMatch(String(output["stdout"]), /FANOUT_TEST_SECRET|FANOUT_TEST_UNSET|MISSING/);
});

test("exec runs in the config's directory, or in cwd", async () => {
  const here = await answer({ command: ["pwd", "-P"] });
  assert.equal(here.output["stdout"], `${realpathSync(fixtures)}\n`);
  const below = await answer({ command: ["pwd", "-P"], cwd: "../${{ item }}" }, {
    vars: { item: "fixtures" },
  });
  assert.equal(below.output["stdout"], `${realpathSync(fixtures)}\n`);
});

test("exec feeds stdin from a text or a file", async () => {
  assert.equal((await answer({ command: ["cat"] })).output["stdout"], "");
  const text = await answer({ command: ["cat"], stdin: "hi ${{ item }}" }, { vars: { item: "there" } });
  assert.equal(text.output["stdout"], "hi there");
  const bytes = await answer({ command: ["cat"], stdin: "${{ item }}" }, {
    vars: { item: Uint8Array.of(0xff) },
  });
  assert.equal(bytes.output["stdoutBase64"], "/w==");
  const file = await answer({ command: ["head", "-n1"], stdin: { file: "${{ item }}.sh" } }, {
    vars: { item: "fails" },
  });
  assert.equal(file.output["stdout"], "#!/bin/sh\n");
});

test("exec refuses data that a program would take for an option", async () => {
  const run = (command: string[], item: unknown) => exec({ command }, { vars: { item } });
  for (const item of ["-rf", "--output=/etc/passwd", "-", "-1x", "-.", "--"]) {
    const refused = await run(["echo", "${{ item }}"], item);
    assert.equal(refused.kind === "failed" && refused.error.code, "template", item);
    assert.match(refused.kind === "failed" ? refused.error.message : "", /put a literal "--" before it/);
  }
  for (const item of [-1, "-1", "-1.5", "-.5", "-1e3", "a-b", ""]) {
    assert.equal((await run(["echo", "${{ item }}"], item)).kind, "answer", String(item));
  }
  assert.equal((await run(["echo", "--", "${{ item }}"], "-rf")).kind, "answer");
  assert.equal((await run(["echo", "x${{ item }}"], "-rf")).kind, "answer");
});

test("exec fails on other exit codes, with the last line of stderr", async () => {
  const { error, output } = await failure(fixture("fails.sh", "3"));
  assert.deepEqual(error, {
    code: "exit_code",
    message: "exited with 3: last line of trouble",
    retryable: false,
  });
  assert.equal(output?.fields["stdout"], "some output\n");
  assert.equal((await failure(fixture("fails.sh", "75"))).error.retryable, true);
  assert.equal(
    (await answer({ ...fixture("fails.sh", "3"), okExitCodes: [0, "2-4"] })).output["exitCode"],
    3,
  );
  assert.equal(
    (await failure({ ...fixture("fails.sh", "0"), okExitCodes: [1] })).error.message.slice(0, 13),
    "exited with 0",
  );
});

test("exec says which signal ended a program", async () => {
  const { error, output } = await failure({ shell: "echo dying >&2; kill -SEGV $$" });
  assert.deepEqual(error, { code: "signal", message: "ended by SIGSEGV: dying", retryable: false });
  assert.deepEqual([output?.fields["exitCode"], output?.fields["signal"]], [null, "SIGSEGV"]);
});

test("exec says why a program was not started, and does not try it again", async () => {
  const { error } = await failure({ command: ["./missing", "x"] });
  assert.equal(error.code, "spawn");
  assert.match(
    error.message,
    /^Cannot start "\.\/missing": there is no file .*fixtures\/missing; a relative path/,
  );
  assert.equal(error.retryable, false);
});

test("exec gives lack of processes back as back-pressure", async () => {
  const none = { kind: "not_started", exhausted: true, message: "none to spare" } as const;
  const processes = { ...realProcesses, spawn: () => none };
  const result = await exec({ command: ["true"] }, { ports: { processes } });
  assert.deepEqual(result, { kind: "backpressure", message: "none to spare" });
});

test("exec reads JSON output when an expression asks for it, and says what is wrong with it", async () => {
  const good = await answer({ command: ["echo", '{"id": 9007199254740993}'] }, { reads: ["json"] });
  assert.deepEqual(good.fields["json"], { id: 9007199254740993n });
  assert.equal(good.fields["json"], good.fields["json"], "it is read once, however often an expression asks");
  const bad = await answer({ command: ["echo", "[1,"] }, { reads: ["json"] });
  assert.throws(
    () => bad.fields["json"],
    (error) => error instanceof DecodeError && /line 2, column 1/.test(error.message),
  );
  const binary = await answer({ command: ["printf", "\\377"] }, { reads: ["stdout"] });
  assert.equal(binary.output["stdoutBase64"], "/w==");
  assert.throws(() => binary.fields["stdout"], /stdout is not UTF-8/);
});

test("exec drains and cuts output, and fails only when all of it is wanted", async () => {
  const spec = { ...fixture("prints_bytes.sh", "300000"), maxBytes: 100_000 };
  const { output } = await answer(spec);
  assert.equal(output["truncated"], true);
  assert.match(String(output["stdout"]), /^x{8192}\n\[… cut: 300000 bytes in all …\]\nx{8192}$/);
  for (const field of ["stdout", "json", "stderr"]) {
    const { error } = await failure(spec, { reads: [field] });
    assert.equal(error.code, "too_large");
    assert.match(error.message, /has 300000 bytes, more than maxBytes \(100000\)/);
  }
  const saved: string[] = [];
  const save = { write: () => {}, discard: () => void saved.push("discard") };
  assert.equal((await failure(spec, { save })).error.code, "too_large");
  assert.deepEqual(saved, ["discard"]);
});

test("exec masks what it reports before it is cut", async () => {
  const secret = "s".repeat(40);
  const redactor = { mask: (text: string) => text.replaceAll(secret, "***"), margin: 40 };
  const program = `printf '%s' 'a ${"x".repeat(1190)}${secret} ${"y".repeat(600)}' >&2; exit 1`;
  const { error, output } = await failure({ shell: program }, {
    redactor,
    capture: { mode: "size", bytes: 2420 },
  });
  assert.doesNotMatch(JSON.stringify([error, output]), /ssss/);
});

test("exec ends a program that ignores SIGTERM, 1.5 s later", async () => {
  const began = Date.now();
  const { error, output } = await failure(fixture("ignores_sigterm.sh"), { cancelOn: cancelAfter(100) });
  const took = Date.now() - began;
  assert.deepEqual([error.code, error.message, error.retryable], [timeout.code, timeout.message, false]);
  assert.deepEqual([output?.fields["signal"], output?.fields["stdout"]], ["SIGKILL", "ready\n"]);
  assert.ok(took >= 1590 && took < 4000, `it took ${took} ms`);
});

test("exec lets a program clean up on SIGTERM, and still calls it timed out", async () => {
  const { error, output } = await failure(fixture("ends_on_sigterm.sh"), { cancelOn: cancelAfter(200) });
  assert.equal(error.code, "timeout");
  assert.deepEqual([output?.fields["exitCode"], output?.fields["stdout"]], [0, "ready\ncleaned up\n"]);
});

test("exec wakes a stopped program to end it", async () => {
  const began = Date.now();
  const { output } = await failure(fixture("stops_itself.sh"), { cancelOn: cancelAfter(200) });
  assert.equal(output?.fields["signal"], "SIGTERM");
  assert.ok(Date.now() - began < 1500, "without waiting for SIGKILL");
});

for (const name of ["forks_and_waits.sh", "hides_and_waits.sh"]) {
  test(`exec leaves no grandchild behind when it is cancelled: ${name}`, async () => {
    const { output } = await failure(fixture(name), { cancelOn: cancelAfter(500) });
    const grandchild = Number(output?.fields["stdout"]);
    assert.ok(grandchild > 1);
    assert.ok(await isGone(grandchild));
    assert.equal("leaked" in output!.fields, false);
  });
}

test("exec ends a grandchild that holds the output, soon after the program", async () => {
  const began = Date.now();
  const { output } = await answer(fixture("forks_grandchild.sh"));
  assert.ok(Date.now() - began < 1500);
  assert.ok(await isGone(Number(output["stdout"])));
  assert.equal("leaked" in output, false);
});

test("exec leaves a background process alone that holds no output", async () => {
  const { output } = await answer(fixture("forks_daemon.sh"));
  const daemon = Number(output["stdout"]);
  assert.equal(isRunning(daemon), true);
  process.kill(daemon, "SIGKILL");
});

test("exec reports what escaped by setsid, and does not wait for it", async () => {
  const began = Date.now();
  const { output } = await answer(fixture("escapes_by_setsid.sh"));
  assert.ok(Date.now() - began < 1500);
  assert.equal(output["leaked"], true);
  process.kill(Number(output["stdout"]), "SIGKILL");
});

test("exec marks what it starts with the run, so that survivors are found", async () => {
  const { output } = await answer(fixture("forks_daemon.sh"));
  const daemon = Number(output["stdout"]);
  const found = realProcesses.withVariable(runVariable, "test-run");
  assert.deepEqual(found.filter(({ pid }) => pid === daemon), [{ pid: daemon, command: "sleep 30" }]);
  process.kill(daemon, "SIGKILL");
  await isGone(daemon);
  assert.equal(realProcesses.withVariable(runVariable, "test-run").some(({ pid }) => pid === daemon), false);
});

test("exec leaves nothing behind when the program exits in the middle of it", async () => {
  const program = join(fixtures, "exits_while_running.ts");
  const isBun = "Bun" in globalThis;
  const output = execFileSync(process.execPath, [...(isBun ? [] : ["run", "-A"]), program], {
    encoding: "utf8",
  });
  assert.ok(Number(output) > 1);
  assert.ok(await isGone(Number(output)));
});

test("exec stops a program that prints for ever, and keeps little of it", async () => {
  const { error, output } = await failure(fixture("prints_forever.sh"), { cancelOn: cancelAfter(200) });
  assert.equal(error.code, "timeout");
  assert.equal(output?.fields["truncated"], true);
  assert.ok(String(output?.fields["stdout"]).length < 17_000);
});

test("exec starts nothing once it is cancelled", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fanout-exec-"));
  try {
    writeFileSync(join(directory, "x"), "");
    const result = await exec({ command: ["rm", "x"] }, { directory, cancelOn: Promise.resolve(timeout) });
    assert.equal(result.kind, "failed");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
