import type { EngineClock } from "../engine/types.ts";
import type { Clock, Timer } from "../runtime/ports.ts";

/** One armed timer for everything the engine waits for. */
export function engineClock(clock: Clock): EngineClock {
  let timer: Timer | undefined;
  return {
    now: clock.now,
    arm(at, wake) {
      timer?.cancel();
      timer = clock.after(at - clock.now(), wake);
    },
    disarm() {
      timer?.cancel();
    },
    soon: clock.soon,
  };
}
