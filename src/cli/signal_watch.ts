import type { Plan } from "../model/plan.ts";
import type { RunHandle } from "../run/run_plan.ts";
import { listenForSignals, signalCodes, type StopSignal } from "../run/signals.ts";
import type { Ports } from "../runtime/ports.ts";

/** Signals, before there is a run to stop and after. */
export interface SignalWatch {
  first(): StopSignal | null;
  /** Aborted by the first signal. */
  readonly beforeRun: AbortSignal;
  /** From now on signals stop this run. */
  handOver(plan: Plan, handle: RunHandle): void;
  /** The run has ended, and what is left waits for somebody else: from now on a signal ends that. */
  onRest(giveUp: () => void): void;
}

/** Listens from now on: one that comes while the plan is made must not be lost. */
export function watchSignals({ host }: Ports): SignalWatch {
  const beforeRun = new AbortController();
  let stop: ((signal: StopSignal, how: "grace" | "now") => void) | null = null;
  const first = listenForSignals(host, {
    first(signal) {
      beforeRun.abort();
      stop?.(signal, "grace");
    },
    second: (signal) => stop === null ? host.exit(signalCodes[signal]) : stop(signal, "now"),
    third: (signal) => host.exit(signalCodes[signal]),
  });
  return {
    first,
    beforeRun: beforeRun.signal,
    handOver({ run: { graceMs } }, handle) {
      stop = (signal, how) =>
        handle.stop({ how, graceMs, code: "interrupted", message: `the run was stopped by ${signal}` });
      const early = first();
      if (early !== null) stop(early, "grace");
    },
    onRest: (giveUp) => stop = giveUp,
  };
}
