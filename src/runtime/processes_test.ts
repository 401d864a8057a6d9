import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ChildProcess, type ProcessCommand, realProcesses, type SpawnFailure } from "./processes.ts";

const fixtures = join(import.meta.dirname!, "../../tests/fixtures");
const environment = { PATH: process.env["PATH"]! };

interface Started {
  readonly child: ChildProcess;
  readonly out: { stdout: string; stderr: string; bytes: number };
}

function spawn(
  program: string,
  args: readonly string[] = [],
  given: Partial<ProcessCommand> = {},
): Started | SpawnFailure {
  const out = { stdout: "", stderr: "", bytes: 0 };
  const decoder = new TextDecoder();
  const child = realProcesses.spawn({
    program,
    arguments: args,
    cwd: fixtures,
    environment,
    stdin: null,
    onOutput(stream, chunk) {
      out.bytes += chunk.length;
      if (out[stream].length < 1000) out[stream] += decoder.decode(chunk);
    },
    ...given,
  });
  return child.kind === "started" ? { child, out } : child;
}

function started(...command: Parameters<typeof spawn>): Started {
  const result = spawn(...command);
  assert.ok("child" in result, JSON.stringify(result));
  return result;
}

async function run(...command: Parameters<typeof spawn>) {
  const { child, out } = started(...command);
  const [exit] = await Promise.all([child.exited, child.outputEnded]);
  return { ...exit, ...out };
}

const fixture = (name: string, ...args: string[]) => ["/bin/sh", [join(fixtures, name), ...args]] as const;

