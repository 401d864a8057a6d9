import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../runtime/ports.ts";
import { processStart, startRunClock } from "./run_clock.ts";

test("stamp() writes wall time as it was at the start, moved on by the monotonic clock", () => {
  const started = Date.UTC(2026, 10, 22, 23, 59, 58, 900);
  const clock = { now: () => 1_000, wallTime: () => started } as Clock;
  const { stamp } = startRunClock(processStart(clock).toISOString(), clock);
  for (const after of [0, 0.4, 0.99, 1, 99, 99.999, 100, 1_099, 1_100, 60, 2_000.5, 86_400_000, 3]) {
    assert.equal(stamp(1_000 + after), new Date(started + after).toISOString(), String(after));
  }
});
