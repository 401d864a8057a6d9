import assert from "node:assert/strict";
import { test } from "node:test";
import { binary, inBatches, inSandbox } from "./sandbox.ts";

const hello = `
version: 1
name: hello
params: { greeting: { default: Hello } }
tasks:
  first: { foreach: [a, b, c, d], key: "\${{ item }}", exec: { command: [echo, "\${{ params.greeting }}", "\${{ item }}"] } }
  second: { needs: [first], exec: { command: [echo, after] } }
  third: { exec: { command: [echo, third] } }
`;

const usage: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /Usage: fanout COMMAND/],
  [["rum", "x.yaml"], /no command "rum".*did you mean "run"/],
  [["hello.yaml"], /fanout run hello\.yaml/],
  [["--quiet", "run"], /command comes first/],
  [["run"], /fanout run FILE/],
  [["run", "hello.yaml", "more.yaml"], /"more\.yaml" is too much/],
  [["run", "missing.yaml"], /missing\.yaml.*no such file/],
  [["run", "."], /is a directory/],
  [["run", "hello.yaml", "--quite"], /--quite.*did you mean.*--quiet/],
  [["run", "hello.yaml", "--set"], /--set needs a value/],
  [["run", "hello.yaml", "--set", "greeting"], /name=value/],
  [["run", "hello.yaml", "--set", "greting=x"], /greting.*did you mean.*greeting/],
  [["run", "hello.yaml", "--params", "none.yaml"], /none\.yaml/],
  [["run", "hello.yaml", "--only", "frist"], /frist.*did you mean.*first/],
  [["run", "hello.yaml", "--only", "first/z"], /first.*z/],
  [["run", "hello.yaml", "--first", "0"], /--first.*at least 1.*"0"/],
  [["run", "hello.yaml", "--first", "x"], /--first.*"x"/],
  [["run", "hello.yaml", "--concurrency", "-1"], /--concurrency.*"-1"/],
  [["run", "hello.yaml", "--concurrency", "1", "--concurrency", "2"], /given twice/],
  [["run", "hello.yaml", "--max-failures", "5 %"], /--max-failures.*"5 %"/],
  [["run", "hello.yaml", "--max-failures", "101%"], /--max-failures.*"101%"/],
  [["run", "hello.yaml", "--seed", "1.5"], /--seed.*"1\.5"/],
  [["run", "hello.yaml", "--progress", "bars"], /--progress.*"bars".*did you mean/],
  [["run", "hello.yaml", "--fail-fast=yes"], /takes no value/],
  [["run", "hello.yaml", "--report", ""], /--report was given an empty value/],
  [["run", "hello.yaml", "--stream="], /--stream was given an empty value/],
  [["check"], /fanout check FILE/],
  [["schema", "x"], /"x" is too much/],
  [["help", "rum"], /"rum".*did you mean "run"\?\nTopics: concurrency, .*outputs, .*timeouts$/m],
  [["help", "topics"], /no command or topic "topics".*\nTopics: concurrency, .*timeouts$/m],
];

test(
  "fanout answers a wrong command line with exit 2 and what was meant",
  inSandbox(async (sandbox) => {
    sandbox.write("hello.yaml", hello);
    await inBatches(usage, async ([args, says]) => {
      const { code, stdout, stderr } = await sandbox.run(args);
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, says, args.join(" "));
      assert.equal(stdout, "", args.join(" "));
      assert.doesNotMatch(stderr, /^\s+at |bunfs|\.ts:\d+/m, `${args.join(" ")} shows a stack`);
    });
  }),
);

test(
  "fanout COMMAND --help prints usage on stdout, whatever else was typed",
  inSandbox(async (sandbox) => {
    const { stdout: help } = await sandbox.run(["--help"]);
    const names = [...help.matchAll(/^ {2}(\w+) .*$/gm)].map((match) => match[1]!).filter((name) =>
      name !== "fanout"
    );
    for (const name of ["run", "check", "plan", "init", "schema"]) assert.ok(names.includes(name), name);
    await inBatches(names, async (name) => {
      for (const args of [[name, "--help"], [name, "-h"], ["help", name]]) {
        const { code, stdout, stderr } = await sandbox.run(args);
        assert.equal(code, 0, args.join(" "));
        assert.equal(stderr, "");
        assert.match(stdout, new RegExp(`^Usage: fanout ${name}`));
        for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
      }
    });
    for (const args of [["help"], ["help", "--help"]]) {
      assert.deepEqual(await sandbox.run(args), await sandbox.run(["--help"]), args.join(" "));
    }
    assert.match((await sandbox.run(["--version"])).stdout, /^fanout \d+\.\d+\.\d+\n$/);
  }),
);

