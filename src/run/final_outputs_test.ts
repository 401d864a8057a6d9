import assert from "node:assert/strict";
import { test } from "node:test";
import { stringifyJson } from "../model/json.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { ResultStore } from "../model/run_record.ts";
import { finalOutputs } from "./final_outputs.ts";

const task = (name: string, more: Partial<TaskPlan>): TaskPlan =>
  ({ name, needs: [], foreach: null, matrix: null, outputs: {}, ...more }) as TaskPlan;

const open = { value: "x", secret: false };
const from = (name: string) => ({ source: "from", from: name }) as TaskPlan["foreach"];

/** The first result of each task. */
function storeOf(results: readonly unknown[]): ResultStore {
  return {
    size: () => 1,
    has: () => true,
    copy(position, _index, put) {
      if (results[position] === undefined) return false;
      const bytes = new TextEncoder().encode(stringifyJson(results[position]));
      put(bytes, 0, bytes.length);
      return true;
    },
  };
}

test("finalOutputs() shows what tasks with one run put out, unless others build on them", () => {
  const tasks = [
    task("first", { outputs: { ids: open } }),
    task("fed", { outputs: { n: open } }),
    task("each", { outputs: { n: open }, needs: [{ task: "first", when: "ok" }], foreach: from("fed") }),
    task("failed", { outputs: { n: open } }),
    task("never", { outputs: { n: open } }),
    task("last", { outputs: { total: open, token: { value: "x", secret: true }, top: open, none: open } }),
  ];
  const ok = (outputs: unknown) => ({ outcome: "ok", outputs });
  const top = Array.from({ length: 1_200 }, (_, at) => ({ file: `f${at}`, count: 9007199254740993n }));
  const results = [ok({}), ok({ n: 1 }), ok({ n: 1 }), { outcome: "failed", outputs: null }, undefined];
  const last = ok({ total: 7, token: "***", top, none: [] });
  assert.deepEqual(finalOutputs({ tasks } as unknown as Plan, storeOf([...results, last])), [
    { name: "last.total", lines: ["7"] },
    {
      name: "last.top",
      lines: [
        ...Array.from({ length: 10 }, (_, at) => `f${at}  9007199254740993`),
        "… and 1,190 more",
      ],
    },
    { name: "last.none", lines: [] },
  ]);
});
