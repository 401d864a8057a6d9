import type { Failure } from "../../src/model/verdict.ts";
import { down, ok, type World } from "./play_target.ts";

type Serve = World["serve"];
/** What changes in the course of a run. */
type OverTime = (now: number) => number;

/** A server at its beginning, and what is asked of it. */
export interface ServerModel {
  start(): Serve;
  /** @default 3000 */
  readonly runs?: number;
  /** The upper bound of the adaptive limit, and the limit that is too wide. @default 64 */
  readonly max?: number;
}

const shed: Failure = {
  ...down,
  error: { code: "http_status", message: "503", retryable: true },
  throttled: true,
};
const broken: Failure = { ...shed, throttled: false };
const timeout: Failure = { ...down, error: { code: "timeout", message: "timed out", retryable: true } };

const evenly = (random: number) => 40 + random * 20;
/** Answers for which the time of some is far from the time of most. */
const unevenly = (random: number) => 5 - 45 * Math.log(1 - random);
/** Log-normal: one in six takes more than e times as long as most, one in a thousand 22 times as long. */
const longTailed = (random: number) =>
  40 *
  Math.exp(Math.sqrt(-2 * Math.log(1 - another(random, 1))) * Math.cos(2 * Math.PI * another(random, 2)));
/** Of a cache that is hit two times out of three. */
const hitOrMiss = (random: number) => random < 0.67 ? 2 : 100;
const slowly = (random: number) => 4_000 + random * 2_000;
/** A millisecond of work, and as much again of timers and scheduling. */
const quickly = (random: number) => 1 + 2 * random;

/** So many at a time are served at full speed; more share it. */
function shares(capacity: OverTime, latency = evenly) {
  return (): Serve => ({ now, running, random }) => ({
    ms: latency(random) * Math.max(1, running / capacity(now)),
    verdict: ok,
  });
}

/** More than so many at a time are turned away, at once or after `afterMs`. */
function turnsAway(capacity: OverTime, { afterMs = 5, latency = evenly } = {}) {
  return (): Serve => ({ now, running, random }) =>
    running > capacity(now) ? { ms: afterMs, verdict: shed } : { ms: latency(random), verdict: ok };
}

/**
 * So many are worked on, the others wait in line; those who find no room there are turned away. What has come is worked
 * on, whether anybody still waits for it or not: who gave up after `patienceMs` has gained nothing.
 */
function queues(
  workers: OverTime,
  { latency = evenly, slowness = (() => 1) as OverTime, room = Infinity, patienceMs = Infinity } = {},
) {
  return (): Serve => {
    let ends: number[] = [];
    return ({ now, random }) => {
      ends = ends.filter((end) => end > now).sort((a, b) => a - b);
      const ahead = ends.length - workers(now);
      if (ahead >= room) return { ms: 5, verdict: shed };
      const ms = (ahead < 0 ? 0 : ends[ahead]! - now) + latency(random) * slowness(now);
      ends.push(now + ms);
      return ms > patienceMs ? { ms: patienceMs, verdict: timeout } : { ms, verdict: ok };
    };
  };
}

/** Fails this share for reasons of its own. */
function failing(share: number, start: () => Serve) {
  return (): Serve => {
    const serve = start();
    return (world) =>
      another(world.random, 3) < share
        ? { ms: 20, verdict: broken }
        : serve({ ...world, random: another(world.random, 4) });
  };
}

/** Takes so many times as long, however little is asked of it. */
function slowed(factor: OverTime, start: () => Serve) {
  return (): Serve => {
    const serve = start();
    return (world) => {
      const { ms, verdict } = serve(world);
      return { ms: verdict === ok ? ms * factor(world.now) : ms, verdict };
    };
  };
}

/** Another number that has nothing to do with the first. */
function another(random: number, which: number): number {
  return (random * 7_919 * (which + 1)) % 1;
}

const step = (at: number, before: number, after: number): OverTime => (now) => now < at ? before : after;
const alternating = (everyMs: number, first: number, second: number): OverTime => (now) =>
  now % (2 * everyMs) < everyMs ? first : second;

