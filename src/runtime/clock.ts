import { setImmediate } from "node:timers";
import type { Clock } from "./ports.ts";

/** The machine's clocks and timers. */
export const realClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, wake) {
    // The machine's timers hold 31 bits: a longer delay would end at once.
    let left = Math.max(0, delayMs);
    const step = () => {
      const part = Math.min(left, longestMs);
      left -= part;
      return setTimeout(left > 0 ? () => timer = step() : wake, part);
    };
    let timer = step();
    return { cancel: () => clearTimeout(timer) };
  },
  soon(wake) {
    setImmediate(wake);
  },
};

const longestMs = 2 ** 31 - 1;
