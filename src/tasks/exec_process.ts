import type { Call, CancelReason } from "../model/verdict.ts";
import type { Clock, Timer } from "../runtime/ports.ts";
import type { ChildProcess, ProcessExit, Reach } from "../runtime/processes.ts";

/** How a subprocess and what it started came to an end. */
export interface ProcessEnd extends ProcessExit {
  /** Why it was ended; undefined when it ended by itself. */
  readonly cancelled: CancelReason | undefined;
  /** Something it started still holds the output, in a session of its own, and was not told to end. */
  readonly leaked: boolean;
}

/** How long a process group has from SIGTERM to SIGKILL. */
export const killAfterMs = 1_500;

/** How long output may stay open after its process has ended. */
export const lingerMs = 200;

/** When a group that is being ended is looked at first; each later look waits twice as long. */
const firstLookMs = 10;

/**
 * Waits for a subprocess, and ends its whole group when it is told to.
 *
 * - Cancelled: SIGTERM to everything it started, in sessions of their own too (with SIGCONT, so that stopped processes hear
 *   it), SIGKILL 1.5 s later. It settles when the process has ended and nothing of that is left.
 * - Ended by itself: it settles at the end of its output. A process of the group that keeps the output open for longer than
 *   200 ms is ended in the same way; one in the background that has let go of it was meant to stay, and stays.
 * - What holds the output open even after SIGKILL has escaped the group: it is reported as leaked and left alone.
 *
 * The promise never rejects.
 */
export function superviseProcess(
  child: ChildProcess,
  clock: Clock,
  line: Pick<Call, "onCancel">,
): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    let exit: ProcessExit | undefined;
    let outputEnded = false;
    let cancelled: CancelReason | undefined;
    let state: "running" | "terminating" | "ended" | "over" = "running";
    let timer: Timer | undefined;
    let killAt = Infinity;
    let lookInMs = firstLookMs;
    let reach: Reach = "group";

    line.onCancel = (reason) => {
      reach = "everything";
      if (exit === undefined) cancelled = reason;
      if (state === "running") terminate();
      else if (state === "ended") kill();
    };
    child.exited.then((ended) => {
      exit = ended;
      advance();
    });
    child.outputEnded.then(() => {
      outputEnded = true;
      advance();
    });

    function advance(): void {
      if (exit === undefined || state === "over") return;
      if (state === "running") {
        if (outputEnded) finish(false);
        else wait(lingerMs, terminate);
      } else if (state === "terminating") {
        if (!child.isRunning(reach)) kill();
        else {
          wait(Math.min(lookInMs, killAt - clock.now()), lookAgain);
          lookInMs *= 2;
        }
      } else if (outputEnded) finish(false);
      else wait(lingerMs, () => finish(true));
    }

    function terminate(): void {
      state = "terminating";
      killAt = clock.now() + killAfterMs;
      child.signal("SIGTERM", reach);
      child.signal("SIGCONT", reach);
      wait(lookInMs, lookAgain);
    }

    function lookAgain(): void {
      if (clock.now() >= killAt) kill();
      else if (exit === undefined) wait(Math.max(1, killAt - clock.now()), lookAgain);
      else advance();
    }

    /** Also when nothing seems to be left: it costs nothing, and what was overlooked does not stay. */
    function kill(): void {
      state = "ended";
      child.signal("SIGKILL", reach);
      advance();
    }

    function wait(delayMs: number, then: () => void): void {
      timer?.cancel();
      timer = clock.after(delayMs, then);
    }

    function finish(leaked: boolean): void {
      state = "over";
      timer?.cancel();
      line.onCancel = undefined;
      if (leaked) child.closeOutput();
      resolve({ ...exit!, cancelled, leaked });
    }
  });
}
