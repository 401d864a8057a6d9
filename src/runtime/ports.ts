/**
 * Everything the program asks of the machine, as one record passed down from `main.ts`. This folder is the only place
 * that names Deno, Bun, `node:*`, timers, `Date.now`, `Math.random` or the console; nothing in it decides anything.
 */

/** The machine. A test passes another one. */
export interface Ports {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Time. Durations are milliseconds. */
export interface Clock {
  /** Monotonic: only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970 UTC; may jump. */
  wallTime(): number;
  /** Calls `wake` once, after `delayMs`. */
  after(delayMs: number, wake: () => void): Timer;
}

/** @see Clock.after */
export interface Timer {
  cancel(): void;
}
