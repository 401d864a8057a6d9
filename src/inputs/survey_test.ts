import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allInputs,
  foreachPlan,
  inputContext,
  matrixPlan,
  planOf,
  taskPlan,
} from "../../tests/support/input_context.ts";
import type { ForeachSource, TaskPlan } from "../model/plan.ts";
import { checkSources } from "./check_sources.ts";
import { noticeChange } from "./notice_change.ts";
import { openInputs } from "./open_inputs.ts";
import { survey } from "./survey.ts";

const files = {
  "/config/three.txt": "a\nb\nc\n",
  "/config/double.txt": "a\nb\na\nb\nb\n",
  "/config/torn.jsonl": "1\n2\n{\n4\n",
  "/config/header.csv": "a,a\n",
  "/config/ragged.csv": "a,b\n1\n2,3\n",
  "-": "x\n",
};
const vars = { params: { n: 3 } };
const context = inputContext({ files, vars });
const foreachOf = (source: ForeachSource, more = {}) => ({ foreach: foreachPlan(source, more) });
const lines = (path: string) => foreachOf({ source: "lines", path });

const counts: readonly (readonly [string, Partial<TaskPlan>, number | null])[] = [
  ["one without inputs of its own", {}, 1],
  ["a list", foreachOf({ source: "list", items: [1, 2] }), 2],
  ["a huge range, without reading it", foreachOf({ source: "range", range: "1..1000000000000" }), 1e12],
  ["a huge range by its item", {
    ...foreachOf({ source: "range", range: "1..1000000000000" }),
    key: "${{ item }}",
  }, 1e12],
  [
    "batches of a huge range",
    foreachOf({ source: "range", range: "1..1000000000001" }, { batch: 2 }),
    5e11 + 1,
  ],
  [
    "the first of a huge range",
    { ...foreachOf({ source: "range", range: "1..1000000000000" }), first: 5 },
    5,
  ],
  ["lines", lines("three.txt"), 3],
  ["lines with where", foreachOf({ source: "lines", path: "three.txt" }, { where: 'item != "b"' }), 2],
  ["lines with a matrix", {
    ...lines("three.txt"),
    matrix: matrixPlan({ n: [1, 2], m: [1, 2] }, { exclude: [{ n: 1, m: 1 }] }),
  }, 9],
  ["a matrix", { matrix: matrixPlan({ n: [1, 2], m: "${{ [1, 2, 3] }}" }) }, 6],
  ["a source up to where it breaks", foreachOf({ source: "jsonl", path: "torn.jsonl" }), 3],
  ["a source that is not there", lines("none.txt"), 1],
  ["stdin", lines("-"), null],
  ["stdin by way of a param", lines('${{ params.n == 3 ? "-" : "x" }}'), null],
  ["what other tasks give", foreachOf({ source: "values", values: "needs.a.outputs.ids" }), null],
  [
    "a filter by what other tasks give",
    foreachOf({ source: "list", items: [1] }, { where: "item in needs.a" }),
    null,
  ],
  ["a matrix of what other tasks give", { matrix: matrixPlan({ n: "${{ needs.a }}" }) }, null],
  ["from", foreachOf({ source: "from", from: "a", each: null }), null],
];
for (const [name, task, expected] of counts) {
  test(`survey() counts ${name}`, async () => {
    const { tasks, problems } = await survey(planOf(taskPlan(task)), context);
    assert.equal(tasks.get("t")!.count, expected);
    assert.deepEqual(problems, []);
    assert.equal(context.open(), 0);
  });
}

test("survey() names both inputs of a double key, and how many more there are", async () => {
  const task = taskPlan({ ...lines("double.txt"), key: "k-${{ item }}" });
  const { problems, tasks } = await survey(planOf(task), context);
  assert.equal(tasks.get("t")!.count, 5);
  assert.equal(problems.length, 3);
  assert.deepEqual(problems[0]!.path, ["tasks", "t", "key"]);
  assert.match(problems[0]!.message, /inputs 0 and 2 .* have the same key "k-a"/);
  assert.match(problems[2]!.message, /inputs 1 and 4/);
  const many = taskPlan({ ...foreachOf({ source: "range", range: "1..100" }), key: "same" });
  const listed = (await survey(planOf(many), context)).problems;
  assert.equal(listed.length, 6);
  assert.equal(listed[5]!.message, "and 94 more double keys");
});

test("survey() leaves a key that cannot be rendered to its own run", async () => {
  const task = taskPlan({
    ...foreachOf({ source: "list", items: [null, { id: 1 }] }),
    key: "${{ item.id }}",
  });
  assert.deepEqual((await survey(planOf(task), context)).problems, []);
});

