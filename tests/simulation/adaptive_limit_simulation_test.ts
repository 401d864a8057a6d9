import assert from "node:assert/strict";
import { test } from "node:test";
import { play } from "./play_target.ts";
import { type ServerModel, serverModels, shortRuns } from "./server_models.ts";

const seeds = Array.from({ length: 5 }, (_, i) => i + 1);

for (const [name, model] of Object.entries(serverModels)) {
  test(`an adaptive limit is nearly as fast as the best one, with an order fewer errors, at a server that ${name}`, async () => {
    const best = await bestFixed(model);
    const wideErrors = await errorsWhenTooWide(model);
    for (const found of await search(model)) {
      const where = `seed ${found.seed}: ${found.ms} ms, at ${best.limit} ${best.ms} ms; ` +
        `${found.errors} errors, at ${model.max ?? 64} ${wideErrors}`;
      assert.ok(found.ms <= best.ms * 1.2, where);
      // Where a wide limit does no harm there is nothing to be better at.
      if (wideErrors > runsOf(model) / 10) assert.ok(found.errors * 10 <= wideErrors, where);
    }
  });
}

/*
 * A run can be too short to search in. To get from 4 to 64 takes four doublings, each as long as its slowest answer, 60 ms;
 * of what a wide limit does in the meantime little is done. Where all is over after four rounds of 64, or seven of 30, this
 * is more than a fifth, and only a wider start would help, at the cost of every target that bears little. Who is turned away
 * comes back after up to 200 ms, and may be the last.
 */
for (const [name, model] of Object.entries(shortRuns)) {
  test(`in a short run an adaptive limit costs no more than its four doublings, at a server that ${name}`, async () => {
    const best = await bestFixed(model);
    const wideErrors = await errorsWhenTooWide(model);
    for (const found of await search(model)) {
      const where =
        `seed ${found.seed}: ${found.ms} ms, at ${best.limit} ${best.ms} ms; ${found.errors} errors`;
      assert.ok(found.ms <= best.ms + 4 * 60 + (found.errors > 0 ? 200 : 0), where);
      if (wideErrors > 0) assert.ok(found.errors * 10 <= wideErrors, where);
    }
  });
}

test("an adaptive limit keeps the queue of a server short that takes everything", async () => {
  for (const name of ["shares 12 among all", "queues for 12", "queues for 12, with a long tail"]) {
    const serve = serverModels[name]!.start();
    const { pool } = await play({ pool: { limit: 64, minLimit: 1 }, runs: 8_000, serve });
    const late = pool.limitHistory.slice(-16).map(({ limit }) => limit);
    assert.ok(Math.max(...late) <= 36 && Math.min(...late) >= 12, `${name}: ${late}`);
  }
});

function runsOf({ runs = 3_000 }: ServerModel): number {
  return runs;
}

/** The fastest of those with which everything comes to a good end. A tail weighs on one seed: its time is the mean of three. */
async function bestFixed(model: ServerModel) {
  const runs = runsOf(model);
  const at = async (limit: number, seed: number) => {
    const { outcomes, endedAt } = await play({ pool: { limit }, runs, serve: model.start() }, seed);
    return { limit, ms: outcomes.ok === runs ? endedAt : Infinity };
  };
  const all = [];
  for (const limit of [1, 3, 6, 8, 12, 16, 24, 30, 40, 64]) all.push(await at(limit, 1));
  const { limit, ms } = all.sort((a, b) => a.ms - b.ms)[0]!;
  const others = (await at(limit, 2)).ms + (await at(limit, 3)).ms;
  return { limit, ms: Math.round((ms + others) / 3) };
}

async function errorsWhenTooWide(model: ServerModel): Promise<number> {
  const { max = 64 } = model;
  const { startedAt, outcomes } = await play({
    pool: { limit: max },
    runs: runsOf(model),
    serve: model.start(),
  });
  return startedAt.length - (outcomes.ok ?? 0);
}

/** What the adaptive limit makes of it, seed by seed; every run ends well. */
async function search(model: ServerModel) {
  const runs = runsOf(model);
  const found = [];
  for (const seed of seeds) {
    const pool = { limit: model.max ?? 64, minLimit: 1 };
    const { outcomes, startedAt, endedAt } = await play({ pool, runs, serve: model.start() }, seed);
    assert.equal(outcomes.ok, runs, `seed ${seed}`);
    found.push({ seed, ms: Math.round(endedAt), errors: startedAt.length - runs });
  }
  return found;
}
