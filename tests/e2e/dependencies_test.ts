import assert from "node:assert/strict";
import { test } from "node:test";
import { inBatches, inSandbox } from "./sandbox.ts";

const producer =
  `{ foreach: [1, 2], key: "\${{ item }}", exec: { shell: "exit $CODE", env: { CODE: "\${{ CODES[index] }}" } } }`;

/** How `a`'s two runs end, what `b` says of `a`, and how `b` ends. */
const gates: readonly (readonly [codes: string, needs: string, more: string, b: string])[] = [
  ["[0, 0]", "[a]", "", "ok"],
  ["[0, 0]", "{ a: ok }", "", "ok"],
  ["[0, 1]", "[a]", "", "skipped dependency"],
  ["[0, 1]", "{ a: any }", "", "ok"],
  ["[1, 1]", "{ a: any }", "", "skipped dependency"],
  ["[1, 1]", "{ a: done }", "", "ok"],
  ["[0, 1]", "[a]", "allowFailure: true", "ok"],
  ["[1, 1]", "{ a: any }", "allowFailure: true", "skipped dependency"],
  ["[0, 0]", "[a]", "if: 'item == 1'", "ok"],
  ["[0, 0]", "[a]", "if: 'false'", "skipped if"],
  ["[0, 0]", "{ a: any }", "if: 'false'", "skipped if"],
  ["[0, 0]", "{ a: done }", "if: 'false'", "ok"],
];

test("needs waits for what it names and decides by how that ended", async () => {
  await inBatches(gates, ([codes, needs, more, expected]) =>
    inSandbox(async (sandbox) => {
      const a = producer.replace("CODES", codes).replace(/ }$/, more === "" ? " }" : `, ${more} }`);
      const { report, stderr } = await sandbox.runConfig(
        `version: 1\ntasks:\n  b: { needs: ${needs}, exec: { command: ['true'] } }\n  a: ${a}\n`,
      );
      const { outcome, reason, error } = report.results[0];
      assert.equal(
        [outcome, reason].filter(Boolean).join(" "),
        expected,
        `${codes} ${needs} ${more}: ${stderr}`,
      );
      if (reason === "dependency") assert.equal(error.code, "dependency");
    })());
});

test(
  "a task reads what everything it needs put out, directly or through others",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  one: { exec: { command: [echo, '{"id": 9007199254740993, "name": "é \\" x"}'] }, outputs: { id: json.id, name: json.name } }
  many: { foreach: [3, 1, 2], exec: { shell: "sleep 0.$N; echo $N", env: { N: "\${{ item }}" } }, outputs: { n: "int(stdout.trim())" } }
  middle: { needs: [one, many], exec: { command: ['true'] } }
  last:
    needs: [middle]
    exec: { command: [echo, "\${{ needs.one.outputs.id }}", "\${{ needs.one.outputs.name }}", "\${{ toJson(needs.many.outputs.n) }}", "\${{ needs.many.status }}", "\${{ needs.many.counts.ok }}", "\${{ needs.middle.status }}"] }
`);
    assert.equal(code, 0, stderr);
    assert.equal(report.results.at(-1).output.stdout, '9007199254740993 é " x [3,1,2] ok 3 ok\n');
  }),
);

test(
  "outputs of a task over items are the ok runs' values, in input order",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  many: { foreach: [1, 2, 3], exec: { shell: "test $N != 2 && echo $N", env: { N: "\${{ item }}" } }, outputs: { n: "stdout.trim()" } }
  use: { needs: { many: done }, exec: { command: [echo, "\${{ toJson(needs.many.outputs.n) }} \${{ needs.many.status }} \${{ needs.many.counts.failed }}"] } }
  each: { needs: { many: any }, foreach: { values: "needs.many.outputs.n", as: n }, key: "\${{ n }}", exec: { command: [echo, "\${{ n }}"] } }
`);
    assert.equal(code, 1, stderr);
    assert.equal(report.results[3].output.stdout, '["1","3"] failed 1\n');
    assert.deepEqual(report.results.slice(4).map(({ key, outcome }: Result) => [key, outcome]), [
      ["1", "ok"],
      [
        "3",
        "ok",
      ],
    ]);
  }),
);

