import assert from "node:assert/strict";
import { test } from "node:test";
import { Environment } from "@marcbachmann/cel-js/evaluator";
import { functionTable } from "./cel_environment.ts";
import type { CelEvaluator, CelNode, CelType, Comprehension } from "./cel_node.ts";
import { evaluate } from "./testing.ts";

// What we rely on that the library does not promise. An upgrade that breaks one of these breaks expressions.

function parse(source: string) {
  const environment = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true });
  const run = environment.parse(source);
  return { run, root: run.ast as unknown as CelNode };
}

test("a node's check and evaluate can be replaced through setMeta() until it is evaluated", () => {
  const { run, root } = parse("x + 1");
  const [x] = root.args as [CelNode];
  x.setMeta("check", (checker: { getType(name: string): CelType }) => checker.getType("int"));
  x.setMeta("evaluate", () => 41n);
  assert.equal(run.check().type, "int");
  assert.equal(run(), 42n);
  assert.equal(x.checkedType?.name, "int");
});

test("the type check leaves what an operator or a call does in node.handle, where it can be wrapped", () => {
  for (
    const source of [
      "size('abc')",
      "'abc'.size()",
      "[1, 2, 3].filter(x, true).size()",
      "-(-3)",
      "dyn([3])[?0].orValue(0)",
    ]
  ) {
    const { run, root } = parse(source);
    assert.ok(run.check().valid, source);
    const seen: string[] = [];
    const wrap = (node: CelNode) => {
      const handle = node.handle;
      if (handle !== undefined) {
        node.handle = (...args) => {
          seen.push(node.op);
          return handle(...args);
        };
      }
      const inner = node.meta.alternate ?? node.args;
      for (const child of [inner].flat(3) as unknown[]) {
        if (typeof child === "object" && child !== null && "op" in child) wrap(child as CelNode);
      }
    };
    wrap(root);
    assert.equal(run(), 3n, source);
    assert.ok(seen.length > 0, source);
  }
});

test("calls get their evaluated arguments first, operators their operands, comprehensions their range", () => {
  const first = (source: string) => {
    const { run, root } = parse(source);
    run.check();
    let given: unknown;
    const node = root.meta.alternate ?? root;
    const handle = node.handle!;
    node.handle = (...args) => {
      given = args[0];
      return handle(...args);
    };
    run();
    return given;
  };
  assert.deepEqual(first("size('abc')"), ["abc"]);
  assert.deepEqual(first("'abc'.contains('b')"), ["abc", "b"]);
  assert.deepEqual(first("[1, 2].map(x, x)"), [1n, 2n]);
  assert.equal(first("-(1)"), 1n);
  assert.deepEqual(first("[5][?0]"), [5n]);
});

test("list macros are expanded to a comprehension with its parts in place", () => {
  for (
    const macro of [
      "map(v, v)",
      "map(v, true, v)",
      "filter(v, v)",
      "all(v, v)",
      "exists(v, v)",
      "exists_one(v, v)",
    ]
  ) {
    const { root } = parse(`list.${macro}`);
    const { op, args } = root.meta.alternate!;
    assert.equal(op, "comprehension", macro);
    const { iterable, iterVarName, step } = args as Comprehension;
    assert.equal(iterable.args, "list", macro);
    assert.equal(iterVarName, "v", macro);
    assert.ok(["accuPush", "?:"].includes(step.op), macro);
  }
  const bind = parse("cel.bind(v, 1, v)").root.meta.macro!;
  assert.deepEqual([bind.var, bind.val?.args, bind.exp?.args], ["v", 1n, "v"]);
  assert.ok(parse("has(a.b)").root.meta.macro !== undefined);
});

test("branches of two types fail last in the check of ?:, by a code of its own", () => {
  const checked = parse("true ? 1 : 'a'").run.check();
  assert.equal((checked.error as unknown as { code: string }).code, "incompatible_ternary_branches");
});

test("functions are looked up in candidates that can be emptied, one list per form, name and number of arguments", () => {
  const signatures = functionTable().map((entry) => entry.signature);
  assert.equal(new Set(signatures).size, signatures.length);
  assert.ok(
    !signatures.some((signature) => signature.startsWith("uint(") || signature.startsWith("findEvaluator")),
  );
  assert.ok(signatures.includes("list<dyn>.join(string): string"));
  assert.ok(!signatures.includes("list<string>.join(string): string"));
  // Another environment keeps the library's own.
  assert.equal(new Environment().evaluate("uint(1) == 1u"), true);
});

test("functions are called on the evaluator, and it looks its own methods up there", () => {
  const environment = new Environment({ unlistedVariablesAreDyn: true });
  let evaluator: CelEvaluator | undefined;
  environment.registerFunction("peek(): bool", function (this: CelEvaluator) {
    evaluator = this;
    return true;
  }, { async: false });
  environment.evaluate("peek()");
  const called: string[] = [];
  const { debugTypeDeep, tryEval } = evaluator!;
  evaluator!.debugTypeDeep = (value) => (called.push("debugTypeDeep"), debugTypeDeep.call(evaluator, value));
  evaluator!.tryEval = (node, context) => (called.push("tryEval"), tryEval.call(evaluator, node, context));
  environment.evaluate("x.size() == 1 && [1].exists(v, v == 1)", { x: [[1]] });
  assert.deepEqual([...new Set(called)].sort(), ["debugTypeDeep", "tryEval"]);
});

test("maps are told by their constructor and by instanceof, never by their insides", () => {
  assert.equal(
    evaluate("x.a == {'b': 1} && x == {'a': {'b': 1.0}} && 'a' in x && x.size() == 1", {
      x: { a: { b: 1 } },
    }),
    true,
  );
  assert.deepEqual(evaluate("x.map(k, k) + x.filter(k, x[k] == 2)", { x: { a: 1, b: 2 } }), ["a", "b", "b"]);
  assert.equal(
    evaluate("type(x) == map && has(x.a) && x.?a.hasValue() && !x.?b.hasValue()", { x: { a: 1 } }),
    true,
  );
});
