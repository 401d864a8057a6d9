import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ExpressionError, type Scope } from "../model/expression.ts";
import { compileExpression } from "./compile_expression.ts";
import { evaluate, orThrow, problemsOf } from "./testing.ts";

const scope: Scope = {
  params: { fields: { day: "string", n: "int" } },
  secrets: { fields: { token: "string" } },
  run: { fields: { id: "string", startedAt: "timestamp" } },
  item: "dyn",
  row: "map<string>",
  index: "int",
  needs: { fields: { users: { fields: { outputs: { fields: { ids: "dyn" } }, status: "string" } } } },
  status: "int",
  text: "string",
  json: "dyn",
  bytes: "int",
  words: "list<string>",
  later: "duration",
};

const vars = {
  params: { day: "2026-11-21", n: 3 },
  secrets: { token: "s3cret-token" },
  run: { id: "r1", startedAt: "2026-11-21T08:00:00.500Z" },
  item: { id: 7, name: "x y", big: 9007199254740993n, none: null, list: [1, 2.5, "a"], constructor: "own" },
  row: { port: "22", on: "true" },
  index: 4,
  needs: { users: { outputs: { ids: [1, 2, 3] }, status: "ok" } },
  status: 200,
  text: "a\nb\r\n\nc\n",
  json: { users: [{ id: 1, tags: ["a"] }, { id: 2, tags: ["b", "c"] }], nested: { a: { b: 1 } } },
  bytes: 17,
  words: ["b", "a", "b"],
  later: "90m",
};

test("evaluate() gives CEL's values as ours", () => {
  const table: readonly [source: string, expected: unknown][] = [
    ["7 / 2", 3],
    ["7 / 2.0", 3.5],
    ["-7 % 3", -1],
    ["1 + 1.5", 2.5],
    ["1.5 + 1", 2.5],
    ["2 * 1.5 - 1", 2],
    ["1 == 1.0 && 1.0 == 1 && 2 > 1.5 && 1.5 < 2", true],
    ["[1, 2] == [1.0, 2.0]", true],
    ["item.id + 1", 8],
    ["item.big + 1", 9007199254740994n],
    ["item.big", 9007199254740993n],
    ["item.big - 9007199254740992", 1],
    ["-9223372036854775808", -9223372036854775808n],
    ["item.none == null", true],
    ["item.list", [1, 2.5, "a"]],
    ["item.list[1] * 2", 5],
    ["item.constructor", "own"],
    ["[1, 'a', null, 2.5, true]", [1, "a", null, 2.5, true]],
    ["[1] + ['a'] + json.users", [1, "a", ...vars.json.users]],
    ["{'a': 1, 'constructor': 2}", { a: 1, constructor: 2 }],
    ["{1: 'a', true: 'b'}[1]", "a"],
    ["{'a': {'b': 1}}.a.b", 1],
    ["{'id': item.id} == {'id': 7.0}", true],
    ["item == {'id': 7}", false],
    ["'id' in item && !('nope' in item)", true],
    ["2 in needs.users.outputs.ids && !('2' in needs.users.outputs.ids)", true],
    ["status == 200 ? 'a' : null", "a"],
    ["status == 404 ? 1 : 'b'", "b"],
    ["json.users.map(u, u.id)", [1, 2]],
    ["json.users.map(u, u.id > 1, u.tags)", [["b", "c"]]],
    ["json.users.filter(u, u.id > 1)[0].tags.join('-')", "b-c"],
    ["json.users.all(u, u.id > 0) && json.users.exists(u, u.id == 2)", true],
    ["json.users.exists_one(u, u.id == 1)", true],
    ["json.nested.map(k, k)", ["a"]],
    ["json.?nope.orValue(0)", 0],
    ["json.?nested.?a.?b.orValue(0)", 1],
    ["json[?'nope'].orValue('x')", "x"],
    ["json.?nope.or(json.?nested.?a.?b).orValue(0)", 1],
    ["has(json.nested.a) && !has(json.nope) && !has(json.nested.a.c)", true],
    ["has(params.day)", true],
    ["params.?day.orValue('x')", "2026-11-21"],
    ["params['day']", "2026-11-21"],
    ["cel.bind(x, item.id * 2, x + 1)", 15],
    ["json.users.map(params, params.id)", [1, 2]],
    ["bytes > 10 && bytes(text).size() == 8", true],
    ["type(status) == int", true],
    ["run.startedAt", "2026-11-21T08:00:00.500Z"],
    ["run.startedAt + duration('24h')", "2026-11-22T08:00:00.500Z"],
    ["run.startedAt - duration('24h') < run.startedAt", true],
    ["run.startedAt - timestamp('2026-11-21T07:00:00Z')", "3600.5s"],
    ["timestamp('2026-11-21T08:00:00+01:00')", "2026-11-21T07:00:00Z"],
    ["duration('-0.5s') + duration('0s')", "-0.5s"],
    ["later + duration('30m') == duration('2h')", true],
    ["string(later)", "5400s"],
    ["run.startedAt.getHours('Europe/Berlin')", 9],
    ["b'abc'", new Uint8Array([97, 98, 99])],
  ];
  for (const [source, expected] of table) {
    assert.deepEqual(orThrow(compileExpression(source, scope)).evaluate(vars), expected, source);
  }
});

