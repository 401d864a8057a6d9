import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bring, planOf } from "../../tests/fixtures/plan_of.ts";
import { comparePlans, type PlanIdentity, planIdentity } from "./plan_identity.ts";

const exec = { command: ["true"] };
const base = { name: "n", params: { a: 1, b: 2 }, tasks: { t: { exec }, u: { exec, foreach: ["a"] } } };

function identity(raw: object, bring?: Bring): PlanIdentity {
  return planIdentity(planOf(raw, bring).plan!);
}

test("planIdentity() is the same for the same plan, whatever the run, the limits or the order of params", () => {
  const before = identity(base);
  assert.deepEqual(identity(base, { runId: "other", startedAt: "2027-01-01T00:00:00Z" }), before);
  assert.deepEqual(
    identity({ ...base, run: { concurrency: 3 }, defaults: { timeout: "1s", retry: 9 } }),
    before,
  );
  assert.deepEqual(identity({ ...base, params: { b: 2, a: 1 } }), before);
  assert.notEqual(identity({ ...base, params: { a: 1, b: 3 } }).params, before.params);
});

test("planIdentity() knows which part of the plan was asked for", () => {
  assert.equal(identity(base).selection, null);
  const some = identity(base, { flags: { only: ["t", "u"], first: 3 } });
  assert.equal(some.selection, "--only t --only u --first 3");
});

const edits: readonly (readonly [change: object, refusal: string | null, ...edits: string[]])[] = [
  [{}, null],
  [{ name: "m" }, 'the run belongs to "n", the config is named "m"'],
  [{ tasks: { t: { http: { url: "http://x/" } } } }, "task t was of kind exec and is now of kind http"],
  [{ tasks: { t: { exec } } }, null, "task u: not in this run"],
  [{ tasks: { ...base.tasks, constructor_: { exec } } }, null, "task constructor_: added"],
  [{ tasks: { ...base.tasks, u: { exec, foreach: ["a", "b"] } } }, null, "task u: foreach changed"],
  [
    { tasks: { ...base.tasks, t: { exec: { command: ["false"] }, expect: ["exitCode == 0"] } } },
    null,
    "task t: exec, expect changed",
  ],
  [{ tasks: { u: base.tasks.u, t: base.tasks.t } }, null],
];

for (const [change, refusal, ...listed] of edits) {
  test(`comparePlans() after ${JSON.stringify(change)}`, () => {
    assert.deepEqual(comparePlans(identity(base), identity({ ...base, ...change })), {
      refusal,
      edits: listed,
    });
  });
}
