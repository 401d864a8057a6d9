import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  allInputs,
  allItems,
  type FakeFiles,
  foreachPlan,
  inputContext,
  matrixPlan,
  taskPlan,
} from "../../tests/support/input_context.ts";
import type { ForeachPlan, ForeachSource } from "../model/plan.ts";
import { openInputs } from "./open_inputs.ts";

const files: FakeFiles = {
  "/config/users.txt": "\uFEFFada\r\n\n  \t\r\nbob \nçelik",
  "/config/bad.txt": Buffer.concat([
    Buffer.from("good\nbetter\nb"),
    Uint8Array.of(0xe9),
    Buffer.from("d\nrest\n"),
  ]),
  "/config/utf16.txt": Uint8Array.of(0xff, 0xfe, 97, 0, 10, 0),
  "/config/long.txt": `short\n${"x".repeat(17 * 1024 * 1024)}\n`,
  "/config/users.csv": '\uFEFFid,name\r\n1,"Ada, the first"\r\n\r\n2,"two\nlines ""quoted"""\r\n',
  "/config/semicolon.csv": "id;name\n1;a,b\n",
  "/config/ragged.csv": "id,name\n1,a\n\n2,b\n3\n4,d\n",
  "/config/open.csv": 'id,name\n1,a\n2,"b\n3,c\n',
  "/config/quote.csv": 'id,name\n1,a\n2,b "c" d\n',
  "/config/bytes.csv": Buffer.concat([
    Buffer.from("id,name\n1,a\n2,"),
    Uint8Array.of(0xe9),
    Buffer.from("\n3,c\n"),
  ]),
  "/config/double.csv": "id,name,id\n1,a,b\n",
  "/config/unnamed.csv": "id,,name\n",
  "/config/proto.csv": "id,__proto__\n1,2\n",
  "/config/header.csv": "id,name\n",
  "/config/empty.csv": "",
  "/config/events.jsonl": '{"id":12345678901234567890}\n\n[1]\nnull\n"last"',
  "/config/torn.jsonl": '{"id":1}\n\n{"id":\n{"id":3}\n',
  "/config/doc.json": '{"users":[{"id":1},{"id":2}],"page":null}',
  "/config/list.json": "[1,2]",
  "/config/broken.json": "[1,\n2,",
  "/config/a.txt.gz": Buffer.concat([gzipSync("one\ntwo\n"), gzipSync("three\n")]),
  "/config/cut.txt.gz": gzipSync("one\ntwo\nthree").subarray(0, -6),
  "/config/plain.gz": "not packed\n",
  "in/*.csv": { found: ["in/b.csv", "in/😀.csv", "in/ﾁ.csv", "in/B.csv", "in/a.csv"] },
  "-": "from\nstdin\n",
};

type Case = readonly [
  name: string,
  source: ForeachSource,
  expected: readonly unknown[],
  more?: Partial<ForeachPlan>,
];