test("survey() names both runs that would save to one path, across tasks and spellings", async () => {
  const save = (path: string) => ({ path, if: null });
  const first = taskPlan({ name: "a", ...lines("three.txt"), save: save("out/${{ item }}.txt") });
  const other = taskPlan({ name: "b", save: save("./out//b.txt") });
  const late = taskPlan({ name: "c", save: save("out/${{ status }}.txt") });
  const { problems } = await survey(planOf(first, other, late), context);
  assert.equal(problems.length, 1);
  assert.deepEqual(problems[0]!.path, ["tasks", "b", "save"]);
  assert.match(
    problems[0]!.message,
    /task "a" \(input 1\) and task "b" \(input 0\) would both save to ".\/out\/\/b.txt"/,
  );
});

test("survey() finds no double path in values that may not stand in one", async () => {
  const items = ["", ".", "..", "x/../a", "a"];
  const task = taskPlan({
    ...foreachOf({ source: "list", items }),
    save: { path: "out/${{ item }}/x.txt", if: null },
  });
  assert.deepEqual((await survey(planOf(task), context)).problems, []);
});

test("survey() says which keys that were asked for do not exist", async () => {
  const task = taskPlan({ ...lines("three.txt"), key: "${{ item }}", only: ["b", "z"] });
  const { problems, tasks } = await survey(planOf(task), context);
  assert.equal(tasks.get("t")!.count, 1);
  assert.deepEqual(problems.map(({ message }) => message), ['task "t" has no input with the key "z"']);
});

test("survey() stops in the middle when it is told to", async () => {
  const controller = new AbortController();
  const task = taskPlan({
    ...foreachOf({ source: "range", range: "1..1000000000" }),
    key: "${{ item }}-${{ index }}",
  });
  setImmediate(() => controller.abort(new Error("stop it")));
  await assert.rejects(survey(planOf(task), context, controller.signal), /stop it/);
});

const sources: readonly (readonly [string, Partial<TaskPlan>, RegExp | null])[] = [
  ["a file that is there", lines("three.txt"), null],
  [
    "a file that is not",
    lines("none.txt"),
    /cannot read "none.txt": there is no such file \(looked in \/config\)/,
  ],
  [
    "a csv file that is not",
    foreachOf({ source: "csv", path: "no.csv", delimiter: "," }),
    /cannot read "no.csv"/,
  ],
  [
    "a csv header",
    foreachOf({ source: "csv", path: "header.csv", delimiter: "," }),
    /^header.csv:1: columns 1 and 2/,
  ],
  ["a csv header, not what follows", foreachOf({ source: "csv", path: "ragged.csv", delimiter: "," }), null],
  ["a range that goes down", foreachOf({ source: "range", range: "5..${{ params.n }}" }), /goes down/],
  [
    "values that are none",
    foreachOf({ source: "values", values: "params.n" }),
    /gave the number 3 where a list/,
  ],
  ["values that fail", foreachOf({ source: "values", values: "params.n.x.y" }), /./],
  ["values of other tasks", foreachOf({ source: "values", values: "needs.a.x" }), null],
  ["a file named by other tasks", lines("${{ needs.a.x }}"), null],
  [
    "a matrix that is none",
    { matrix: matrixPlan({ n: "${{ params.n }}" }) },
    /matrix.n: .* did not give a list/,
  ],
  ["a broken place inside a file", foreachOf({ source: "jsonl", path: "torn.jsonl" }), null],
];
for (const [name, task, expected] of sources) {
  test(`checkSources() looks at ${name}`, async () => {
    const problems = await checkSources(planOf(taskPlan(task)), context);
    assert.equal(problems.length, expected === null ? 0 : 1);
    if (expected !== null) assert.match(problems[0]!.message, expected);
    assert.equal(context.open(), 0);
  });
}

test("checkSources() says where, and allows stdin one reader", async () => {
  const read = (name: string) => taskPlan({ name, ...lines("-") });
  const problems = await checkSources(planOf(read("a"), read("b")), context);
  assert.deepEqual(problems.map(({ path }) => path), [["tasks", "b", "foreach", "lines"]]);
  assert.match(problems[0]!.message, /task "a" reads it already/);
});

test("noticeChange() says when a file is another than the one that was counted", async () => {
  const task = taskPlan(lines("three.txt"));
  const surveyed = (await survey(planOf(task), context)).tasks.get("t")!;
  const noticed = async (content: string) => {
    const now = inputContext({ files: { "/config/three.txt": content } });
    const messages: string[] = [];
    const inputs = noticeChange(
      openInputs(task, now),
      task,
      surveyed,
      now,
      (message) => messages.push(message),
    );
    await allInputs(inputs);
    await inputs.next();
    return messages;
  };
  assert.deepEqual(await noticed("a\nb\nc\n"), []);
  assert.deepEqual(await noticed("a\nb\n"), [
    'task "t": 3 inputs were counted before the run, 2 were there in the end',
  ]);
  assert.deepEqual(await noticed("a\nb\ncc\n"), [
    'task "t": "three.txt" was changed after its inputs were counted',
  ]);
});
