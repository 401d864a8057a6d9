import type { Clock } from "../runtime/ports.ts";

/** When this process started, by the clock on the wall: from then on a run's times are counted by the monotonic clock. */
export function processStart({ wallTime, now }: Clock): Date {
  return new Date(wallTime() - now());
}

/** Wall time as it was when the process started, moved on by the monotonic clock: a clock set back does not reorder a report. */
export interface RunClock {
  /** Monotonic milliseconds since the process started. */
  now(): number;
  /** RFC 3339, UTC, milliseconds, of a monotonic time. */
  stamp(at: number): string;
}

/** @param startedAt the {@link processStart} that the plan has */
export function startRunClock(startedAt: string, clock: Clock): RunClock {
  const base = Date.parse(startedAt);
  // Attempts come by the thousand in a second: all but the milliseconds is written once for each.
  let second = NaN;
  let written = "";
  return {
    now: clock.now,
    stamp(at) {
      const ms = Math.floor(base + at);
      const itsSecond = Math.floor(ms / 1000);
      if (itsSecond !== second) {
        second = itsSecond;
        written = new Date(second * 1000).toISOString().slice(0, -4);
      }
      return `${written}${String(ms - second * 1000).padStart(3, "0")}Z`;
    },
  };
}