test(
  "data that stdout cannot take is exit 3, and a reader that has gone is no error",
  inSandbox(async (sandbox) => {
    sandbox.write("hello.yaml", hello);
    await sandbox.run(["run", "hello.yaml", "--report", "r.json"]);
    for (
      const words of [
        "plan hello.yaml",
        "schema",
        "report r.json --format csv",
        "each -a hello.yaml exec echo",
      ]
    ) {
      const full = await sandbox.shell(`${binary} ${words} 2> err > /dev/full; echo $?`);
      assert.equal(full, "3\n", words);
      assert.match(sandbox.read("err"), /cannot write to stdout: no space is left on the disk/);
      const closed = await sandbox.shell(`{ ${binary} ${words} 2> err; echo $? > code; } | true; cat code`);
      assert.equal(closed, "0\n", words);
    }
  }),
);

test(
  "fanout init writes a config that runs as it is, and never overwrites",
  inSandbox(async (sandbox) => {
    const first = await sandbox.run(["init"]);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "");
    const text = sandbox.read("fanout.yaml");
    assert.equal((await sandbox.run(["check", "fanout.yaml"])).code, 0);
    const run = await sandbox.run(["run", "fanout.yaml"]);
    assert.equal(run.code, 0, run.stderr);
    const again = await sandbox.run(["init"]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /fanout\.yaml.*never overwritten/);
    assert.equal(sandbox.read("fanout.yaml"), text);
    assert.match(
      (await sandbox.run(["init", "no/such/place.yaml"])).stderr,
      /no\/such\/place\.yaml: there is no directory .*\/no\/such; make it first/,
    );
  }),
);

test(
  "fanout run keeps stdout for data and ends with the report's path",
  inSandbox(async (sandbox) => {
    const { code, stdout, stderr, report } = await sandbox.runConfig(hello);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    assert.equal(stderr.trimEnd().split("\n").at(-1), sandbox.path("report.json"));
    assert.deepEqual(report.results.map((result: { output: { stdout: string } }) => result.output.stdout), [
      "Hello a\n",
      "Hello b\n",
      "Hello c\n",
      "Hello d\n",
      "after\n",
      "third\n",
    ]);
    assert.ok(!stderr.includes("\x1b"), stderr);
  }),
);

test(
  "fanout run writes its report beside the journal when no other place is given",
  inSandbox(async (sandbox) => {
    sandbox.write("hello.yaml", hello);
    const { code, stderr } = await sandbox.run(["run", "hello.yaml", "--state-dir", "elsewhere"]);
    assert.equal(code, 0, stderr);
    const path = stderr.trimEnd().split("\n").at(-1)!;
    assert.ok(path.startsWith(sandbox.path("elsewhere")), path);
    assert.equal(JSON.parse(sandbox.read(path.slice(sandbox.directory.length + 1))).summary.ok, 6);
    assert.ok(!sandbox.exists("state"));
  }),
);

const shapes: readonly (readonly [args: readonly string[], outcomes: string, check?: RegExp])[] = [
  [["--set", "greeting=Hi there"], "first: ok ok ok ok, second: ok, third: ok", /Hi there a/],
  [["--set=greeting=a=b"], "first: ok ok ok ok, second: ok, third: ok", /a=b a/],
  [["--params", "params.yaml"], "first: ok ok ok ok, second: ok, third: ok", /Moin a/],
  [
    ["--params", "params.yaml", "--set", "greeting=Hi"],
    "first: ok ok ok ok, second: ok, third: ok",
    /"Hi a/,
  ],
  [["--only", "third"], "third: ok"],
  [["--only", "second"], "first: ok ok ok ok, second: ok"],
  [["--only", "first/b"], "first: ok"],
  [["--only", "first/b,first/d,third"], "first: ok ok, third: ok"],
  [["--only", "first/b", "--only", "third"], "first: ok, third: ok"],
  [["--first", "2"], "first: ok ok, second: ok, third: ok"],
  [["-c1"], "first: ok ok ok ok, second: ok, third: ok"],
  [["--seed", "7", "--concurrency=3", "--progress=none"], "first: ok ok ok ok, second: ok, third: ok"],
];

