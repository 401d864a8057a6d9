import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../tests/fixtures/plan_of.ts";
import { sampleResult } from "../../tests/support/sample_run.ts";
import type { EarlierRuns } from "../journal/earlier_runs.ts";
import type { Result } from "../model/result.ts";
import type { EarlierEnd } from "../model/run_record.ts";
import { type CarryOver, makeCarryOver } from "./carry_over.ts";
import { type Carried, idOfList, keptFromJournal } from "./earlier_result.ts";

const error = { code: "http_status", message: "status 500", retryable: true } as const;
const unknown = { code: "outcome_unknown", message: "killed", retryable: false } as const;

interface Given {
  readonly task?: object;
  readonly rerun?: boolean;
  /** Outputs that expressions of other tasks read. */
  readonly reads?: readonly string[];
  /** Another task of the plan. */
  readonly other?: object;
  /** Something that reads its outputs is still to run. */
  readonly isNeeded?: boolean;
  readonly lists?: { readonly [id: string]: string };
  /** Why what was saved cannot stay where it is. */
  readonly clash?: string;
}

const id = "0".repeat(32);

function carry(end: EarlierEnd | null, given: Given = {}): CarryOver {
  const task = { exec: { command: ["true"] }, ...given.task };
  const plan = planOf({ tasks: { t: task, ...(given.other ? { other: given.other } : {}) } }).plan!;
  const earlier = {
    find: (asked: string) => asked === id ? end : null,
    findList: (asked: string) => given.lists?.[asked] ?? null,
  } as EarlierRuns;
  return makeCarryOver({
    plan,
    earlier,
    rerun: new Set(given.rerun ? ["t"] : []),
    outputsRead: new Map(given.reads === undefined ? [] : [["t", new Set(given.reads)]]),
    claimSaved: (owner, shown) =>
      given.clash === undefined ? null : `${owner.index} ${shown}: ${given.clash}`,
    neededAgain: () => async () => given.isNeeded === true,
  });
}

function ended(change: Partial<Result>): EarlierEnd {
  const result = sampleResult(3, { task: "t", ...change });
  return { kind: "ended", outcome: result.outcome, resultJson: JSON.stringify(result) };
}

const table: readonly (readonly [what: string, end: EarlierEnd | null, given: Given, stands: boolean])[] = [
  ["an input that is new", null, {}, false],
  ["ok", ended({}), {}, true],
  ["ok of a task that is to run again", ended({}), { rerun: true }, false],
  ["failed", ended({ outcome: "failed", error }), {}, false],
  ["timed_out", ended({ outcome: "timed_out", error }), {}, false],
  ["cancelled", ended({ outcome: "cancelled", error }), {}, false],
  ["not_run", ended({ outcome: "not_run" }), {}, false],
  ["skipped by if", ended({ outcome: "skipped", reason: "if" }), {}, true],
  ["skipped by if, to run again", ended({ outcome: "skipped", reason: "if" }), { rerun: true }, false],
  ["skipped by a dependency", ended({ outcome: "skipped", reason: "dependency", error }), {}, false],
  ["skipped by a circuit", ended({ outcome: "skipped", reason: "circuit_open", error }), {}, false],
  ["an allowed failure", ended({ outcome: "failed", allowed: true, error }), {
    task: { allowFailure: true },
  }, true],
  ["an allowed timeout", ended({ outcome: "timed_out", allowed: true, error }), {
    task: { allowFailure: true },
  }, true],
  ["a failure that is allowed no more", ended({ outcome: "failed", allowed: true, error }), {}, false],
  ["a failure that is allowed by now", ended({ outcome: "failed", error }), {
    task: { allowFailure: true },
  }, false],
  ["an unknown outcome", ended({ outcome: "failed", error: unknown }), {}, true],
  ["an unknown outcome, to run again", ended({ outcome: "failed", error: unknown }), { rerun: true }, true],
  ["an unknown outcome of an idempotent task", ended({ outcome: "failed", error: unknown }), {
    task: { idempotent: true },
  }, false],
  ["cancelled with an unknown outcome", ended({ outcome: "cancelled", error: unknown }), {}, true],
  ["cancelled with an unknown outcome, idempotent", ended({ outcome: "cancelled", error: unknown }), {
    task: { idempotent: true },
  }, false],
  ["begun without an end", { kind: "lost" }, {}, true],
  ["begun without an end, to run again", { kind: "lost" }, { rerun: true }, true],
  ["begun without an end, idempotent", { kind: "lost" }, { task: { idempotent: true } }, false],
];

for (const [what, end, given, stands] of table) {
  test(`take() ${stands ? "keeps" : "runs"} ${what}`, async () => {
    const carryOver = carry(end, given);
    assert.equal(await carryOver.take(0, 3, id) !== null, stands);
    const { kept, again, added, unknown } = carryOver.tallies[0]!;
    assert.equal(kept + again + added + unknown, 1);
    assert.equal(added, end === null ? 1 : 0);
    assert.equal(kept + unknown, stands ? 1 : 0);
  });
}

