import { setImmediate } from "node:timers";
import type { Clock } from "./ports.ts";

/** The machine's clocks and timers. */
export const realClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, wake) {
    const timer = setTimeout(wake, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(timer) };
  },
  soon(wake) {
    setImmediate(wake);
  },
};
