import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isName, isVariableName, nameProblem, readsSecrets, rootOf, suggestName } from "./names.ts";
import { evaluate } from "./testing.ts";

test("isName() takes what an expression can read, and no word of CEL", () => {
  for (const name of ["a", "_a", "users2", "myTask", "status", "lines", "date"]) {
    assert.ok(isName(name), name);
  }
  for (
    const word of ["", "2a", "my-task", "a.b", "é", "a b", "in", "true", "loop", "__proto__"]
  ) {
    assert.ok(!isName(word), word);
  }
});

test("isVariableName() takes no name of a type: only a field may have it", () => {
  for (const word of ["list", "bytes", "type", "google", "in"]) assert.ok(!isVariableName(word), word);
  for (const word of ["list", "bytes", "type", "google"]) {
    assert.equal(evaluate(`needs.${word}`, { needs: { [word]: 2 } }), 2);
  }
});

test("a name is readable, as a variable and as a field", () => {
  fc.assert(fc.property(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), (name) => {
    if (!isVariableName(name) || name === "needs") return;
    assert.equal(evaluate(`${name} + needs.${name}`, { needs: { [name]: 2 }, [name]: 1 }), 3);
  }));
});

test("suggestName() gives a legal name near the given one", () => {
  const table: readonly [given: string, name: string | undefined][] = [
    ["my-task", "myTask"],
    ["fetch users", "fetchUsers"],
    ["2nd", "_2nd"],
    ["list", "list_"],
    ["a.b-c", "aBC"],
    ["-x", "X"],
    ["é", undefined],
    ["", undefined],
  ];
  for (const [given, name] of table) assert.equal(suggestName(given), name, given);
  fc.assert(fc.property(fc.string(), (given) => {
    const name = suggestName(given);
    assert.ok(name === undefined || isName(name), `${given} → ${name}`);
  }));
});

test("nameProblem() says why, and what would do", () => {
  assert.equal(nameProblem("users"), undefined);
  assert.equal(
    nameProblem("my-task"),
    '"my-task" is no name: letters, digits and _ only, and no digit first; did you mean myTask?',
  );
  assert.equal(nameProblem("in"), '"in" is a word of the expression language; did you mean in_?');
  assert.equal(nameProblem("list"), undefined);
  assert.match(nameProblem("list", isVariableName)!, /did you mean list_/);
});

test("readsSecrets() looks at the first word", () => {
  assert.ok(readsSecrets(["item", "secrets.token"]));
  assert.ok(readsSecrets(["secrets"]));
  assert.ok(!readsSecrets(["secretsOf.x", "needs.secrets"]));
  assert.equal(rootOf("needs.users.outputs"), "needs");
});