const cases: readonly Case[] = [
  ["a list as it is", { source: "list", items: [1, "a", null, { b: [2] }] }, [1, "a", null, { b: [2] }]],
  ["templates in a list", { source: "list", items: ["${{ params.day }}", { at: "d ${{ params.day }}" }] }, [
    7,
    { at: "d 7" },
  ]],
  ["values", { source: "values", values: "${{ params.ids }}" }, [3, 4]],
  ["values as a bare expression", { source: "values", values: "params.ids" }, [3, 4]],
  ["values: null", { source: "values", values: "${{ null }}" }, [
    /"\$\{\{ null \}\}" gave null where a list/,
  ]],
  ["values: a map", { source: "values", values: "params" }, [/gave a map where a list is needed/]],
  ["values that fail", { source: "values", values: "params.x" }, [/^values cannot be read: /]],
  ["a range", { source: "range", range: "1..3" }, [1, 2, 3]],
  ["a range of one", { source: "range", range: " 7 .. 7 " }, [7]],
  ["a negative range", { source: "range", range: "-2..+1" }, [-2, -1, 0, 1]],
  ["a range beyond 2^53", { source: "range", range: "9007199254740990..9007199254740993" }, [
    9007199254740990,
    9007199254740991,
    9007199254740992n,
    9007199254740993n,
  ]],
  ["a range of params", { source: "range", range: "1..${{ params.ids[0] }}" }, [1, 2, 3]],
  ["a range that goes down", { source: "range", range: "5..1" }, [/goes down.*write "1\.\.5"/]],
  ["no range", { source: "range", range: "1-5" }, [/"1-5" is not a range.*"1\.\.100"/]],
  ["lines", { source: "lines", path: "users.txt" }, ["ada", "bob ", "çelik"]],
  ["lines up to one that is no UTF-8", { source: "lines", path: "bad.txt" }, [
    "good",
    "better",
    /^bad\.txt:3: it is not UTF-8$/,
  ]],
  ["lines of UTF-16", { source: "lines", path: "utf16.txt" }, [/^utf16\.txt:1: this is UTF-16.*iconv/]],
  ["lines up to one that is too long", { source: "lines", path: "long.txt" }, [
    "short",
    /^long\.txt:2: the line is longer than 16 MiB/,
  ]],
  ["lines of no file", { source: "lines", path: "none.txt" }, [/^none\.txt: there is no such file$/]],
  ["lines of stdin", { source: "lines", path: "-" }, ["from", "stdin"]],
  ["a path from params", { source: "lines", path: "${{ params.file }}" }, ["ada", "bob ", "çelik"]],
  ["gzip members", { source: "lines", path: "a.txt.gz" }, ["one", "two", "three"]],
  ["gzip up to where it is cut off", { source: "lines", path: "cut.txt.gz" }, [
    "one",
    "two",
    /^cut\.txt\.gz:3: its gzip data ends too early/,
  ]],
  ["no gzip", { source: "lines", path: "plain.gz" }, [/^plain\.gz: its gzip data is damaged/]],
  ["csv", { source: "csv", path: "users.csv", delimiter: "," }, [
    { id: "1", name: "Ada, the first" },
    { id: "2", name: 'two\nlines "quoted"' },
  ]],
  ["csv with another delimiter", { source: "csv", path: "semicolon.csv", delimiter: ";" }, [
    { id: "1", name: "a,b" },
  ]],
  ["csv up to a ragged line", { source: "csv", path: "ragged.csv", delimiter: "," }, [
    { id: "1", name: "a" },
    { id: "2", name: "b" },
    /^ragged\.csv:5: the record has 1 field, the header 2$/,
  ]],
  ["csv up to a quote left open", { source: "csv", path: "open.csv", delimiter: "," }, [
    { id: "1", name: "a" },
    /^open\.csv:\d: a quoted field is still open at the end/,
  ]],
  ["csv up to a stray quote", { source: "csv", path: "quote.csv", delimiter: "," }, [
    { id: "1", name: "a" },
    /^quote\.csv:3: a quote stands inside a field/,
  ]],
  ["csv up to a line that is no UTF-8", { source: "csv", path: "bytes.csv", delimiter: "," }, [
    { id: "1", name: "a" },
    /^bytes\.csv:3: it is not UTF-8$/,
  ]],
  ["csv with a column twice", { source: "csv", path: "double.csv", delimiter: "," }, [
    /^double\.csv:1: columns 1 and 3 are both called "id"/,
  ]],
  ["csv with a column without name", { source: "csv", path: "unnamed.csv", delimiter: "," }, [
    /^unnamed\.csv:1: column 2 has no name/,
  ]],
  ["csv with a hostile column", { source: "csv", path: "proto.csv", delimiter: "," }, [/"__proto__"/]],
  ["csv without records", { source: "csv", path: "header.csv", delimiter: "," }, []],
  ["csv without anything", { source: "csv", path: "empty.csv", delimiter: "," }, []],
  ["csv of no file", { source: "csv", path: "none.csv", delimiter: "," }, [
    /^none\.csv: there is no such file$/,
  ]],
  ["jsonl, exact", { source: "jsonl", path: "events.jsonl" }, [
    { id: 12345678901234567890n },
    [1],
    null,
    "last",
  ]],
  ["jsonl up to a torn line", { source: "jsonl", path: "torn.jsonl" }, [
    { id: 1 },
    /^torn\.jsonl:3: the line is not JSON: it ends too early at column 7$/,
  ]],
  ["json", { source: "json", path: "list.json", select: null }, [1, 2]],
  ["json with select", { source: "json", path: "doc.json", select: "json.users" }, [{ id: 1 }, { id: 2 }]],
  ["json that is no list", { source: "json", path: "doc.json", select: null }, [
    /^doc\.json \(without select: "json\.users"\) gave a map where a list is needed$/,
  ]],
  ["a select that gives null", { source: "json", path: "doc.json", select: "json.page" }, [
    /^doc\.json: select "json\.page" gave null/,
  ]],
  ["a select that fails", { source: "json", path: "doc.json", select: "json.a.b" }, [
    /^doc\.json: select .* failed: /,
  ]],
  ["json that is none", { source: "json", path: "broken.json", select: null }, [
    /^broken\.json is not JSON: it ends too early at line 2, column 3/,
  ]],
  ["json of no file", { source: "json", path: "none.json", select: null }, [
    /^none\.json: there is no such file$/,
  ]],
  ["glob, sorted by bytes", { source: "glob", pattern: "in/*.csv" }, [
    "in/B.csv",
    "in/a.csv",
    "in/b.csv",
    "in/ﾁ.csv",
    "in/😀.csv",
  ]],
  ["glob without match", { source: "glob", pattern: "out/*" }, [/no file matches "out\/\*".*"empty: ok"/], {
    empty: "fail",
  }],
  ["glob without match, allowed", { source: "glob", pattern: "out/*" }, []],
  ["from, which the run feeds", { source: "from", from: "a", each: null }, [/not handled here/]],
  ["where", { source: "range", range: "1..6" }, [2, 4, 6], { where: "item % 2 == 0" }],
  ["where with as and index", { source: "list", items: ["a", "b", "c"] }, ["b", "c"], {
    where: 'index > 0 && letter != ""',
    as: "letter",
  }],
  ["where that fails for one item", { source: "list", items: [{ n: 1 }, null, { n: 3 }] }, [
    { n: 1 },
    /^where: cannot evaluate `item\.n > 0`: /,
    { n: 3 },
  ], { where: "item.n > 0" }],
  ["where that is neither", { source: "list", items: [1] }, [
    /gives the number 1, and a condition gives true or false/,
  ], {
    where: "item",
  }],
  ["where, then unique, then batch", { source: "list", items: [1, 1, 2, 3, 2, 4, 5] }, [[1, 2], [4, 5]], {
    where: "item != 3",
    unique: true,
    batch: 2,
  }],
  ["unique by content", { source: "list", items: [{ a: 1, b: 2 }, { b: 2, a: 1 }, "1", 1] }, [
    { a: 1, b: 2 },
    "1",
    1,
  ], { unique: true }],
  ["batches, the last one shorter", { source: "range", range: "1..5" }, [[1, 2], [3, 4], [5]], { batch: 2 }],
  ["batches up to where the source breaks", { source: "jsonl", path: "torn.jsonl" }, [
    [{ id: 1 }],
    /^torn\.jsonl:3: /,
  ], { batch: 10 }],
  ["no batch of nothing", { source: "list", items: [] }, [], { batch: 10 }],
  ["nothing left by where, which is to fail", { source: "list", items: [1] }, [
    /there are no items for which "item > 1" holds/,
  ], { where: "item > 1", empty: "fail" }],
];

