import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/model/verdict.ts";
import { down, ok, play, type World } from "./play_target.ts";

const shed: Failure = {
  ...down,
  error: { code: "http_status", message: "503", retryable: true },
  throttled: true,
};

type Serve = World["serve"];

const evenly = (random: number) => 40 + random * 20;
/** Answers for which the time of some is far from the time of most. */
const unevenly = (random: number) => 5 - 45 * Math.log(1 - random);

/** So many at a time are served at full speed; more share it. */
function shares(capacity: (now: number) => number, latency = evenly): Serve {
  return ({ now, running, random }) => ({
    ms: latency(random) * Math.max(1, running / capacity(now)),
    verdict: ok,
  });
}

/** More than so many at a time are turned away, at once or after `afterMs`. */
function turnsAway(capacity: (now: number) => number, afterMs = 5): Serve {
  return ({ now, running, random }) =>
    running > capacity(now) ? { ms: afterMs, verdict: shed } : { ms: evenly(random), verdict: ok };
}

const servers: { readonly [name: string]: Serve } = {
  "shares 12 among all": shares(() => 12),
  "shares 12, with very uneven answers": shares(() => 12, unevenly),
  "shares 3 among all": shares(() => 3),
  "shares 6, and after ten seconds 24": shares((now) => now < 10_000 ? 6 : 24),
  "turns away more than 30": turnsAway(() => 30),
  "turns away more than 8": turnsAway(() => 8),
  "turns away more than 8, slowly": turnsAway(() => 8, 40),
  "turns away more than 24, every other five seconds more than 6": turnsAway((now) =>
    now % 10_000 < 5_000 ? 24 : 6
  ),
  "fails one in a hundred for reasons of its own": (world) =>
    world.random < 0.01 ? { ms: 20, verdict: { ...shed, throttled: false } } : shares(() => 12)(world),
};

const runs = 3_000;
const fixedLimits = [3, 6, 8, 12, 24, 30, 64];

for (const [name, serve] of Object.entries(servers)) {
  test(`an adaptive limit finds its way with a server that ${name}`, async () => {
    const fixed = [];
    for (const limit of fixedLimits) fixed.push({ limit, ...await play({ pool: { limit }, runs, serve }) });
    const best = fixed.filter(({ outcomes }) => outcomes.ok === runs).sort((a, b) =>
      a.endedAt - b.endedAt
    )[0]!;
    const wide = fixed.at(-1)!;
    const wideErrors = wide.startedAt.length - (wide.outcomes.ok ?? 0);
    for (let seed = 1; seed <= 3; seed++) {
      const found = await play({ pool: { limit: 64, minLimit: 1 }, runs, serve }, seed);
      const where = `seed ${seed}: ${Math.round(found.endedAt)} ms, at ${best.limit} ${
        Math.round(best.endedAt)
      } ms`;
      assert.equal(found.outcomes.ok, runs, where);
      assert.ok(found.endedAt <= best.endedAt * 1.2, where);
      const errors = found.startedAt.length - runs;
      // Where a wide limit does no harm there is nothing to be better at.
      if (wideErrors > runs / 10) assert.ok(errors * 7 <= wideErrors, `${errors} and ${wideErrors} errors`);
    }
  });
}

test("an adaptive limit makes an order fewer errors than one that is set too wide", async () => {
  for (const serve of [turnsAway(() => 30), turnsAway(() => 8), turnsAway((now) => now < 5_000 ? 24 : 6)]) {
    const wide = await play({ pool: { limit: 64 }, runs, serve });
    const found = await play({ pool: { limit: 64, minLimit: 1 }, runs, serve });
    const errors = [found, wide].map(({ startedAt, outcomes }) => startedAt.length - (outcomes.ok ?? 0));
    assert.ok(errors[0]! * 10 <= errors[1]!, `${errors} errors`);
  }
});

test("an adaptive limit keeps the queue of a server short that takes everything", async () => {
  const { pool } = await play({ pool: { limit: 64, minLimit: 1 }, runs: 8_000, serve: shares(() => 12) });
  const late = pool.limitHistory.slice(-16).map(({ limit }) => limit);
  assert.ok(Math.max(...late) <= 36 && Math.min(...late) >= 12, `${late}`);
});
