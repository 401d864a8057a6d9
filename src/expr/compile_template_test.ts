import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpressionError, type Scope } from "../model/expression.ts";
import { compileBare, compileTemplate } from "./compile_template.ts";
import { orThrow, problemsOf } from "./testing.ts";

const scope: Scope = {
  item: "dyn",
  id: "dyn",
  status: "int",
  at: "timestamp",
  secrets: { fields: { token: "string" } },
};
const vars = {
  item: {
    name: "a/b",
    list: [1, "x"],
    map: { a: 1 },
    none: null,
    half: 1.5,
    big: 2n ** 62n,
    yes: true,
    none2: undefined,
  },
  id: 17,
  status: 200,
  at: new Date("2026-11-21T08:00:00Z"),
  secrets: { token: "s3cret" },
};

test("render() keeps the type of one whole expression, and makes text of everything else", () => {
  const table: readonly [source: string, value: unknown][] = [
    ["${{ item.list }}", [1, "x"]],
    ["${{ id }}", 17],
    ["${{id + 1}}", 18],
    ["${{ id }} ", "17 "],
    ["/users/${{ id }}/${{ item.name }}", "/users/17/a/b"],
    ["${{ id }}${{ id }}", "1717"],
    [
      "${{ item.half }} ${{ item.yes }} ${{ item.big }} ${{ at }} ${{ -id }}",
      "1.5 true 4611686018427387904 2026-11-21T08:00:00Z -17",
    ],
    ["${{ duration('90m') }}|${{ b'ab' }}", "5400s|ab"],
    ["$HOME $${{ id }}", "$HOME ${{ id }}"],
    ["", ""],
  ];
  for (const [source, value] of table) {
    assert.deepEqual(orThrow(compileTemplate(source, scope)).render(vars), value, source);
  }
});

test("renderText() encodes what expressions give, and says which part it is", () => {
  const template = orThrow(compileTemplate("/a/${{ item.name }}/${{ id }}", scope));
  assert.equal(template.renderText(vars, (text, part) => `<${part}:${text}>`), "/a/<1:a/b>/<3:17>");
  assert.deepEqual(template.parts.map((part) => typeof part), ["string", "object", "string", "object"]);
});

test("renderText() refuses what is no scalar, naming the expression and the remedy", () => {
  const table: readonly [source: string, message: RegExp][] = [
    [
      "a ${{ item.list }}",
      /^cannot write `item.list` into a text: it is a list; use \(item.list\).join\(","\) or toJson/,
    ],
    ["a ${{ item.map }}", /it is a map; use one of its fields, or toJson\(item.map\)$/],
    [
      "a ${{ item.none }}",
      /it is null; give a text for that case, as in item.none != null \? item.none : ""$/,
    ],
    ["a ${{ b'\\xff' }}", /its bytes are no UTF-8/],
    ["a ${{ item.none2 }}", /item has no "none2"/],
  ];
  for (const [source, message] of table) {
    const template = orThrow(compileTemplate(source, scope));
    assert.throws(() => template.renderText(vars), (error) => {
      assert.ok(error instanceof ExpressionError);
      assert.match(error.message, message, source);
      return true;
    });
  }
  const whole = orThrow(compileTemplate("${{ item.list }}", scope));
  assert.throws(() => whole.renderText(vars), /it is a list/);
});

test("a template tells its shape and its names", () => {
  const shape = (source: string) => {
    const { constant, whole, leading, names } = orThrow(compileTemplate(source, scope));
    return { constant, whole, leading, names: [...names] };
  };
  assert.deepEqual(shape("a$${{"), { constant: true, whole: false, leading: false, names: [] });
  assert.deepEqual(shape("${{ id }}"), { constant: false, whole: true, leading: true, names: ["id"] });
  assert.deepEqual(shape("${{ id }}/${{ secrets.token }}"), {
    constant: false,
    whole: false,
    leading: true,
    names: ["id", "secrets.token"],
  });
  assert.deepEqual(shape(" ${{ id }}"), { constant: false, whole: false, leading: false, names: ["id"] });
});

test("compileTemplate() gives every problem, at its place in the whole text", () => {
  const source = "a ${{ itm }} b ${{ status == '1' }} c ${{ }} d ${{ id";
  const problems = problemsOf(compileTemplate(source, scope));
  assert.equal(problems.length, 4);
  assert.deepEqual(problems.map((problem) => problem.split(" ")[0]).sort(), ["19:13", "38:6", "47:3", "6:3"]);
});

test("compileBare() takes an expression, and one whole ${{ }}", () => {
  for (const source of ["id + 1", " id + 1 ", "${{ id + 1 }}", "  ${{ id + 1 }}\n"]) {
    assert.equal(orThrow(compileBare(source, scope)).evaluate(vars), 18, source);
  }
  assert.equal(orThrow(compileBare("'${{ x }}'", scope)).evaluate(vars), "${{ x }}");
  const table: readonly [source: string, problem: RegExp][] = [
    ["${{ itm }}", /^4:3 unknown name "itm"/],
    ["${{ id }} == 1", /leave out the \$\{\{ \}\}, or put it around all of it/],
    ["${{ id }} + ${{ id }}", /leave out the/],
    ["${{ id", /not closed/],
    ["id == ${{ id }}", /^6:1 this is an expression already: leave out the/],
    ["", /the expression is empty/],
  ];
  for (const [source, problem] of table) {
    assert.match(problemsOf(compileBare(source, scope))[0]!, problem, source);
  }
});