test("evaluate() gives what came in as the very same object", () => {
  const ids = vars.needs.users.outputs.ids;
  for (
    const source of [
      "needs.users.outputs.ids",
      "true ? needs.users.outputs.ids : []",
      "[needs.users.outputs.ids][0]",
    ]
  ) {
    assert.equal(orThrow(compileExpression(source, scope)).evaluate(vars), ids, source);
  }
  assert.equal(evaluate("json.a[0]", { json: { a: [vars.item] } }), vars.item);
});

test("evaluate() reads a path as CEL would, with it and without it", () => {
  const values: readonly unknown[] = [
    ...[7, 1.5, "x", "", null, true, 2n ** 62n, new Date(0), new Uint8Array(1), [1], [[]], { b: 1 }],
    ...[{ b: { c: [1] } }, { b: null }, { b: { c: new Date(5) } }, { constructor: 1 }, {}, undefined],
  ];
  for (const item of values) {
    for (const path of ["item", "item.b", "item['b']", "item.b.c", "item.constructor", "item.length"]) {
      const read = (source: string) => {
        try {
          return { value: evaluate(source, { item }, { item: "dyn" }) };
        } catch (error) {
          assert.ok(error instanceof ExpressionError);
          return "failed";
        }
      };
      assert.deepEqual(read(path), read(`cel.bind(x, ${path}, x)`), `${path} of ${String(item)}`);
    }
  }
});

