import assert from "node:assert/strict";
import { test } from "node:test";
import type { Input, InputSource } from "../../model/input.ts";
import type { TaskPlan } from "../../model/plan.ts";
import { planOf } from "../../../tests/fixtures/plan_of.ts";
import { cycleInputs } from "./cycle_inputs.ts";
import { makeTunePlan } from "./tune_plan.ts";

function source(items: readonly string[], isAsync: boolean, repeatable = true): InputSource {
  let next = 0;
  const give = (): Input | null =>
    next < items.length ? { index: next, item: items[next++]!, matrix: null } : null;
  return { next: () => isAsync ? Promise.resolve(give()) : give(), close() {}, repeatable };
}

async function take(inputs: InputSource, count: number): Promise<string[]> {
  const taken: string[] = [];
  for (let i = 0; i < count; i++) {
    const got = await inputs.next();
    if (got === null) return [...taken, "end"];
    taken.push(`${got.index}:${got.item}`);
  }
  return taken;
}

for (const isAsync of [false, true]) {
  const how = isAsync ? "later" : "at once";
  test(`cycleInputs() begins again at the end, and goes on where the last one stopped (${how})`, async () => {
    const open = () => source(["a", "b", "c"], isAsync);
    const first = cycleInputs(open, 0, () => false);
    assert.deepEqual(await take(first, 4), ["0:a", "1:b", "2:c", "3:a"]);
    const second = cycleInputs(open, first.position, () => false);
    assert.deepEqual(await take(second, 3), ["0:b", "1:c", "2:a"]);
    const far = cycleInputs(open, 1_000_001, () => false);
    assert.deepEqual(await take(far, 2), ["0:c", "1:a"]);
  });
}

test("cycleInputs() ends when it is over, when there are no inputs, and when they come only once", async () => {
  let isOver = false;
  const endless = cycleInputs(() => source(["a"], false), 0, () => isOver);
  assert.deepEqual(await take(endless, 2), ["0:a", "1:a"]);
  isOver = true;
  assert.deepEqual(await take(endless, 1), ["end"]);
  assert.deepEqual(await take(cycleInputs(() => source([], true), 5, () => false), 1), ["end"]);
  assert.deepEqual(await take(cycleInputs(() => source(["a"], true, false), 0, () => false), 2), [
    "0:a",
    "end",
  ]);
});

const baseUrl = "http://127.0.0.1:1";
const range = { range: "1..100" };
const post = { target: "api", http: { method: "POST", url: "/post" } };
const afterPost = { target: "api", needs: ["post"], http: { url: "/after" } };
const config = {
  targets: { api: { http: { baseUrl } }, other: { http: { baseUrl } } },
  tasks: {
    login: { target: "other", http: { url: "/login" }, outputs: { ids: "json" } },
    list: { target: "api", needs: ["login"], foreach: range, http: { url: "/list/${{ item }}" } },
    details: {
      target: "api",
      needs: ["list"],
      foreach: range,
      key: "${{ item }}",
      retry: 5,
      save: "out/${{ item }}",
      http: { url: "/details/${{ item }}" },
    },
    post,
    afterPost,
    piped: { target: "api", foreach: { lines: "-" }, http: { url: "/x/${{ item }}" } },
  },
};

function tuned(raw: unknown, target: string) {
  const made = makeTunePlan(planOf(raw).plan!, target);
  if ("wrong" in made) throw new Error(made.wrong);
  return made;
}

test("makeTunePlan() takes what may be repeated, with what it needs, and takes away what writes", () => {
  const { plan, sampled, leftOut } = tuned(config, "api");
  assert.deepEqual(plan.tasks.map(({ name }) => name), ["login", "list", "details"]);
  assert.deepEqual([...sampled], ["details"]);
  const [, list, details] = plan.tasks as [TaskPlan, TaskPlan, TaskPlan];
  assert.deepEqual([list.first, details.first], [20, null]);
  assert.deepEqual([details.save, details.key, details.retry.attempts], [null, null, 1]);
  assert.deepEqual(leftOut, [
    '"post" is left out: "post" may not be repeated; if it may be, say so with idempotent: true',
    '"afterPost" is left out: "post" may not be repeated; if it may be, say so with idempotent: true',
    '"piped" is left out: "piped" reads stdin, which can be read only once',
  ]);
});

test("makeTunePlan() says why there is nothing to measure", () => {
  const unknown = makeTunePlan(planOf(config).plan!, "apl");
  assert.match(
    "wrong" in unknown ? unknown.wrong : "",
    /no task uses a target "apl"; those .* are api, other/,
  );
  const nothing = makeTunePlan(planOf({ ...config, tasks: { post, afterPost } }).plan!, "api");
  assert.match("wrong" in nothing ? nothing.wrong : "", /^"post" is left out: .*; "afterPost" is left out/);
});