for (const chunkBytes of [1, 65_536]) {
  for (const [name, source, expected, more] of cases) {
    if (chunkBytes === 1 && name.includes("too long")) continue;
    test(`openInputs() gives ${name} (${chunkBytes} bytes at a time)`, async () => {
      const vars = { params: { day: 7, ids: [3, 4], file: "users.txt" } };
      const context = inputContext({ files, vars, chunkBytes });
      const inputs = openInputs(taskPlan({ foreach: foreachPlan(source, more) }), context);
      const items = await allItems(inputs);
      assert.equal(
        items.length,
        expected.length,
        JSON.stringify(items, (_, v) => typeof v === "bigint" ? `${v}` : v),
      );
      items.forEach((item, i) => {
        const wanted = expected[i];
        if (wanted instanceof RegExp) assert.match((item as { broken: string }).broken, wanted);
        else assert.deepEqual(item, wanted);
      });
      assert.equal(await inputs.next(), null);
      assert.equal(context.open(), 0, "every reader is closed");
    });
  }
}

test("openInputs() gives one input for a task without foreach and matrix", async () => {
  const inputs = openInputs(taskPlan(), inputContext());
  assert.deepEqual(inputs.next(), { index: 0, item: null, matrix: null });
  assert.equal(inputs.next(), null);
});