test("compileExpression() names what is wrong and where", () => {
  const table: readonly [source: string, ...problems: RegExp[]][] = [
    [
      "itm.x",
      /^0:3 unknown name "itm"; did you mean "item"\? \(known here: params, secrets, .*words, later\)$/,
    ],
    ["secrets.tokn", /^8:4 unknown name "tokn"; did you mean "token"\? \(secrets has token\)$/],
    ["needs.users.outputs.xyz + 1", /^20:3 unknown name "xyz" \(needs.users.outputs has ids\)$/],
    ["params['dya']", /^0:13 unknown name "dya"; did you mean "day"/],
    ["has(params.dya)", /^11:3 unknown name "dya"/],
    ["params.?dya.orValue(1)", /^8:3 unknown name "dya"/],
    [
      "json.users.map(u, v.id + nope)",
      /^18:1 unknown name "v"; did you mean "u"/,
      /^25:4 unknown name "nope"/,
    ],
    ["status == 1 ? itme : [{'a': indx}]", /"itme"; did you mean "item"/, /"indx"; did you mean "index"/],
    ["cel.bind(x, itm, y)", /^12:3 unknown name "itm"/, /^17:1 unknown name "y"/],
    ["json.users.map(u, u).size() + u", /^30:1 unknown name "u"/],
    ["json.my-field", /^8:5 unknown name "field".*json\["my-key"\]/],
    [
      "row.port == 22",
      /^0:14 row.port is text and 22 is a whole number: they can never be equal; write int\(row.port\) == 22 .*, or row.port == "22" /,
    ],
    ["22 != row.port", /write 22 != int\(row.port\) .*, or "22" != row.port /],
    ["row.port == index", /write int\(row.port\) == index .*, or row.port == string\(index\)/],
    ["row.on == true", /write row.on == "true"$/],
    ["status == '200'", /write status == 200$/],
    ["text == null", /text is text and null is null: they can never be equal$/],
    ["row.port + 1", /\+ does not work on these; write int\(row.port\) \+ 1/],
    ["status in ['200']", /the one can never be in the other$/],
    ["'a' in text", /write text.contains\('a'\)$/],
    ["json.a && status", /Logical operator requires bool operands, got 'int'/],
    ["status ? 1 : 2", /Ternary condition must be bool, got 'int'/],
    ["-text", /^0:5 - does not work on text, which is text$/],
    ["status.x", /status is a whole number and has no fields/],
    ["lenght(text)", /^0:12 unknown function lenght\(\); did you mean size\(\)\?/],
    ["text.sha256()", /sha256 is a function, not a method: sha256\(string\): string/],
    ["split(text, ',')", /split is a method: string.split\(string\)/],
    [
      "text.split(1)",
      /split\(\) does not work on text, a whole number; it is string.split\(string\): list<string>, or/,
    ],
    [
      "date(status)",
      /^0:12 date\(\) does not work on a whole number; it is date\(int, string\): string, or date\(int, string, string\): string$/,
    ],
    ["now()", /^0:5 unknown function now\(\); the time at which the run started is run.startedAt$/],
    ["date(run.startedAt, 'YYYY-MM-DD')", /directives such as %Y-%m-%d and %H:%M:%S; it got "YYYY-MM-DD"$/],
    ["json.a == ‘a’", /write ' instead of ‘$/],
    ["'a' if status == 1 else 'b'", /write CONDITION \? ONE : OTHER/],
    ["item.id = 1", /^8:1 write == instead of =$/],
    ["status == 200 and true", /^14:3 write && instead of and$/],
    ["status == 200 &&", /^16:1 the expression ends too early$/],
    ["(status", /"\)" is missing/],
    ["json.in", /write \["in"\]/],
    ["not json.ok", /^4:4 write ! instead of not$/],
    ["{'a': 1", /"}" is missing/],
    ["[1, 2", /"\]" is missing/],
    ["1 +* 2", /^3:1 "\*" cannot stand here$/],
    ["if", /^0:2 if is a reserved word$/],
    ["'abc", /^0:4 the text that begins here is not closed$/],
    ["  ", /^0:1 the expression is empty$/],
    ["9223372036854775808", /^0:19 .* does not fit into 64 bits/],
    ["1u", /no unsigned integers/],
    ["json.?a", /this gives an optional; end it with \.orValue/],
    ["date(run.startedAt, '%Q')", /^0:25 date\(\) does not know this directive; it knows .*; it got "%Q"$/],
    ["date(run.startedAt, '%Y', 'Mars/X')", /time zone.*it got "Mars\/X"/],
    ["duration('24 h')", /duration\(\) reads texts such as "24h".*it got "24 h"/],
    ["timestamp('yesterday')", /a time is written as in/],
    ["int('')", /int\(\) reads whole numbers/],
    ["text.matches('(')", /RE2's syntax/],
    ["(".repeat(70) + "1" + ")".repeat(70), /too large: more than the limit of maxDepth/],
    ["1" + "+1".repeat(5000), /too large: more than the limit of maxAstNodes/],
    ["!".repeat(20_000) + "true", /too large|nested too deeply/],
  ];
  for (const [source, ...expected] of table) {
    const problems = problemsOf(compileExpression(source, scope));
    assert.equal(problems.length, expected.length, `${source.slice(0, 80)}: ${problems.join("; ")}`);
    expected.forEach((pattern, position) => assert.match(problems[position]!, pattern, source.slice(0, 80)));
  }
});

test("evaluate() throws ExpressionError that says what failed", () => {
  const table: readonly [source: string, message: RegExp][] = [
    [
      "item.nope",
      /^cannot evaluate `item.nope`: item has no "nope"; did you mean "none"\? If it may be missing/,
    ],
    ["json.zzz", /^cannot evaluate `json.zzz`: json has no "zzz"; if it may be missing/],
    ["item.lst", /item has no "lst"; did you mean "list"\? If it may be missing, use/],
    ["item.list.id", /item.list is a list and has no "id"; one element's is item.list\[0\].id, those of all/],
    ["item.list.length", /item.list is a list; how many elements it has is size\(item.list\)$/],
    ["item.list.length > 1", /item.list has no "length"; how many elements it has is size\(item.list\)$/],
    ["item.nope + 1", /item has no "nope"; if it may be missing, write item\.\?nope\.orValue/],
    ["json['a-b'] + 1", /json has no "a-b"; if it may be missing, write json\[\?"a-b"\]/],
    ["json[item.name] + 1", /json has nothing at item.name$/],
    ["item.none.x", /item.none has no "x"/],
    ["item.list[9]", /item.list has no such position$/],
    ["item.list[-1]", /item.list has no such position$/],
    ["item.name + 1", /\+ does not work on a text and a whole number; convert one of them/],
    ["item.name < 1", /< does not work on a text and a whole number/],
    ["item.list < 1", /< does not work on a list and a whole number/],
    ["1 in item.name", /in does not work on a whole number and a text/],
    ["-item.name", /- does not work on a text$/],
    ["!item.name", /! does not work on a text$/],
    ["item.id ? 1 : 2", /must be bool, got 'int'/],
    ["item.id.size()", /`: size\(\) does not work on int$/],
    ["item.name.split(item.id)", /`: split\(\) does not work on string, int$/],
    ["int(item.name)", /int\(\) reads whole numbers such as "42"; it got "x y"$/],
    ["int(item.list)", /`: int\(\) does not work on list$/],
    ["1 / (item.id - 7)", /\/ by zero/],
    ["1 % (item.id - 7)", /% by zero/],
    ["1.0 / 0.0", /gives Infinity/],
    ["9223372036854775807 + item.id", /does not fit into 64 bits/],
    ["-(-9223372036854775807 - item.id + 6)", /does not fit into 64 bits/],
    ["int(1e300)", /does not fit into 64 bits/],
    ["dyn(json.?nope)", /gives an optional/],
    ["{item.list: 1}", /a key of a map is a text/],
    ["run.startedAt + duration('87600000h')", /outside of the years 1 to 9999/],
    ["missing.x", /missing.x has no value here; if it may be missing/],
  ];
  for (const [source, message] of table) {
    const expression = orThrow(compileExpression(source, { ...scope, missing: { fields: { x: "dyn" } } }));
    assert.throws(() => expression.evaluate(vars), (error) => {
      assert.ok(error instanceof ExpressionError, source);
      assert.match(error.message, message, source);
      return true;
    });
  }
});

test("evaluate() never shows a value where a secret is read", () => {
  for (
    const source of [
      "int(secrets.token)",
      "bool(secrets.token)",
      "duration(secrets.token)",
      "json[secrets.token]",
    ]
  ) {
    const expression = orThrow(compileExpression(source, scope));
    assert.throws(
      () => expression.evaluate(vars),
      (error: Error) => !error.message.includes("s3cret"),
      source,
    );
  }
});

test("names tells every name that is read, with its known fields", () => {
  const table: readonly [source: string, ...names: string[]][] = [
    ["1 + 2"],
    ["item", "item"],
    ["item.name.size() + index", "item", "index"],
    ["needs.users.outputs.ids[0].x", "needs.users.outputs.ids"],
    ["needs.users", "needs.users"],
    ["params['day'] + params[item.k]", "params.day", "params", "item"],
    ["has(params.day) && has(json.a.b)", "params.day", "json"],
    ["params.?n.orValue(0)", "params.n"],
    ["json.users.map(u, u.id + index)", "json", "index"],
    ["json.users.map(item, item.id)", "json"],
    ["cel.bind(json, item, json)", "item"],
    ["status == 200 ? secrets.token : text", "status", "secrets.token", "text"],
    ["bytes + bytes(text).size()", "bytes", "text"],
  ];
  for (const [source, ...names] of table) {
    const expression = orThrow(compileExpression(source, scope));
    assert.deepEqual([...expression.names].sort(), names.sort(), source);
  }
});

test("type is CEL's, and dyn when only evaluation tells", () => {
  const table = [
    ["status", "int"],
    ["status == 200", "bool"],
    ["json", "dyn"],
    ["1.5 * 2", "double"],
    ["row", "map<string, string>"],
    ["text.lines()", "list<string>"],
    ["json.users.map(u, u.id)", "list"],
    ["run.startedAt", "timestamp"],
    ["run.startedAt - run.startedAt", "duration"],
    ["status == 200 ? 1 : 'a'", "dyn"],
    ["params", "map"],
  ] as const;
  for (const [source, type] of table) {
    assert.equal(orThrow(compileExpression(source, scope)).type, type, source);
  }
});

test("evaluate() touches only what is read, and lets a getter's own error through", () => {
  class DecodeError extends Error {}
  const lazy = {
    status: 404,
    get json(): never {
      throw new DecodeError("no JSON");
    },
  };
  const fields: Scope = { status: "int", json: "dyn" };
  assert.equal(evaluate("status == 404 || json.ok", lazy, fields), true);
  assert.equal(evaluate("json.ok || status == 404", lazy, fields), true);
  for (
    const source of [
      "json",
      "json.ok",
      "json.ok == true",
      "has(json.ok)",
      "[1].map(x, json)",
      "json.?a.orValue(1)",
    ]
  ) {
    assert.throws(() => evaluate(source, lazy, fields), DecodeError, source);
  }
});

test("evaluate() lets through what a getter further down throws", () => {
  const tooLarge = new Error("too large");
  const needs = {
    users: {
      get outputs(): never {
        throw tooLarge;
      },
    },
  };
  for (const source of ["needs.users.outputs", "needs.users.outputs.a", "needs.users.outputs.a + 1"]) {
    assert.throws(() => evaluate(source, { needs }), (error) => error === tooLarge, source);
  }
});

test("evaluate() nests: a getter may evaluate another expression", () => {
  const vars = {
    a: 1,
    get b() {
      return evaluate("a + 1", { a: 10 });
    },
  };
  assert.equal(evaluate("a + b + a", vars), 13);
});

test("evaluate() takes names that are CEL's types or JavaScript's own", () => {
  const hostile = JSON.parse(
    '{"constructor":1,"__proto__":{"x":2},"toString":3,"hasOwnProperty":4,"size":5,"get":6}',
  );
  assert.equal(
    evaluate("json.constructor + json.__proto__.x + json.toString + json.size + json.get", { json: hostile }),
    17,
  );
  assert.equal(evaluate("json.size()", { json: hostile }), 6);
  assert.equal(evaluate("bytes + list.size()", { bytes: 1, list: [1] }), 2);
  assert.throws(() => evaluate("json.valueOf + 1", { json: hostile }), ExpressionError);
});

test("evaluation of any text over any data throws nothing but ExpressionError", () => {
  const word = fc.constantFrom(
    ...("item json index nope 1 2.5 'a' \"b\" null true [ ] { } ( ) . .? , : ? + - * / % == != < >= in && || ! " +
      "map filter all exists size has split join replace lines sum distinct toJson int string timestamp duration date " +
      "matches x x.id item.a json.users [0] .a .b ${{ }} \\ // ''' 9e9 r'").split(" "),
  );
  const source = fc.array(word, { maxLength: 12 }).map((words) => words.join(words.length % 2 ? " " : ""));
  fc.assert(
    fc.property(
      fc.oneof(source, fc.string({ unit: "grapheme", maxLength: 30 })),
      fc.jsonValue(),
      (text, item) => {
        const compiled = compileExpression(text, { item: "dyn", json: "dyn", index: "int" });
        if (!compiled.ok) {
          for (const { offset, length } of compiled.problems) {
            assert.ok(offset >= 0 && length >= 1 && offset <= text.length, `${offset}:${length}`);
          }
          return;
        }
        try {
          compiled.value.evaluate({ item, json: { users: [item], a: item, b: 1 }, index: 1 });
        } catch (error) {
          assert.ok(error instanceof ExpressionError, String(error));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test("operands() gives what a condition compares, and nothing that reads a secret", () => {
  const operandsOf = (source: string) => {
    const condition = orThrow(compileExpression(source, scope));
    return condition.operands().map((operand) => [operand.source, operand.evaluate(vars)]);
  };
  assert.deepEqual(operandsOf("status == 201 && item.id == index"), [["status", 200], ["item.id", 7], [
    "index",
    4,
  ]]);
  assert.deepEqual(operandsOf("text == secrets.token"), [["text", vars.text]]);
});