test("take() changes nothing of a result but its index", async () => {
  const json =
    `{"index":3,"task":"t","key":"a, b","outcome":"ok","outputs":{"n":12345678901234567890},"x":[1,2]}`;
  const carryOver = carry({ kind: "ended", outcome: "ok", resultJson: json });
  const { kept, output } = (await carryOver.take(0, 1_000_000, id))!;
  assert.equal(kept!.json, json.replace('"index":3', '"index":1000000'));
  assert.deepEqual(output!.outputs, { n: 12345678901234567890n });
  assert.equal(carryOver.tallies[0]!.moved, 1);
});

test("take() gives what ended unknown an error that says how to go on", async () => {
  for (const end of [{ kind: "lost" }, ended({ outcome: "cancelled", error: unknown })] as const) {
    const { ending, kept } = (await carry(end).take(0, 0, id))!;
    assert.equal(kept, null);
    assert.ok(ending.outcome === "failed" && ending.error.code === "outcome_unknown");
    assert.match(ending.error.message, /idempotent: true/);
  }
});

const token = { outputs: { token: { value: "stdout", secret: true }, user: "stdout" } };
const plain = { outputs: { user: "stdout" } };
const consumer = { foreach: { from: "t" }, exec: { command: ["true"] } };
const eachConsumer = { foreach: { from: "t", each: "[1]" }, exec: { command: ["true"] } };
const listId = (each: object) => {
  const plan = planOf({ tasks: { t: { exec: { command: ["true"] } }, other: each } }).plan!;
  return idOfList(id, plan.tasks[1]!);
};

const wholeness:
  readonly (readonly [what: string, outputs: object | null, given: Given, isWhole: boolean])[] = [
    ["nobody reads", { token: "***", user: "u" }, { task: token }, true],
    ["others read with a secret", { token: "***", user: "u" }, { task: token, reads: ["token"] }, false],
    ["others read but for a secret", { token: "***", user: "u" }, { task: token, reads: ["user"] }, true],
    ["others read", { user: "u" }, { task: plain, reads: ["user"] }, true],
    ["others read, and lacks one", {}, { task: plain, reads: ["user"] }, false],
    ["others read, and has none", null, { task: plain, reads: ["user"] }, false],
    ["others read, and was masked", { user: { a: ["x***y"] } }, { task: plain, reads: ["user"] }, false],
    ["a task goes through, secrets left out", { token: "***", user: "u" }, {
      task: token,
      other: consumer,
    }, true],
    ["a task goes through, and was masked", { user: "***" }, { task: plain, other: consumer }, false],
    ["a list is taken of", null, { other: eachConsumer, lists: { [listId(eachConsumer)]: "[1,2]" } }, true],
    ["a list is taken of that held a secret", null, {
      other: eachConsumer,
      lists: { [listId(eachConsumer)]: keptFromJournal },
    }, false],
    ["another list is taken of by now", null, {
      other: { ...eachConsumer, foreach: { from: "t", each: "[2]" } },
      lists: { [listId(eachConsumer)]: "[1,2]" },
    }, false],
  ];

for (const [what, outputs, given, isWhole] of wholeness) {
  test(`look() takes an ok run whose outputs ${what} for ${isWhole ? "whole" : "not whole"}`, async () => {
    const end = ended({ outputs } as Partial<Result>);
    const found = carry(end, given).look(0, 3, id);
    assert.ok(typeof found === "object");
    assert.equal(found.isWhole, isWhole);
    assert.notEqual(await carry(end, given).take(0, 3, id), null);
    assert.equal(await carry(end, { ...given, isNeeded: true }).take(0, 3, id) !== null, isWhole);
  });
}

test("take() hands a kept list to the task that goes through it", async () => {
  const lists = { [listId(eachConsumer)]: '["a",{"b":1}]' };
  const { kept, output } = (await carry(ended({}), { other: eachConsumer, lists }).take(0, 3, id))!;
  assert.deepEqual([...output!.feeds!], [[1, ["a", { b: 1 }]]]);
  assert.deepEqual([...kept!.lists].map(({ json }) => json), ['["a",{"b":1}]']);
});

test("take() keeps no result whose file another task run has taken", () => {
  const saved = ended({ output: { saved: "out/x" } });
  const given = carry(saved, { clash: "taken" });
  const { ending, kept } = given.take(0, 5, id) as Carried;
  assert.equal(kept, null);
  assert.deepEqual(ending, {
    outcome: "failed",
    error: { code: "save", message: "5 out/x: taken", retryable: false },
  });
  assert.deepEqual([given.tallies[0]!.kept, given.tallies[0]!.again], [0, 1]);
  assert.notEqual((carry(saved).take(0, 5, id) as Carried).kept, null);
});