test("openInputs() numbers inputs, broken ones too, and says which item a broken one was", async () => {
  const foreach = foreachPlan({ source: "list", items: [{ n: 1 }, null, { n: 3 }] }, { where: "item.n > 0" });
  assert.deepEqual(
    (await allInputs(openInputs(taskPlan({ foreach }), inputContext()))).map((input) => [
      input.index,
      input.item,
      "broken" in input ? input.code : null,
    ]),
    [[0, { n: 1 }, null], [1, null, "template"], [2, { n: 3 }, null]],
  );
});

test("openInputs() multiplies items with the matrix, items outer, the first axis slowest", async () => {
  const task = taskPlan({
    foreach: foreachPlan({ source: "list", items: ["a", "b"] }),
    matrix: matrixPlan({ size: [1, 2], format: ["x", "y"] }, {
      exclude: [{ size: 1, format: "y" }],
      include: [{ size: 9 }],
    }),
  });
  const inputs = await allInputs(openInputs(task, inputContext()));
  const combinations = [{ size: 1, format: "x" }, { size: 2, format: "x" }, { size: 2, format: "y" }, {
    size: 9,
  }];
  assert.deepEqual(
    inputs,
    ["a", "b"].flatMap((item) => combinations.map((matrix) => ({ item, matrix })))
      .map((input, index) => ({ index, ...input })),
  );
});

test("openInputs() excludes partial matches, and matches values by content", async () => {
  const matrix = matrixPlan({ at: [{ x: 1, y: 2 }, { x: 3 }], n: "${{ params.n }}" }, {
    exclude: [{ at: { y: 2, x: 1 } }],
  });
  const context = inputContext({ vars: { params: { n: [1, 2] } } });
  assert.deepEqual(
    (await allInputs(openInputs(taskPlan({ matrix }), context))).map((input) =>
      "matrix" in input && input.matrix
    ),
    [
      { at: { x: 3 }, n: 1 },
      { at: { x: 3 }, n: 2 },
    ],
  );
});

test("openInputs() reads nothing when the matrix is empty", async () => {
  for (const matrix of [matrixPlan({ n: [] }), matrixPlan({ n: [1] }, { exclude: [{ n: 1 }] })]) {
    const context = inputContext({ files });
    const foreach = foreachPlan({ source: "lines", path: "users.txt" });
    assert.equal(await openInputs(taskPlan({ foreach, matrix }), context).next(), null);
    assert.equal(context.open(), 0);
  }
});

test("openInputs() says that a matrix axis is no list, once", async () => {
  const task = taskPlan({
    foreach: foreachPlan({ source: "range", range: "1..3" }),
    matrix: matrixPlan({ n: "${{ params }}" }),
  });
  const items = await allItems(openInputs(task, inputContext({ vars: { params: {} } })));
  assert.equal(items.length, 1);
  assert.match((items[0] as { broken: string }).broken, /matrix\.n: .* did not give a list/);
});