/** Each is told as "a server that …". */
export const serverModels: { readonly [name: string]: ServerModel } = {
  "shares 12 among all": { start: shares(() => 12) },
  "shares 12, with very uneven answers": { start: shares(() => 12, unevenly) },
  "shares 3 among all": { start: shares(() => 3) },
  "shares 6, and after ten seconds 24": { start: shares(step(10_000, 6, 24)) },
  "turns away more than 30": { start: turnsAway(() => 30) },
  "turns away more than 8": { start: turnsAway(() => 8) },
  "turns away more than 8, slowly": { start: turnsAway(() => 8, { afterMs: 40 }) },
  "turns away more than 24, every other five seconds more than 6": {
    start: turnsAway(alternating(5_000, 24, 6)),
  },
  "shares 12 and fails one in a hundred for reasons of its own": { start: failing(0.01, shares(() => 12)) },

  "turns away more than 40, and after two seconds more than 10": { start: turnsAway(step(2_000, 40, 10)) },
  "turns away more than 8, and after four seconds more than 40": { start: turnsAway(step(4_000, 8, 40)) },
  "turns away more than one": { start: turnsAway(() => 1), runs: 1_000 },
  "turns away a quarter of what the upper bound allows": { start: turnsAway(() => 12), max: 16 },
  "turns away more than 16 and fails one in a hundred for reasons of its own": {
    start: failing(0.01, turnsAway(() => 16)),
  },
  "turns away more than 16, with a long tail": {
    start: turnsAway(() => 16, { latency: longTailed }),
    runs: 10_000,
  },
  "turns away more than 16, from behind a cache": { start: turnsAway(() => 16, { latency: hitOrMiss }) },
  "turns away more than 16, and answers in a millisecond": {
    start: turnsAway(() => 16, { afterMs: 1, latency: quickly }),
    runs: 10_000,
  },
  "turns away more than 16, and answers in five seconds": {
    start: turnsAway(() => 16, { latency: slowly }),
    runs: 1_000,
  },
  "queues for 12": { start: queues(() => 12) },
  "queues for 12, with a long tail": { start: queues(() => 12, { latency: longTailed }), runs: 10_000 },
  "queues for 20, 6 and 20 again": { start: queues((now) => now < 3_000 || now > 8_000 ? 20 : 6) },
  "queues for 8, and has room for 8 in line": { start: queues(() => 8, { room: 8 }) },
  "queues for 12, and loses who waits for too long": { start: queues(() => 12, { patienceMs: 200 }) },
  "queues for 16, every other four seconds for 4, and loses who waits for too long": {
    start: queues(alternating(4_000, 16, 4), { latency: () => 100, patienceMs: 2_000 }),
    runs: 2_000,
    max: 128,
  },
  "queues for 24, and after two seconds works four times as slowly": {
    start: queues(() => 24, { slowness: step(2_000, 1, 4) }),
  },
  "queues for 4, and answers in a millisecond": {
    start: queues(() => 4, { latency: quickly }),
    runs: 10_000,
  },
  "queues for 16, and answers in five seconds": { start: queues(() => 16, { latency: slowly }), runs: 1_000 },
  "bears everything": { start: queues(() => 64) },
  "bears everything, with a long tail": {
    start: queues(() => 64, { latency: longTailed }),
    runs: 10_000,
  },
  "bears everything and fails one in a hundred for reasons of its own": {
    start: failing(0.01, queues(() => 64)),
  },
  "bears everything and fails one in fifty for reasons of its own": {
    start: failing(0.02, queues(() => 64)),
    runs: 10_000,
  },
  "turns away more than 24, and after three seconds takes three times as long by itself": {
    start: slowed(step(3_000, 1, 3), turnsAway(() => 24)),
  },
  "bears everything, and for a while takes three times as long by itself": {
    start: slowed((now) => now > 2_000 && now < 8_000 ? 3 : 1, queues(() => 64)),
    runs: 10_000,
  },
  "turns away more than 24, and takes five times as long until it is warm": {
    start: slowed(step(500, 5, 1), turnsAway(() => 24)),
  },
};

/** Runs of 200 task runs. */
export const shortRuns: { readonly [name: string]: ServerModel } = {
  "turns away more than 8": { start: turnsAway(() => 8), runs: 200 },
  "turns away more than 30": { start: turnsAway(() => 30), runs: 200 },
  "queues for 12": { start: queues(() => 12), runs: 200 },
  "bears everything": { start: queues(() => 64), runs: 200 },
};