/** A process that nobody has waited for yet counts as gone. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 3000; !holds();) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function inDirectory(check: (directory: string) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "fanout-spawn-"));
    try {
      await check(directory);
    } finally {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  };
}

test("spawn() gives output, exit code and nothing inherited", async () => {
  const ended = await run("sh", ["-c", 'echo "$A:$HOME"; echo err >&2; pwd >&2; exit 7'], {
    environment: { ...environment, A: "b c" },
    cwd: "/",
  });
  assert.deepEqual([ended.exitCode, ended.signal], [7, null]);
  assert.deepEqual([ended.stdout, ended.stderr], ["b c:\n", "err\n/\n"]);
});

test("spawn() names the signal that ended a process", async () => {
  const killed = await run("sh", ["-c", "kill -KILL $$"]);
  assert.deepEqual([killed.exitCode, killed.signal], [null, "SIGKILL"]);
  const realTime = await run("sh", ["-c", "kill -35 $$"]);
  assert.deepEqual([realTime.exitCode, realTime.signal], [null, "SIG35"]);
});

test("spawn() makes each process the leader of a session of its own", async () => {
  const { child, out } = started("sh", ["-c", "ps -o pid=,pgid=,sid= -p $$"]);
  await child.outputEnded;
  assert.deepEqual(out.stdout.trim().split(/\s+/), Array(3).fill(String(child.pid)));
});

test("spawn() feeds text and files of any size, and an empty stdin else", async () => {
  assert.equal((await run("cat")).stdout, "");
  assert.equal((await run("cat", [], { stdin: new TextEncoder().encode("hi") })).stdout, "hi");
  assert.equal((await run("cat", [], { stdin: new Uint8Array() })).stdout, "");
  const large = new Uint8Array(3_000_000).fill(97);
  assert.equal((await run("wc", ["-c"], { stdin: large })).stdout.trim(), "3000000");
});

test(
  "spawn() feeds a file, and says when there is none",
  inDirectory(async (directory) => {
    const file = join(directory, "in");
    fs.writeFileSync(file, new Uint8Array(1_000_000));
    assert.equal((await run("wc", ["-c"], { stdin: { file } })).stdout.trim(), "1000000");
    const missing = spawn("cat", [], { stdin: { file: join(directory, "missing") } });
    assert.ok(!("child" in missing));
    assert.match(missing.message, /stdin.*there is no such file/);
    const place = spawn("cat", [], { stdin: { file: directory } });
    assert.ok(!("child" in place));
    assert.match(place.message, /it is a directory/);
  }),
);

test("spawn() takes a program that reads nothing for no error", async () => {
  for (const size of [10, 5_000_000]) {
    const ended = await run(...fixture("reads_nothing.sh"), { stdin: new Uint8Array(size) });
    assert.deepEqual([ended.exitCode, ended.signal], [0, null]);
  }
});

test("spawn() looks programs up in the PATH of the child, paths from its directory", async () => {
  const failed = spawn("true", [], { environment: { PATH: "/nowhere" } });
  assert.ok(!("child" in failed));
  assert.match(failed.message, /^Cannot start "true": no directory of PATH has it; .* "\.\/true"$/);
  assert.equal((await run("./fails.sh", ["3"])).exitCode, 3);
  assert.equal((await run("true", [], { environment: {} })).exitCode, 0);
});

test(
  "spawn() says why a program cannot be started",
  inDirectory((directory) => {
    const write = (name: string, content: string | Uint8Array, mode = 0o755) =>
      fs.writeFileSync(join(directory, name), content, { mode });
    write("no_interpreter", "echo hello\n");
    write("garbage", Uint8Array.of(1, 2, 3, 4));
    write("unknown_interpreter", "#!/no/such/sh -e\n");
    write("dos_lines", "#!/bin/sh\r\necho hi\r\n");
    write("not_executable", "#!/bin/sh\n", 0o644);
    const table: [string, readonly string[], Partial<ProcessCommand>, RegExp][] = [
      [
        "./missing",
        [],
        {},
        /^Cannot start "\.\/missing": there is no file .*\/missing; a relative path starts at cwd$/,
      ],
      ["/no/such/program", [], {}, /there is no file \/no\/such\/program$/],
      ["./no_interpreter", [], {}, /begin it with a line such as #!\/bin\/sh/],
      ["./garbage", [], {}, /neither a program for this machine/],
      ["./unknown_interpreter", [], {}, /first line of .* asks for "\/no\/such\/sh", which is not there/],
      ["./dos_lines", [], {}, /asks for "\/bin\/sh\\r", which is not there/],
      ["./not_executable", [], {}, /may not be executed; chmod \+x it/],
      [directory, [], {}, /is a directory/],
      ["true", [], { cwd: "/no/such/cwd" }, /its working directory "\/no\/such\/cwd" does not exist/],
      ["true", [], { cwd: join(directory, "garbage") }, /is no directory/],
      ["true", ["a\0b"], {}, /has a NUL in it/],
      ["true", Array(100_000).fill("x".repeat(100)), {}, /have 1\d{7} bytes, more than the system takes/],
    ];
    for (const [program, args, given, message] of table) {
      const failed = spawn(program, args, { cwd: directory, ...given });
      assert.ok(!("child" in failed), program);
      assert.match(failed.message, message);
      assert.equal(failed.exhausted, false);
    }
  }),
);

test("spawn() drains output that never ends without keeping it, until the group is killed", async () => {
  const { child, out } = started(...fixture("prints_forever.sh"));
  await until(() => out.bytes > 5_000_000, "output flows");
  assert.equal(child.isRunning("group"), true);
  child.signal("SIGKILL", "group");
  assert.equal((await child.exited).signal, "SIGKILL");
  await child.outputEnded;
  assert.equal(child.isRunning("group"), false);
});

test("spawn() gives output separately from the exit, and can close it", async () => {
  const { child, out } = started(...fixture("forks_grandchild.sh"));
  assert.equal((await child.exited).exitCode, 0);
  await until(() => out.stdout.includes("\n"), "the pid is printed");
  const grandchild = Number(out.stdout);
  assert.equal(isRunning(grandchild), true);
  child.closeOutput();
  await child.outputEnded;
  assert.equal(child.isRunning("group"), true);
  child.signal("SIGKILL", "group");
  await until(() => !isRunning(grandchild), "the grandchild is gone");
});

test("spawn() tells processor time, and memory where it can", async () => {
  const busy = await run("sh", ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"]);
  assert.ok(busy.cpuMs! >= 20 && busy.cpuMs! < 30_000, `cpuMs is ${busy.cpuMs}`);
  assert.ok(busy.maxRssBytes === null || busy.maxRssBytes > 100_000, `maxRssBytes is ${busy.maxRssBytes}`);
});
