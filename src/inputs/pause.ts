import type { Clock } from "../runtime/ports.ts";

/** Gives up the thread, so that signals and sockets are heard in the middle of a long computation. */
export function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
