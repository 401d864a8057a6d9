import type { Host } from "../runtime/ports.ts";

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const stopSignals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What a run that a signal ended exits with: 128 and the signal's number. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What a run does when it is told to stop. */
export interface SignalActions {
  /** The first: nothing new starts, work in flight has its grace. */
  first(signal: StopSignal): void;
  /** The second: no grace. */
  second(signal: StopSignal): void;
  /** The third: exit now. */
  third(signal: StopSignal): void;
}

/** Until {@link listenForSignals} is called there is nothing to stop or to report: any signal ends the program. */
export function endBySignal(host: Host): void {
  for (const signal of stopSignals) {
    host.onSignal(signal, () => {
      host.stderr.write(cameBeforeAnythingRan(signal));
      host.exit(signalCodes[signal]);
    });
  }
}

/** What a user is told of a signal that found nothing to stop. */
export function cameBeforeAnythingRan(signal: StopSignal): string {
  return `fanout: ${signal} came before anything ran\n`;
}

/** Counts signals and does what each asks for. @returns the one that came first, null while none has */
export function listenForSignals(host: Host, actions: SignalActions): () => StopSignal | null {
  let first: StopSignal | null = null;
  let count = 0;
  for (const signal of stopSignals) {
    host.onSignal(signal, () => {
      count++;
      first ??= signal;
      if (count === 1) actions.first(signal);
      else if (count === 2) actions.second(signal);
      else actions.third(signal);
    });
  }
  return () => first;
}