test(
  "foreach from goes run by run while the other still runs",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
targets: { cpu: { concurrency: 4 } }
tasks:
  a: { foreach: [0.1, 1.2], key: "k\${{ index }}", target: cpu, exec: { command: [sleep, "\${{ item }}"] }, outputs: { at: index } }
  b: { foreach: { from: a }, key: "\${{ item.key }}", target: cpu, exec: { command: [echo, "\${{ item.key }} \${{ item.item }} \${{ item.outputs.at }} \${{ item.matrix == null }} \${{ item.saved == null }}"] } }
  c: { foreach: { from: b }, target: cpu, exec: { command: [echo, "\${{ item.key }}"] } }
`);
    assert.equal(code, 0, stderr);
    const [a0, a1, b0, b1, c0] = report.results;
    assert.deepEqual(
      [b0.output.stdout, b1.output.stdout],
      ["k0 0.1 0 true true\n", "k1 1.2 1 true true\n"],
    );
    const endOfA1 = Date.parse(a1.attempts[0].startedAt) + a1.durationMs;
    assert.ok(Date.parse(b0.attempts[0].startedAt) < endOfA1 - 300, "b began while a was running");
    assert.ok(Date.parse(c0.attempts[0].startedAt) < endOfA1 - 300, "and so did c");
    assert.ok(Date.parse(b0.attempts[0].startedAt) >= Date.parse(a0.attempts[0].startedAt) + 90);
  }),
);

test(
  "foreach from skips what comes of a run that was not ok, for that run's reason",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  a: { foreach: [ok, bad, out], if: "item != 'out'", exec: { shell: "test $I = ok", env: { I: "\${{ item }}" } } }
  b: { foreach: { from: a }, exec: { command: [echo, "\${{ item.item }}"] } }
`);
    assert.equal(code, 1, stderr);
    const seen = report.results.slice(3).map(({ outcome, reason, item }: Result) =>
      `${outcome} ${reason} ${JSON.stringify(item)}`
    ).sort();
    assert.equal(seen.length, 3);
    assert.equal(seen.filter((text: string) => text.startsWith("ok")).length, 1);
    assert.equal(seen.filter((text: string) => text.startsWith("skipped dependency")).length, 1);
    assert.equal(seen.filter((text: string) => text.startsWith("skipped if")).length, 1);
  }),
);

test(
  "foreach from with each gives one item per element of a run's list",
  inSandbox(async (sandbox) => {
    sandbox.write("t.csv", "id,name\n1,Ada\n2,Grace\n");
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  pages: { foreach: [1, 2], exec: { shell: 'echo "[$P"1,"$P"2]', env: { P: "\${{ item }}" } } }
  rows: { foreach: { from: pages, each: json }, key: "\${{ item }}", exec: { command: [echo, "\${{ item }}"] } }
  table: { file: { path: t.csv, format: csv } }
  cells: { foreach: { from: table, each: rows }, key: "\${{ item.id }}", exec: { command: [echo, "\${{ item.name }}"] } }
  none: { exec: { command: [echo, "[]"] } }
  nothing: { foreach: { from: none, each: json }, exec: { command: ['false'] } }
`);
    assert.equal(code, 0, stderr);
    const keys = (task: string) =>
      report.results.filter((result: Result) => result.task === task).map(({ key }: Result) => key).sort();
    assert.deepEqual(keys("rows"), ["11", "12", "21", "22"]);
    assert.deepEqual(keys("cells"), ["1", "2"]);
    assert.deepEqual(keys("nothing"), []);
    assert.match(stderr, /0 items/);

    const broken = await sandbox.runConfig(`
version: 1
tasks:
  map: { exec: { command: [echo, "{}"] } }
  rows: { foreach: { from: map, each: json }, exec: { command: ['true'] } }
`);
    assert.equal(broken.code, 1, broken.stderr);
  }),
);

const cycles: readonly (readonly [tasks: string, says: RegExp])[] = [
  [
    "a: { needs: [b], exec: { command: [x] } }\n  b: { needs: [a], exec: { command: [x] } }",
    /a → b → a|b → a → b/,
  ],
  ["a: { needs: [a], exec: { command: [x] } }", /waits for itself/],
  [
    "a: { foreach: { from: b }, exec: { command: [x] } }\n  b: { needs: [a], exec: { command: [x] } }",
    /a → b → a|b → a → b/,
  ],
  ["a: { needs: [c], exec: { command: [x] } }\n  b: { exec: { command: [x] } }", /"c".*b|c.*not/],
  ['a: { exec: { command: [x, "${{ needs.b.status }}"] } }\n  b: { exec: { command: [x] } }', /needs/],
];

test("fanout check spells a cycle out and knows what is not needed", async () => {
  await inBatches(cycles, ([tasks, says]) =>
    inSandbox(async (sandbox) => {
      sandbox.write("fanout.yaml", `version: 1\ntasks:\n  ${tasks}\n`);
      const { code, stderr } = await sandbox.run(["check", "fanout.yaml"]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    })());
});

test(
  "a run that is stopped names the inputs of tasks that never began, one with item null where they are unknown",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
run: { timeout: 400ms }
tasks:
  a: { exec: { command: [sleep, "9"] }, outputs: { list: "json" } }
  b: { needs: [a], foreach: [1, 2, 3], exec: { command: ['true'] } }
  c: { needs: [a], foreach: { values: "needs.a.outputs.list" }, exec: { command: ['true'] } }
  d: { foreach: { from: a }, exec: { command: ['true'] } }
`);
    assert.equal(code, 124, stderr);
    const seen = report.results.map(({ task, outcome, item }: Result) =>
      `${task} ${outcome} ${JSON.stringify(item)}`
    );
    assert.deepEqual(seen.slice(0, 5), [
      "a cancelled null",
      "b not_run 1",
      "b not_run 2",
      "b not_run 3",
      "c not_run null",
    ]);
    assert.match(seen[5], /^d not_run/);
  }),
);

interface Result {
  readonly task: string;
  readonly key: string | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly item: unknown;
}
