import type { Clock } from "../runtime/ports.ts";

/** Resolves after `ms`, or as soon as the signal is aborted. */
export function pauseFor(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      timer.cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.after(ms, finish);
    if (signal.aborted) finish();
    else signal.addEventListener("abort", finish);
  });
}
