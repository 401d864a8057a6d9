import assert from "node:assert/strict";
import { test } from "node:test";
import { PhaseWatch, renewPhase, type Watched } from "./phase_watch.ts";

/** Time that a test moves. A process that is busy ticks late. */
class FakeTicker {
  time = 1_000;
  ms = 0;
  tick: (() => void) | undefined;
  now = () => this.time;

  every(ms: number, tick: () => void): () => void {
    this.ms = ms;
    this.tick = tick;
    return () => (this.tick = undefined);
  }

  pass(ms: number): void {
    for (const end = this.time + ms; this.time < end;) {
      this.time += this.ms;
      this.tick?.();
    }
  }

  stall(ms: number): void {
    this.time += ms;
    this.tick?.();
  }
}

function watched(log: string[], name: string): Watched {
  return { limitMs: null, enteredAt: -1, expire: () => void log.push(name) };
}

test("PhaseWatch ends a phase after its limit, at most a tenth late and never early", () => {
  const [ticker, log] = [new FakeTicker(), [] as string[]];
  const watch = new PhaseWatch([200, 1_000], ticker);
  watch.enter(watched(log, "short"), 200);
  watch.enter(watched(log, "long"), 1_000);
  ticker.pass(200);
  assert.deepEqual(log, []);
  ticker.pass(20);
  assert.deepEqual(log, ["short"]);
  ticker.pass(780);
  assert.deepEqual(log, ["short"]);
  ticker.pass(20);
  assert.deepEqual(log, ["short", "long"]);
});

test("PhaseWatch begins a limit anew when its phase is renewed, and ends none that is forgotten", () => {
  const [ticker, log] = [new FakeTicker(), [] as string[]];
  const watch = new PhaseWatch([100], ticker);
  const [busy, gone] = [watched(log, "busy"), watched(log, "gone")];
  watch.enter(busy, 100);
  watch.enter(gone, 100);
  for (let i = 0; i < 20; i++) {
    ticker.pass(80);
    renewPhase(busy);
    watch.forget(gone);
  }
  assert.deepEqual(log, []);
  ticker.pass(120);
  assert.deepEqual(log, ["busy"]);
});

test("PhaseWatch does not count time in which the process stood still", () => {
  const [ticker, log] = [new FakeTicker(), [] as string[]];
  const watch = new PhaseWatch([100], ticker);
  watch.enter(watched(log, "waiting"), 100);
  ticker.pass(20);
  ticker.stall(60_000);
  assert.deepEqual(log, []);
  ticker.pass(100);
  assert.deepEqual(log, ["waiting"]);
});

test("PhaseWatch keeps things without a limit, and stops its timer when it has nothing left", () => {
  const [ticker, log] = [new FakeTicker(), [] as string[]];
  const watch = new PhaseWatch([null, 100], ticker);
  const patient = watched(log, "patient");
  watch.enter(patient, null);
  ticker.pass(10_000);
  assert.deepEqual(log, []);
  assert.ok(ticker.tick !== undefined);
  watch.forget(patient);
  ticker.pass(ticker.ms);
  assert.equal(ticker.tick, undefined);
  watch.enter(patient, 100);
  assert.ok(ticker.tick !== undefined);
});
