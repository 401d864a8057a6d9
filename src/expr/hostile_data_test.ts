import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpressionError } from "../model/expression.ts";
import { evaluate } from "./testing.ts";

// What data can do to an honest expression. Nothing here measures time: without its bound each of these would take
// minutes or all memory, and the test run with it.

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

const million = Array.from({ length: 1_000_000 }, (_, index) => index);
const vars = {
  million,
  thousands: million.slice(0, 2000),
  long: "x".repeat(1_000_000),
  digits: "1".repeat(200_000),
  deepList: nested(200_000, (inner) => [inner]),
  deepMap: nested(200_000, (a) => ({ a })),
  wide: Object.fromEntries(million.slice(0, 100_000).map((index) => [`k${index}`, index])),
};

test("an evaluation ends after its steps, whatever it is that takes them", () => {
  for (
    const source of [
      "million.map(a, million.map(b, a + b)).size()",
      "million.exists(a, million.exists(b, million.exists(c, c == -1)))",
      "million.exists(a, a / 0 == 1)",
      "million.exists(a, a.nope == 1)",
      "thousands.map(a, -a in million).size()",
      "thousands.map(a, wide == {'a': a} || wide.size() == a || toJson(wide) == '').size()",
      "thousands.map(a, long + long).size()",
      "thousands.map(a, long).join('').size()",
      "long.replace('', long).size()",
      "thousands.map(a, long.split('')).size()",
      "thousands.map(a, long.matches('(x|y)*[z]{9}$')).size()",
      "thousands.map(a, long.upperAscii()).size()",
      "thousands.map(a, date(a, '%F', 'Europe/' + string(a))).size()",
      "million.map(a, date(a, '%F', 'Europe/Berlin')).size()",
      "cel.bind(a, million + million, cel.bind(b, a + a + a + a, b + b + b + b)).size()",
      "million.map(a, million[?-1].orValue(a)).distinct().size()",
    ]
  ) {
    assert.throws(() => evaluate(source, vars), (error) => {
      assert.ok(error instanceof ExpressionError, source);
      assert.match(error.message, /it took more than 1,000,000 steps|a time zone is named/, source);
      return true;
    });
  }
});

test("no error handling of CEL swallows that the steps are used up", () => {
  for (
    const source of [
      "million.map(a, [a, a, a, a, a, a, a, a, a]).size() > 0 || true",
      "thousands.exists(a, thousands.map(b, thousands).size() == 0 || thousands.all(b, long + long == long))",
    ]
  ) {
    assert.throws(() => evaluate(source, vars), /1,000,000 steps/, source);
  }
  assert.equal(evaluate("true || million.all(a, million.all(b, b >= 0))", vars), true);
});

test("honest work over large data fits", () => {
  const table: readonly [source: string, value: unknown][] = [
    ["million.size()", 1_000_000],
    ["million[999999]", 999_999],
    ["million.sum()", 499_999_500_000],
    ["999999 in million", true],
    ["thousands.map(a, million[a]).sum()", 1_999_000],
    ["thousands.map(a, wide.k7 + wide.size()).size()", 2000],
    ["wide.map(k, wide[k]).sum()", 4_999_950_000],
    ["long.contains('y') || long.size() == 1000000", true],
    ["long.matches('^x+$')", true],
    ["sha256(long + long).size()", 64],
    ["(long + '\\n' + long).lines().size()", 2],
  ];
  for (const [source, value] of table) assert.equal(evaluate(source, vars), value, source);
});

test("data nested without end is an error, and never an overflow", () => {
  for (
    const source of [
      "deepList == deepList[0]",
      "deepMap == deepMap.a",
      "toJson(deepList)",
      "toJson(deepMap)",
      "[deepMap].distinct()",
      "deepList.size()",
      "deepList ? 1 : 2",
    ]
  ) {
    assert.throws(() => evaluate(source, vars), ExpressionError, source);
  }
  assert.equal(evaluate("deepMap.a.a.a.size()", vars), 1);
  assert.equal(evaluate("deepMap", vars), vars.deepMap);
});

test("texts that are read are bounded before they are", () => {
  for (const source of ["duration(digits)", "int(digits)", "timestamp(digits)", "date(digits, '%F')"]) {
    assert.throws(() => evaluate(source, vars), /it got a text of 200,000 characters/, source);
  }
});
