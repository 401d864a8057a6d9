import assert from "node:assert/strict";
import { test } from "node:test";
import { runEngine } from "../../src/engine/engine.ts";
import type { PoolSpec, Pulled, Source } from "../../src/engine/types.ts";
import { end, Fault } from "../../src/inputs/items.ts";
import type { TaskPlan } from "../../src/model/plan.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import type { Spool } from "../../src/runtime/spool.ts";
import { FromEdge } from "../../src/run/from_edge.ts";
import { gatedSource } from "../../src/run/gated_source.ts";
import type { Payload } from "../../src/run/payload.ts";
import { makeTaskGraph } from "../../src/run/task_graph.ts";
import { seededRandom, VirtualClock } from "./virtual_clock.ts";

const seeds = 80;

/** Each narrow place of its own, whatever else the seed draws. */
const worlds = [{ pool: 1, ceiling: Infinity }, { pool: 4, ceiling: Infinity }, { pool: 4, ceiling: 1 }];

for (const world of worlds) {
  const where = `pools of ${world.pool}${world.ceiling === 1 ? " under a ceiling of 1" : ""}`;
  test(`tasks that go through each other come to their end in ${where}, and lose no item`, async () => {
    for (let seed = 1; seed <= seeds; seed++) await simulate(seed, world);
  });
}

/** Memory that a value comes back from as another one. */
const copying: Spool = { put: (value) => () => structuredClone(value), clear() {} };

/**
 * A random chain of tasks. Each goes through a range or through lists that runs of an earlier one give, now while they run
 * and now at their end, one item at a time or many in a batch; some need a third task besides.
 */
async function simulate(seed: number, { pool, ceiling }: { pool: number; ceiling: number }): Promise<void> {
  const random = seededRandom(seed * 31 + pool + (ceiling === 1 ? 1 : 0));
  const pick = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const chance = (share: number) => random() < share;
  const clock = new VirtualClock();
  const pools: PoolSpec[] = Array.from({ length: pick(1, 3) }, (_, i) => ({ name: `p${i}`, limit: pool }));

  const tasks = Array.from({ length: pick(2, 6) }, (_, position) => {
    const from = position > 0 && chance(0.8) ? pick(0, position - 1) : null;
    const need = position > 0 && chance(0.4) ? pick(0, position - 1) : null;
    // Not too many in all, and often more in one go than may wait.
    const batch = chance(0.2) ? 1 : pick(400, 4_000);
    return {
      from,
      runs: pick(1, 4),
      batch,
      listLength: from === null ? pick(0, 2_500) : batch === 1 ? pick(0, 1) : pick(0, 1_500),
      streams: chance(0.5),
      pool: pick(0, pools.length - 1),
      plan: {
        name: `t${position}`,
        needs: need === null || need === from ? [] : [{ task: `t${need}`, when: "done" }],
        foreach: from === null ? { source: "range" } : { source: "from", from: `t${from}` },
        matrix: null,
        allowFailure: false,
      } as unknown as TaskPlan,
    };
  });
  const graph = makeTaskGraph(tasks.map(({ plan }) => plan), tasks.map(() => new Map()));
  const onRelease = () => queueMicrotask(() => engine.wake());
  const edges = tasks.map(({ from }) =>
    from === null ? null : new FromEdge({ producer: `t${from}`, hasEach: true, spool: copying, onRelease })
  );
  const edgesFrom = tasks.map((_, producer) =>
    tasks.flatMap(({ from }, consumer) => from === producer ? [{ edge: edges[consumer]!, consumer }] : [])
  );
  const given = tasks.map((): string[] => []);
  const taken = tasks.map((): string[] => []);

  const engine = runEngine<Payload>({
    pools,
    tasks: tasks.map((task, position) => ({
      source: gatedSource({
        graph,
        task: position,
        inputsNeedOthers: false,
        open: () => task.from === null ? rangeOf(task.runs) : itemsOf(position, task.batch),
        mustWait: () =>
          edgesFrom[position]!.some(({ edge, consumer }) =>
            graph.gate(consumer) === "go" && edge.holdsBack()
          ),
        onTaskEnded: () => endTask(position),
      }),
      pool: task.pool,
      attemptMs: null,
      totalMs: null,
      retry: { attempts: 1, initialMs: 1, maxMs: 1, jitter: "none" as const },
    })),
    ceiling,
    clock,
    hooks: {
      random,
      ended(run, ending) {
        const { payload } = run;
        const list = tasks[run.task]!.streams ? [] : listOf(run.task, payload.index);
        for (const { edge } of edgesFrom[run.task]!) {
          edge.push({ payload, ending, outputs: null, saved: null, elements: list });
        }
        if (graph.ended(run.task, payload.index, ending, null)) endTask(run.task);
      },
      perform: ({ task, payload }) =>
        new Promise<Verdict>((resolve) => {
          const rest = tasks[task]!.streams ? listOf(task, payload.index) : [];
          const step = () => {
            for (const element of rest.splice(0, pick(1, 700))) {
              for (const { edge } of edgesFrom[task]!) edge.give(element, payload.index);
            }
            if (rest.length > 0) return clock.sleep(pick(0, 20), step);
            resolve({ kind: "ok", output: { fields: {}, outputs: null, saved: null } });
          };
          clock.sleep(pick(0, 50), step);
        }),
    },
  });
  await clock.run(engine.done).catch((error) => assert.fail(`seed ${seed}: ${error.message}`));
  await engine.done;
  tasks.forEach(({ from }, consumer) => {
    if (from === null) return;
    assert.deepEqual(taken[consumer]!.toSorted(), given[from]!.toSorted(), `seed ${seed}: t${consumer}`);
  });

  function listOf(task: number, index: number): string[] {
    const list = Array.from({ length: tasks[task]!.listLength }, (_, i) => `${task}.${index}.${i}`);
    given[task]!.push(...list);
    return list;
  }

  function endTask(position: number): void {
    for (const { edge } of edgesFrom[position]!) edge.finish();
    engine.wake();
  }

  function rangeOf(count: number): Source<Payload> {
    let index = 0;
    return { pull: () => index < count ? { payload: payloadOf(index++) } : null };
  }

  /** As `batch` does: what is taken makes an input only when there is enough of it. */
  function itemsOf(consumer: number, batch: number): Source<Payload> {
    const edge = edges[consumer]!;
    let index = 0;
    let hasEnded = false;
    async function pull(): Promise<Pulled<Payload> | null> {
      for (let count = 0; count < batch; count++) {
        const item = await edge.next();
        assert.ok(!(item instanceof Fault));
        if (item === end) {
          hasEnded = true;
          return count === 0 ? null : { payload: payloadOf(index++) };
        }
        taken[consumer]!.push(item as string);
      }
      return { payload: payloadOf(index++) };
    }
    return { pull: () => hasEnded ? null : pull() };
  }
}

function payloadOf(index: number): Payload {
  return { index, item: null, matrix: null, key: null, id: "", vars: {} };
}
