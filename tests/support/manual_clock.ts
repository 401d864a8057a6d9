import type { Clock } from "../../src/runtime/ports.ts";

/** Time that a test moves on by hand. */
export interface ManualClock extends Clock {
  /** Moves time on and calls what became due, in order. */
  advance(ms: number): void;
  /** Timers that have neither fired nor been cancelled. */
  readonly armed: number;
}

/** A clock that stands at 0 and, on the wall, at the first day of 2026. */
export function manualClock(): ManualClock {
  let now = 0;
  let timers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    wallTime: () => Date.UTC(2026, 0, 1) + now,
    after(delayMs, wake) {
      const timer = { at: now + delayMs, wake };
      timers.push(timer);
      return { cancel: () => timers = timers.filter((one) => one !== timer) };
    },
    soon: (wake) => void setImmediate(wake),
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        now = due.at;
        timers = timers.filter((timer) => timer !== due);
        due.wake();
      }
      now = until;
    },
    get armed() {
      return timers.length;
    },
  };
}