test("openInputs() gives the next input at once when it is already there", async () => {
  const ready = openInputs(
    taskPlan({ foreach: foreachPlan({ source: "range", range: "1..100000000" }) }),
    inputContext(),
  );
  assert.deepEqual(ready.next(), { index: 0, item: 1, matrix: null });
  const context = inputContext({ files, chunkBytes: 65_536 });
  const lines = openInputs(
    taskPlan({ foreach: foreachPlan({ source: "lines", path: "users.txt" }) }),
    context,
  );
  assert.ok(lines.next() instanceof Promise);
  await Promise.resolve();
});

test("openInputs() keeps a file's other lines at hand", async () => {
  const context = inputContext({ files, chunkBytes: 65_536 });
  const lines = openInputs(
    taskPlan({ foreach: foreachPlan({ source: "lines", path: "a.txt.gz" }) }),
    context,
  );
  await lines.next();
  assert.deepEqual(lines.next(), { index: 1, item: "two", matrix: null });
});

test("openInputs() gives null once it is closed, also to who waits, and lets go of the file", async () => {
  for (const source of ["lines", "csv", "json"] as const) {
    const context = inputContext({ files });
    const foreach = foreachPlan({ source, path: "-", delimiter: ",", select: null } as ForeachSource);
    const inputs = openInputs(taskPlan({ foreach }), context);
    assert.equal(inputs.repeatable, false);
    const pending = inputs.next();
    inputs.close();
    inputs.close();
    assert.equal(await pending, null);
    assert.equal(await inputs.next(), null);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(context.open(), 0, source);
  }
});

test("openInputs() lets others run while where passes over a million items", async () => {
  const foreach = foreachPlan({ source: "range", range: "1..1000000" }, { where: "item > 900000" });
  const inputs = openInputs(taskPlan({ foreach, first: 1 }), {
    ...inputContext(),
    compiler: {
      ...inputContext().compiler,
      bare: (source) => ({
        source,
        type: "bool",
        names: new Set(),
        evaluate: (vars) => (vars.item as number) > 900_000,
        operands: () => [],
      }),
    },
  });
  let turns = 0;
  let over = false;
  const count = () => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const input = await inputs.next();
  over = true;
  assert.deepEqual(input, { index: 0, item: 900_001, matrix: null });
  assert.ok(turns > 100, `${turns} turns`);
});

test("openInputs() leaves the inputs that only and first name, under their own numbers", async () => {
  const foreach = foreachPlan({ source: "range", range: "10..30" });
  const task = taskPlan({ foreach, key: "k${{ item }}" });
  const indexes = async (more: object) =>
    (await allInputs(openInputs({ ...task, ...more }, inputContext()))).map((input) => input.index);
  assert.deepEqual(await indexes({ only: ["k12", "k15", "k99"] }), [2, 5]);
  assert.deepEqual(await indexes({ first: 2 }), [0, 1]);
  assert.deepEqual(await indexes({ only: ["k12", "k15", "k16"], first: 2 }), [2, 5]);
});

test("openInputs() ends with a word on keys that only names and a source that is read once never had", async () => {
  const task = taskPlan({
    foreach: foreachPlan({ source: "lines", path: "-" }),
    key: "${{ item }}",
    only: ["b", "x", "y"],
  });
  const ends = async (more: object) =>
    (await allInputs(openInputs({ ...task, ...more }, inputContext({ files: { "-": "a\nb\nc\n" } })))).map((
      input,
    ) => "broken" in input ? [input.index, input.code, input.broken] : input.item);
  assert.deepEqual(await ends({}), ["b", [3, "source", '--only: there is no input with the key "x", "y"']]);
  assert.deepEqual(await ends({ only: ["b", "c"] }), ["b", "c"]);
  assert.deepEqual(await ends({ first: 1 }), ["b"]);
});

test("openInputs() still tells a broken source when only one key is asked for", async () => {
  const context = inputContext({ files });
  const foreach = foreachPlan({ source: "jsonl", path: "torn.jsonl" });
  const inputs = await allInputs(
    openInputs(taskPlan({ foreach, key: "${{ item.id }}", only: ["7"] }), context),
  );
  assert.deepEqual(inputs.map((input) => "broken" in input), [true]);
});