test(
  "fanout run takes every flag that shapes a run",
  async () => {
    await inBatches(
      shapes,
      ([args, outcomes, check]) =>
        inSandbox(async (sandbox) => {
          sandbox.write("params.yaml", "greeting: Moin\n");
          const { code, stderr, report } = await sandbox.runConfig(hello, args);
          assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
          assert.equal(outcomesByTask(report), outcomes, args.join(" "));
          if (check) assert.match(JSON.stringify(report.results), check);
        })(),
    );
  },
);

test(
  "fanout run --quiet prints nothing unless the exit code is not 0",
  inSandbox(async (sandbox) => {
    const good = await sandbox.runConfig(hello, ["--quiet"]);
    assert.deepEqual([good.code, good.stdout, good.stderr], [0, "", ""]);
    const bad = await sandbox.runConfig("version: 1\ntasks: { no: { exec: { command: ['false'] } } }", [
      "--quiet",
    ]);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /exit/);
  }),
);

test(
  "fanout run -v prints a line for every attempt",
  inSandbox(async (sandbox) => {
    const config = `
version: 1
tasks:
  retried: { exec: { command: [sh, -c, "exit 75"] }, retry: { attempts: 2, backoff: { initial: 1ms } } }
  fine: { foreach: ["x\\e[31m"], exec: { command: [echo] }, key: "\${{ item }}" }
`;
    const { code, stderr } = await sandbox.runConfig(config, ["-v"]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /retried\[0\] #1 failed .*exit_code.*next in/);
    assert.match(stderr, /retried\[0\] #2 failed .*exit_code/);
    assert.match(stderr, /fine\[x\\x1b\[31m\] #1 ok/);
    assert.ok(!stderr.includes("\x1b"), stderr);
  }),
);

test(
  "fanout plan and --dry-run print the same plan on stdout and run nothing",
  inSandbox(async (sandbox) => {
    sandbox.write("plan.yaml", hello.replace("third]", "third > ran]"));
    const plan = await sandbox.run(["plan", "plan.yaml"]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stdout, /first.*4 inputs/);
    assert.match(plan.stdout, /second.*1 input/);
    assert.match(plan.stdout, /timeout\.attempt +none/);
    assert.match(plan.stdout, /exec[^]*concurrency +\d+ .*CPU/);
    assert.equal((await sandbox.run(["run", "plan.yaml", "--dry-run"])).stdout, plan.stdout);
    const json = JSON.parse((await sandbox.run(["plan", "plan.yaml", "--json"])).stdout);
    assert.deepEqual(json.tasks.map((task: { name: string }) => task.name), ["first", "second", "third"]);
    assert.ok(!sandbox.exists("state"), "no journal is begun");
    for (const line of plan.stdout.split("\n")) assert.ok(line.length <= 100, line);
  }),
);

test(
  "fanout check reports every problem of every file and opens no source",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "bad.yaml",
      `version: 1
tasks:
  a: { foreach: { csv: none.csv }, exec: { comand: [echo] }, timeout: 10 }
  my-task: { exec: { command: [echo] }, needs: [b] }
`,
    );
    sandbox.write(
      "good.yaml",
      "version: 1\ntasks: { a: { foreach: { csv: none.csv }, exec: { command: [echo] } } }",
    );
    const { code, stdout, stderr } = await sandbox.run(["check", "none.yaml", "bad.yaml", "good.yaml"]);
    assert.match(stderr, /none\.yaml: there is no such file/);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    const places = [...stderr.matchAll(/^bad\.yaml:(\d+):(\d+): /gm)].map((match) => Number(match[1]));
    assert.deepEqual(places, [...places].sort((a, b) => a - b), "in the file's order");
    assert.match(stderr, /comand.*did you mean.*command/);
    assert.match(stderr, /10.*unit|unit.*10/);
    assert.match(stderr, /my-task.*did you mean.*myTask/);
    assert.match(stderr, /\^/);
    assert.doesNotMatch(stderr, /good\.yaml/);
    assert.equal((await sandbox.run(["check", "good.yaml"])).code, 0);
  }),
);

test(
  "fanout schema prints a JSON Schema",
  inSandbox(async (sandbox) => {
    const { code, stdout, stderr } = await sandbox.run(["schema"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const schema = JSON.parse(stdout);
    assert.match(schema.$schema, /json-schema/);
    assert.ok(schema.properties.tasks);
  }),
);

test(
  "NO_COLOR and a stderr that is no terminal give no escapes",
  inSandbox(async (sandbox) => {
    const environments: Record<string, string>[] = [{ NO_COLOR: "1" }, { TERM: "dumb" }, {
      TERM: "xterm-256color",
    }];
    for (const env of environments) {
      const { stderr } = await sandbox.runConfig(hello, ["--progress", "log"], { env });
      assert.ok(!stderr.includes("\x1b"), stderr);
    }
  }),
);

const codes: readonly (readonly [what: string, config: string, code: number, args?: readonly string[]])[] = [
  ["all ok", "a: { exec: { command: ['true'] } }", 0],
  ["a failure", "a: { exec: { command: ['false'] } }", 1],
  ["an allowed failure", "a: { exec: { command: ['false'] }, allowFailure: true }", 0],
  ["skipped by its if", "a: { if: 'false', exec: { command: ['false'] } }", 0],
  [
    "skipped for a dependency that is allowed to fail only where it is any",
    "a: { exec: { command: ['false'] }, allowFailure: true }\n  b: { needs: { a: any }, exec: { command: ['true'] } }",
    1,
  ],
  ["timed out", "a: { exec: { command: [sleep, '9'] }, timeout: 100ms }", 1],
  ["an unknown program", "a: { exec: { command: [no-such-program-here] } }", 1],
  ["run.timeout", "a: { exec: { command: [sleep, '9'] } }\nrun: { timeout: 300ms }", 124],
  [
    "run.timeout beside a failure",
    "a: { exec: { command: [sleep, '9'] } }\n  b: { exec: { command: ['false'] } }\nrun: { timeout: 300ms }",
    124,
  ],
  [
    "left out after maxFailures, however few failed",
    "a: { foreach: { range: '1..9' }, exec: { command: ['false'] }, concurrency: 1 }\nrun: { maxFailures: 2 }",
    1,
  ],
  ["--fail-fast", "a: { foreach: [1, 2, 3], exec: { command: ['false'] } }", 1, ["--fail-fast"]],
  ["--max-failures above what fails", "a: { exec: { command: ['false'] } }", 1, ["--max-failures", "5"]],
  ["a config that makes no sense", "a: { exec: {} }", 2],
  ["a report that cannot be written", "a: { exec: { command: ['true'] } }", 3, [
    "--report",
    "/proc/nope/r.json",
  ]],
];

test("fanout run exits with the code of the contract", async () => {
  await inBatches(
    codes,
    ([what, tasks, expected, args = []]) =>
      inSandbox(async (sandbox) => {
        sandbox.write("fanout.yaml", `version: 1\ntasks:\n  ${tasks}\n`);
        const { code, stderr } = await sandbox.run(["run", "fanout.yaml", ...args]);
        assert.equal(code, expected, `${what}: ${stderr}`);
        assert.notEqual(stderr, "", what);
      })(),
  );
});

test(
  "fanout reads what stands at a path given relative to the caller, and a config's paths relative to the config",
  inSandbox(async (sandbox) => {
    sandbox.write("jobs/in.txt", "one\ntwo\n");
    sandbox.write("caller/params.yaml", "who: caller\n");
    sandbox.write(
      "jobs/job.yaml",
      `
version: 1
params: { who: { default: nobody } }
tasks:
  read: { foreach: { lines: in.txt }, exec: { command: [pwd] }, save: "out/\${{ item }}.txt" }
  who: { exec: { command: [echo, "\${{ params.who }}"] } }
`,
    );
    const { code, stderr } = await sandbox.run(
      ["run", "../jobs/job.yaml", "--params", "params.yaml", "--report", "r.json", "--output-dir", "results"],
      { cwd: sandbox.path("caller") },
    );
    assert.equal(code, 0, stderr);
    const report = sandbox.json("caller/r.json");
    assert.equal(report.results[0].output.stdout.trim(), sandbox.path("jobs"));
    assert.equal(report.results[2].output.stdout, "caller\n");
    assert.equal(sandbox.read("caller/results/out/one.txt").trim(), sandbox.path("jobs"));
  }),
);

/** `first: ok failed, second: skipped`. */
function outcomesByTask(report: { results: { task: string; outcome: string }[] }): string {
  const byTask = new Map<string, string[]>();
  for (const { task, outcome } of report.results) byTask.set(task, [...(byTask.get(task) ?? []), outcome]);
  return [...byTask].map(([task, outcomes]) => `${task}: ${outcomes.join(" ")}`).join(", ");
}
