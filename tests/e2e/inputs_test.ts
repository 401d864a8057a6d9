import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { inBatches, inSandbox, type Sandbox } from "./sandbox.ts";

const files: { readonly [name: string]: string | Uint8Array } = {
  "lines.txt": "\ufeffone\r\n\n  two \n\nthree",
  "lines.txt.gz": gzipSync("one\ntwo\n"),
  "table.csv": '\ufeffid,name,note\r\n1,Ada,"say ""hi"", you"\r\n2,"Grace\nHopper",\r\n007,é,3.10\r\n',
  "table.csv.gz": gzipSync("id,name\n1,Ada\n"),
  "semicolon.csv": "id;name\n1;Ada\n",
  "tab.csv": "id\tname\n1\tAda, Countess\n",
  "ragged.csv": "id,name\n1,Ada\n2\n3,Grace\n",
  "empty.csv": "id,name\n",
  "rows.jsonl": '{"id":1}\n\n{"id":9007199254740993}\n"text"\n',
  "bad.jsonl": '{"id":1}\n{"id":\n{"id":3}\n',
  "doc.json": '{"data":[{"id":1},{"id":9007199254740993}],"constructor":{"x":1}}',
  "empty.txt": "",
  "in/b.csv": "b",
  "in/a.csv": "a",
  "in/deep/c.csv": "c",
  "in/.hidden.csv": "h",
  "in/new\nline é.csv": "n",
};

/** A `foreach`, what its items are, and the exit code. */
const sources: readonly (readonly [foreach: string, items: unknown, code?: number])[] = [
  ["[1, two, true, null, [3], { a: 4 }, 1.5, 9007199254740993]", [
    1,
    "two",
    true,
    null,
    [3],
    { a: 4 },
    1.5,
    "9007199254740993",
  ]],
  ['{ values: "[1, 2].map(x, x * 2)" }', [2, 4]],
  ['{ values: "${{ params.three }}" }', ["x", "y"]],
  ["{ range: '1..4' }", [1, 2, 3, 4]],
  ["{ range: '3..3' }", [3]],
  ["{ lines: lines.txt }", ["one", "  two ", "three"]],
  ["{ lines: lines.txt.gz }", ["one", "two"]],
  ["{ lines: '-' }", ["from", "stdin"]],
  ["{ csv: table.csv }", [
    { id: "1", name: "Ada", note: 'say "hi", you' },
    { id: "2", name: "Grace\nHopper", note: "" },
    { id: "007", name: "é", note: "3.10" },
  ]],
  ["{ csv: table.csv.gz }", [{ id: "1", name: "Ada" }]],
  ["{ csv: semicolon.csv, delimiter: ';' }", [{ id: "1", name: "Ada" }]],
  ['{ csv: tab.csv, delimiter: "\\t" }', [{ id: "1", name: "Ada, Countess" }]],
  ["{ csv: empty.csv }", []],
  ["{ jsonl: rows.jsonl }", [{ id: 1 }, { id: "9007199254740993" }, "text"]],
  ["{ json: doc.json, select: json.data }", [{ id: 1 }, { id: "9007199254740993" }]],
  ["{ glob: 'in/*.csv' }", ["in/a.csv", "in/b.csv", "in/new\nline é.csv"]],
  ["{ glob: 'in/**/*.csv' }", ["in/a.csv", "in/b.csv", "in/deep/c.csv", "in/new\nline é.csv"]],
  ["{ lines: empty.txt }", []],
  ["[]", []],
  ["{ range: '1..10', where: 'item % 3 == 0' }", [3, 6, 9]],
  ["{ values: '[2, 1, 2]', unique: true }", [2, 1]],
  ["{ range: '1..5', batch: 2 }", [[1, 2], [3, 4], [5]]],
  ["{ glob: 'none/*.csv', empty: ok }", []],
];

test("every kind of foreach gives its items, in order", async () => {
  await inBatches(sources, ([foreach, items, code = 0]) =>
    inSandbox(async (sandbox) => {
      writeAll(sandbox);
      const end = await sandbox.runConfig(
        `version: 1\nparams: { three: { default: [x, y] } }\ntasks: { a: { foreach: ${foreach}, exec: { command: ['true'] } } }\n`,
        [],
        { stdin: "from\n\nstdin\n" },
      );
      assert.equal(end.code, code, `${foreach}: ${end.stderr}`);
      const text = sandbox.read("report.json").replace(/\b9007199254740993\b/g, '"9007199254740993"');
      const seen = JSON.parse(text).results.map((result: Result) => result.item);
      assert.deepEqual(seen, items, foreach);
      if (Array.isArray(items) && items.length === 0 && !foreach.includes("empty: ok")) {
        assert.match(end.stderr, /0 items/, foreach);
      }
    })());
});

