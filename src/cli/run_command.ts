import { inputContext } from "../run/input_context.ts";
import { type Prepared, prepareRun } from "../run/prepare_run.ts";
import { signalCodes } from "../run/signals.ts";
import type { Ports } from "../runtime/ports.ts";
import { walkingOnce } from "../runtime/source_files.ts";
import type { CommandBody, ParsedArguments } from "./command.ts";
import { type Conduct, conductRun } from "./conduct_run.ts";
import { type LoadedPlan, loadPlan, printProblems } from "./load_plan.ts";
import { planCommand } from "./plan_command.ts";
import { type SignalWatch, watchSignals } from "./signal_watch.ts";

/** `fanout run FILE`. */
export const runCommand: CommandBody = async (args, machine) => {
  if (args.has("dry-run")) return await planCommand(args, machine);
  const ports = { ...machine, sources: walkingOnce(machine.sources) };
  const signals = watchSignals(ports);
  const loaded = await loadPlan(args, ports, new Date(ports.clock.wallTime()));
  if (loaded === null) return 2;
  return await runLoaded(args, ports, loaded, signals);
};

/** Runs a plan that makes sense. @returns the exit code */
export async function runLoaded(
  args: ParsedArguments,
  ports: Ports,
  loaded: LoadedPlan,
  signals: SignalWatch,
  onResult?: Conduct["onResult"],
): Promise<number> {
  const prepared = await prepare(loaded, ports, signals.beforeRun);
  const signal = signals.first();
  if (signal !== null) {
    ports.host.stderr.write(`fanout: ${signal} came before anything ran\n`);
    return signalCodes[signal];
  }
  if (prepared === null) return 2;
  return await conductRun({ args, ports, plan: loaded.plan, prepared, signals, onResult });
}

/** Null when something is wrong, which was said, or when a signal came. */
async function prepare(
  { plan, source }: LoadedPlan,
  ports: Ports,
  signal: AbortSignal,
): Promise<Prepared | null> {
  try {
    return await prepareRun(plan, ports, inputContext(plan, ports), (path, message, where) => {
      printProblems([source.diagnose(path, message, where)], source.text, ports);
    }, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
