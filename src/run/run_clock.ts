import type { Clock } from "../runtime/ports.ts";

/** Wall time as it was when the run started, moved on by the monotonic clock: a clock set back does not reorder a report. */
export interface RunClock {
  /** Monotonic milliseconds since the process started. */
  now(): number;
  /** RFC 3339, UTC, milliseconds, of a monotonic time. */
  stamp(at: number): string;
}

export function startRunClock(clock: Clock): RunClock {
  const base = clock.wallTime() - clock.now();
  return { now: clock.now, stamp: (at) => new Date(base + at).toISOString() };
}