const broken: readonly (readonly [foreach: string, outcomes: string, message: RegExp])[] = [
  ["{ csv: ragged.csv }", "ok failed", /ragged\.csv.*line 3|ragged\.csv:3/],
  ["{ jsonl: bad.jsonl }", "ok failed", /bad\.jsonl.*2/],
  ["{ json: doc.json, select: json.nothing }", "failed", /nothing/],
  ["{ json: doc.json, select: 'json.data[0]' }", "failed", /list/],
  ["{ glob: 'none/*' }", "failed", /none\/\*/],
  ["{ csv: empty.csv, empty: fail }", "failed", /empty\.csv|no items|0 items/],
  ["{ values: 'params.one' }", "failed", /list/],
];

test("a source that breaks is one failed run with code source, and what came before keeps its outcome", async () => {
  await inBatches(broken, ([foreach, outcomes, message]) =>
    inSandbox(async (sandbox) => {
      writeAll(sandbox);
      const { code, report, stderr } = await sandbox.runConfig(
        `version: 1\nparams: { one: { default: 1 } }\ntasks: { a: { foreach: ${foreach}, exec: { command: ['true'] } } }\n`,
      );
      if (report === undefined) {
        assert.equal(code, 2, `${foreach}: ${stderr}`);
        assert.match(stderr, message, foreach);
        return;
      }
      assert.equal(code, 1, `${foreach}: ${stderr}`);
      assert.equal(report.results.map((result: Result) => result.outcome).join(" "), outcomes, foreach);
      const { error } = report.results.at(-1);
      assert.equal(error.code, "source", foreach);
      assert.match(error.message, message, foreach);
    })());
});

test("a missing or unreadable source is exit 2, and nothing runs", async () => {
  const missing = [
    "{ lines: none.txt }",
    "{ csv: in }",
    "{ jsonl: none.jsonl }",
    "{ json: none.json, select: json }",
  ];
  await inBatches(missing, (foreach) =>
    inSandbox(async (sandbox) => {
      writeAll(sandbox);
      const { code, report, stderr } = await sandbox.runConfig(
        `version: 1\ntasks:\n  first: { exec: { command: [touch, ran] } }\n  a: { foreach: ${foreach}, exec: { command: ['true'] } }\n`,
      );
      assert.equal(code, 2, foreach);
      assert.match(stderr, /^fanout\.yaml:4:\d+: /, foreach);
      assert.equal(report, undefined);
      assert.ok(!sandbox.exists("ran"));
    })());
});

test(
  "double keys are found before anything runs, and on stdin fail their own run",
  inSandbox(async (sandbox) => {
    const config = (foreach: string) => `
version: 1
tasks:
  a: { foreach: ${foreach}, key: "\${{ item }}", exec: { command: [touch, "ran-\${{ item }}"] } }
`;
    const early = await sandbox.runConfig(config("[x, y, x]"));
    assert.equal(early.code, 2);
    assert.match(early.stderr, /inputs 0 and 2.*"x"/);
    assert.ok(!sandbox.exists("ran-x"));
    const late = await sandbox.runConfig(config("{ lines: '-' }"), [], { stdin: "x\ny\nx\n" });
    assert.equal(late.code, 1);
    assert.deepEqual(late.report.results.map(({ outcome, error }: Result) => error?.code ?? outcome), [
      "ok",
      "ok",
      "duplicate_key",
    ]);
    assert.equal(late.report.summary.totalKnown, true);
  }),
);

test(
  "equal items without a key are told apart, and each runs",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(
      "version: 1\ntasks: { a: { foreach: [x, x, x], exec: { command: ['true'] } } }",
    );
    assert.equal(code, 0, stderr);
    assert.equal(report.summary.ok, 3);
  }),
);

test(
  "two runs that would save to one path are an error that names both",
  inSandbox(async (sandbox) => {
    const { code, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  a: { foreach: [x, y, x], exec: { command: [touch, ran] }, save: "out/\${{ item }}.txt" }
  b: { exec: { command: [touch, ran] }, save: "out/../out/b.txt" }
  c: { exec: { command: [touch, ran] }, save: "out/b.txt" }
`);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /out\/b\.txt is also where task "b" saves/);
    assert.ok(!sandbox.exists("ran"));
    const double = await sandbox.runConfig(`
version: 1
tasks: { a: { foreach: [x, y, x], exec: { command: [touch, ran] }, save: "out/\${{ item }}.txt" } }
`);
    assert.equal(double.code, 2, double.stderr);
    assert.match(double.stderr, /"a" \(input 0\) and .*"a" \(input 2\)/);
    assert.ok(!sandbox.exists("ran"));
  }),
);

test(
  "matrix multiplies lists, excludes, then includes; with foreach items are outer",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  a:
    matrix: { size: [64, 256], format: [webp, png], exclude: [{ size: 64, format: png }], include: [{ size: 8, format: ico }] }
    exec: { command: [echo, "\${{ matrix.size }}-\${{ matrix.format }}"] }
  b:
    foreach: [x, y]
    matrix: { n: [1, 2] }
    key: "\${{ item }}\${{ matrix.n }}"
    exec: { command: [echo, "\${{ index }}"] }
`);
    assert.equal(code, 0, stderr);
    const matrices = report.results.slice(0, 4).map(({ matrix }: Result) => matrix);
    assert.deepEqual(matrices, [
      { size: 64, format: "webp" },
      { size: 256, format: "webp" },
      { size: 256, format: "png" },
      { size: 8, format: "ico" },
    ]);
    assert.deepEqual(report.results.slice(4).map(({ key, item }: Result) => [key, item]), [
      ["x1", "x"],
      ["x2", "x"],
      ["y1", "y"],
      ["y2", "y"],
    ]);
  }),
);

