import assert from "node:assert/strict";
import { statSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { inSandbox, type Sandbox } from "./sandbox.ts";

/** `echo` of each word, gathered. */
const config = (collect: string, more = "") => `
version: 1
name: collect
tasks:
  echo:
    foreach: [one, "two, \\"2\\"", "=1+1", fails, "-5", "line\\nbreak"]
    concurrency: 4
    exec: { command: [sh, -c, 'sleep 0.$((5 - N)); test "$W" != fails && printf %s "$W"'], env: { W: "\${{ item }}", N: "\${{ index }}" } }
    outputs: { word: stdout, place: index, pair: "[index, 9007199254740993]" }
    collect: ${collect}
${more}`;

const run = (sandbox: Sandbox, collect: string, more = "") => sandbox.runConfig(config(collect, more));

test(
  "collect writes the outputs of ok runs as CSV, in input order",
  inSandbox(async (sandbox) => {
    const { code, report } = await run(sandbox, "{ path: out/words.csv, value: outputs }");
    assert.equal(code, 1);
    assert.equal(report.results.length, 6);
    assert.deepEqual(sandbox.read("out/words.csv").split("\r\n"), [
      "word,place,pair",
      'one,0,"[0,9007199254740993]"',
      '"two, ""2""",1,"[1,9007199254740993]"',
      `'=1+1,2,"[2,9007199254740993]"`,
      '-5,4,"[4,9007199254740993]"',
      '"line\nbreak",5,"[5,9007199254740993]"',
      "",
    ]);
    assert.equal(statSync(sandbox.path("out/words.csv")).mode & 0o777, 0o600);
  }),
);

test(
  "collect writes any value as JSON Lines, exactly",
  inSandbox(async (sandbox) => {
    await run(
      sandbox,
      `{ path: words.jsonl, value: "{'w': outputs.word, 'n': outputs.pair[1], 'item': item}" }`,
    );
    const lines = sandbox.read("words.jsonl").trimEnd().split("\n");
    assert.equal(lines.length, 5);
    assert.equal(lines[2], '{"w":"=1+1","n":9007199254740993,"item":"=1+1"}');
  }),
);

test(
  "collect makes columns of all members of all maps",
  inSandbox(async (sandbox) => {
    await run(
      sandbox,
      `{ path: words.csv, value: "index == 0 ? {'a': 1} : index == 1 ? {'b': [2]} : {'a': 3, 'c': null}" }`,
    );
    assert.equal(sandbox.read("words.csv"), "a,b,c\r\n1,,\r\n,[2],\r\n3,,\r\n3,,\r\n3,,\r\n");
  }),
);

test(
  "collect of no ok run is an empty file, which is read as nothing",
  inSandbox(async (sandbox) => {
    const { code, report } = await sandbox.runConfig(`
version: 1
name: collect
tasks:
  none: { exec: { command: ["false"] }, collect: { path: none.csv, value: stdout } }
  again: { needs: { none: done }, exec: { command: [sh, -c, "exit 0"] } }
`);
    assert.deepEqual([code, sandbox.read("none.csv")], [1, ""]);
    assert.equal(report.summary.total, 2);
    const next = await sandbox.runConfig(`
version: 1
name: next
tasks:
  rows: { foreach: { csv: none.csv }, exec: { command: ["false"] } }
`);
    assert.deepEqual([next.code, next.report.summary.total], [0, 0]);
  }),
);

test(
  "collect gathers no secret output",
  inSandbox(async (sandbox) => {
    const { code } = await sandbox.runConfig(`
version: 1
name: collect
tasks:
  login:
    exec: { command: [printf, "tok-123456 7"] }
    outputs: { token: { value: stdout, secret: true }, id: "7" }
    collect: { path: out.csv, value: outputs }
`);
    assert.equal(code, 0);
    assert.equal(sandbox.read("out.csv"), "id\r\n7\r\n");
  }),
);

test(
  "collect has every ok run after a resume",
  inSandbox(async (sandbox) => {
    const again = config("{ path: words.csv, value: outputs }").replace(
      'test "$W" != fails',
      "test -e there",
    );
    sandbox.write("fanout.yaml", again);
    await sandbox.run(["run", "fanout.yaml", "--only", "echo", "--first", "2"]);
    assert.equal(sandbox.read("words.csv"), "word,place,pair\r\n");
    sandbox.write("there", "");
    const { code, stderr } = await sandbox.run(["run", "fanout.yaml", "--resume"]);
    assert.equal(code, 0, stderr);
    assert.equal(sandbox.read("words.csv").split("\r\n").length, 8);
  }),
);

const refusals:
  readonly (readonly [name: string, collect: string, more: string, code: number, message: RegExp])[] = [
    [
      "a path without a format",
      "{ path: out.txt, value: outputs }",
      "",
      2,
      /end in \.csv, \.jsonl or \.ndjson/,
    ],
    ["a way out", "{ path: ../../out.csv, value: outputs }", "", 2, /leaves the config.s directory/],
    ["the config", "{ path: fanout.csv/../fanout.yaml, value: outputs }", "", 2, /end in/],
    [
      "the report",
      "{ path: report.csv, value: outputs }",
      "report: { json: report.csv }",
      2,
      /report\.csv is also/,
    ],
    ["an unknown output", "{ path: out.csv, value: outputs.wrod }", "", 2, /did you mean "word"/],
    [
      "a secret",
      "{ path: out.csv, value: secrets.s }",
      "secrets: { s: { env: HOME } }",
      2,
      /secret cannot be used/,
    ],
  ];

for (const [name, collect, more, code, message] of refusals) {
  test(
    `collect refuses ${name} before anything runs`,
    inSandbox(async (sandbox) => {
      const end = await run(sandbox, collect, more);
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, message);
      assert.equal(end.report, undefined);
    }),
  );
}

test(
  "collect that cannot be written is exit 3, and nothing of it stays",
  inSandbox(async (sandbox) => {
    sandbox.write("elsewhere/keep", "");
    symlinkSync(sandbox.path("elsewhere"), sandbox.path("out"));
    const { code, stderr, report } = await run(sandbox, "{ path: out/words.csv, value: outputs }");
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /cannot write what "echo" collects to out\/words\.csv: "out" in its path is a symlink/,
    );
    assert.equal(report.results.length, 6);
    assert.equal(sandbox.exists("elsewhere/words.csv"), false);
  }),
);
