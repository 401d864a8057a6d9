import type { Plan } from "../model/plan.ts";
import { writtenDuration } from "../model/written.ts";
import { pauseFor } from "../run/pause_for.ts";
import { takeRunLock } from "../run/run_lock.ts";
import type { Ports } from "../runtime/ports.ts";
import { describeSystemError } from "../runtime/system_error.ts";

/** The way in is free; or it is not, and that was said. */
export type Gate =
  | { readonly kind: "open"; leave(): void }
  | { readonly kind: "shut"; readonly exitCode: number };

const free: Gate = { kind: "open", leave() {} };

/**
 * What a run waits for before it reads anything: its jitter, so that a thousand machines with one crontab do not come at
 * once (not for somebody who looks on), then the lock of its config. A signal ends either wait; whoever calls asks for it.
 */
export async function passGate(
  plan: Plan,
  directory: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<Gate> {
  const { host, clock } = ports;
  const say = (message: string) => host.stderr.write(`fanout: ${message}\n`);
  const { jitterMs, lock } = plan.run;
  if (jitterMs !== null && !host.stderr.isTerminal && !host.stdout.isTerminal) {
    const waitMs = ports.random() * jitterMs;
    say(`waiting ${writtenDuration(waitMs)} (run.jitter)`);
    await pauseFor(waitMs, clock, signal);
  }
  if (lock === null || signal.aborted) return free;
  try {
    const outcome = await takeRunLock({ plan, directory, ports, signal, notice: say });
    if (outcome.kind === "stopped") return free;
    if (outcome.kind === "taken") return { kind: "open", leave: outcome.release };
    say(outcome.message);
    return { kind: "shut", exitCode: outcome.exitCode };
  } catch (error) {
    say(`cannot take the lock in ${directory}: ${describeSystemError(error)}`);
    return { kind: "shut", exitCode: 3 };
  }
}