test(
  "stdin can be read by one task only, and an unread rest does not count",
  inSandbox(async (sandbox) => {
    const two = await sandbox.runConfig(`
version: 1
tasks:
  a: { foreach: { lines: "-" }, exec: { command: ['true'] } }
  b: { foreach: { lines: "-" }, exec: { command: ['true'] } }
`);
    assert.equal(two.code, 2, two.stderr);
    assert.match(two.stderr, /stdin/);
    const { code, report } = await sandbox.runConfig(
      `
version: 1
run: { maxFailures: 0 }
tasks: { a: { foreach: { lines: "-" }, concurrency: 1, exec: { command: ['false'] } } }
`,
      [],
      { stdin: "x\n".repeat(100_000) },
    );
    assert.equal(code, 1);
    assert.equal(report.summary.totalKnown, false);
    assert.ok(report.summary.total < 5_000, String(report.summary.total));
  }),
);

test(
  "--only picks inputs by key, --first counts what is left",
  inSandbox(async (sandbox) => {
    const config = `
version: 1
tasks:
  a: { foreach: { csv: table.csv }, key: "\${{ item.id }}", exec: { command: [echo, "\${{ index }}"] } }
  b: { foreach: { range: "1..5" }, where: , exec: { command: ['true'] } }
`.replace(" where: ,", "");
    writeAll(sandbox);
    const keys = async (...args: string[]) => {
      const { report, stderr } = await sandbox.runConfig(config, args);
      assert.ok(report, stderr);
      return report.results.map(({ task, key, index }: Result) => `${task} ${key ?? index}`).join(", ");
    };
    assert.equal(await keys("--only", "a/007"), "a 007");
    assert.equal(await keys("--only", "a/2,b", "--first", "2"), "a 2, b 0, b 1");
    assert.equal(await keys("--first", "1"), "a 1, b 0");
    const { code, stderr } = await sandbox.runConfig(config, ["--only", "b/3"]);
    assert.equal(code, 2);
    assert.match(stderr, /key/);
  }),
);

const traps: readonly (readonly [yaml: string, says: RegExp])[] = [
  ["foreach: [007]", /007.*quot/],
  ["foreach: [3.10]", /3\.10.*quot/],
  ["foreach: [1e3]", /1e3/],
  ["matrix: { n: [0x1F] }", /0x1F/],
  ["foreach: { csv: t.csv }, if: 'item.port == 22'", /item\.port.*text|text.*item\.port|string/],
  ["foreach: { range: 1-3 }", /\.\./],
  ["foreach: { lines: a.txt, csv: b.csv }", /one|both/],
  ["foreach: { line: a.txt }", /did you mean.*lines/],
  ["foreach: 5", /list/],
  ['key: "${{ needs.x }}"', /needs|key/],
  ['key: "${{ secrets.x }}"', /secret/],
];

test("traps of inputs are errors that teach", async () => {
  await inBatches(traps, ([yaml, says]) =>
    inSandbox(async (sandbox) => {
      sandbox.write(
        "fanout.yaml",
        `version: 1\nsecrets: { x: { env: X } }\ntasks:\n  a: { ${yaml}, exec: { command: ['true'] } }\n`,
      );
      const { code, stderr } = await sandbox.run(["check", "fanout.yaml"]);
      assert.equal(code, 2, yaml);
      assert.match(stderr, says, yaml);
      assert.match(stderr, /^fanout\.yaml:4:\d+: /, yaml);
    })());
});

function writeAll(sandbox: Sandbox): void {
  for (const [name, content] of Object.entries(files)) sandbox.write(name, content);
}

interface Result {
  readonly task: string;
  readonly index: number;
  readonly key: string | null;
  readonly outcome: string;
  readonly item: unknown;
  readonly matrix: unknown;
  readonly error: { readonly code: string } | null;
}
