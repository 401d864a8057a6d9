import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

test(
  "fanout each exec runs a program for each line and prints its output in one piece",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run(["each", "-c", "2", "exec", "sh", "-c", "echo $1; echo $1", "sh", "{}"], {
      stdin: "a b\n\n$(rm -rf x)\n",
    });
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(end.stdout.split("\n").sort(), ["", "$(rm -rf x)", "$(rm -rf x)", "a b", "a b"]);
    const report = JSON.parse(readFileSync(end.stderr.trim().split("\n").at(-1)!, "utf8"));
    assert.equal(report.summary.ok, 2);
  }),
);

test(
  "fanout each exec prints megabytes of a program whole, and names an input file that is missing",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run([
      "each",
      "exec",
      "sh",
      "-c",
      "head -c 3000000 /dev/zero | tr '\\0' $1",
      "--",
    ], {
      stdin: "x\n",
    });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, "x".repeat(3_000_000));
    const missing = await sandbox.run(["each", "-a", "none", "exec", "echo"]);
    assert.deepEqual([missing.code, missing.stderr], [
      2,
      "fanout: cannot read none: there is no such file\n",
    ]);
  }),
);

test(
  "fanout each exec hands on what programs say on stderr, and warns of an input inside a shell's text",
  inSandbox(async (sandbox) => {
    const script = 'echo "warning $1" >&2; echo out';
    const end = await sandbox.run(["each", "exec", "sh", "-c", script, "_", "{}"], { stdin: "x\n" });
    assert.deepEqual([end.code, end.stdout], [0, "out\n"]);
    assert.match(end.stderr, /^warning x$/m);
    assert.doesNotMatch(end.stderr, /read as shell/);
    const unsafe = await sandbox.run(["each", "exec", "/bin/sh", "-c", "echo {}"], { stdin: "x\n" });
    assert.equal(unsafe.stdout, "x\n");
    assert.match(
      unsafe.stderr,
      /^fanout: \{\} inside the text of \/bin\/sh -c is read as shell.*; write \/bin\/sh -c '… "\$1" …' _ \{\}$/m,
    );
  }),
);

test(
  "fanout each -0 takes names with line ends and blanks whole",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run(["each", "-0", "--report", "r.json", "exec", "printf", "[%s]", "{}"], {
      stdin: "a\nb\0 c \0",
    });
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(sandbox.json("r.json").results.map((result: { item: string }) => result.item), [
      "a\nb",
      " c ",
    ]);
  }),
);

test(
  "fanout each -a reads a file, and an expression in a word is the user's own text",
  inSandbox(async (sandbox) => {
    sandbox.write("names", "x\n");
    const end = await sandbox.run(["each", "-a", "names", "exec", "echo", "${{ 1 }} {}{}"]);
    assert.equal(end.stdout, "${{ 1 }} xx\n");
  }),
);

test(
  "fanout each fails an input whose program fails and runs the others",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run(["each", "--report", "r.json", "exec", "test", "{}", "=", "b"], {
      stdin: "a\nb\n",
    });
    assert.equal(end.code, 1);
    const outcomes = sandbox.json("r.json").results.map((result: { outcome: string }) => result.outcome);
    assert.deepEqual(outcomes, ["failed", "ok"]);
  }),
);

test(
  "fanout each refuses an input that a program would take for an option",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run(["each", "exec", "echo", "{}"], { stdin: "-n\n" });
    assert.equal(end.code, 1);
    assert.match(end.stderr, /put a literal "--" before it/);
    assert.equal((await sandbox.run(["each", "exec", "echo", "--", "{}"], { stdin: "-n\n" })).code, 0);
  }),
);

for (
  const [argv, says] of [
    [["each", "exce", "ls"], /http 'GET \{\}' or exec CMD ARG… \{\}, not "exce"/],
    [["each", "exec"], /nothing to do with the inputs; for example: fanout each exec gzip \{\}/],
    [["each", "http", "GET a b"], /takes a method and a URL/],
    [["each", "-c", "0", "exec", "ls"], /--concurrency takes a whole number of at least 1, not "0"/],
  ] as const
) {
  test(
    `fanout ${argv.join(" ")} says what was meant`,
    inSandbox(async (sandbox) => {
      const end = await sandbox.run(argv);
      assert.equal(end.code, 2);
      assert.match(end.stderr, says);
    }),
  );
}

test(
  "fanout each exec without {} gives the input as the last argument, as xargs does",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run(["each", "-c", "1", "exec", "echo", "hi"], { stdin: "a b\nc\n" });
    assert.equal(end.stdout, "hi a b\nhi c\n");
  }),
);

test(
  "fanout each --save writes a file for each input",
  inSandbox(async (sandbox) => {
    const end = await sandbox.run(["each", "--save", "out/{}.txt", "exec", "echo", "{}"], {
      stdin: "a b\nc\n",
    });
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual([sandbox.read("out/a b.txt"), sandbox.read("out/c.txt")], ["a b\n", "c\n"]);
    const outside = await sandbox.run(["each", "--save", "out/{}.txt", "exec", "echo", "{}"], {
      stdin: "../c\n",
    });
    assert.equal(outside.code, 1, outside.stderr);
  }),
);

for (
  const [flags, says] of [
    [["--timeout", "3"], "--timeout: a duration needs a unit: write 3ms or 3s, not 3"],
    [["--rate", "3"], "--rate: a rate says per what: write 3/s or 3/m, not 3"],
    [["--save", "out.txt"], "--save out.txt: put {} into it, so that each input has a file of its own"],
  ] as const
) {
  test(
    `fanout each ${flags.join(" ")} is told what is wrong with it`,
    inSandbox(async (sandbox) => {
      const { code, stderr } = await sandbox.run(["each", ...flags, "exec", "echo", "{}"], { stdin: "a\n" });
      assert.deepEqual([code, stderr], [2, `fanout: ${says}\n`]);
    }),
  );
}

test(
  "fanout each http is told that flags come first",
  inSandbox(async (sandbox) => {
    const { code, stderr } = await sandbox.run(["each", "http", "GET {}", "-c", "20"], { stdin: "a\n" });
    assert.equal(code, 2);
    assert.match(stderr, /not "GET \{\} -c 20"; flags such as -c come before http\n$/);
  }),
);
