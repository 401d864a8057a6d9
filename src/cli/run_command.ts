import { readSecrets } from "../plan/read_secrets.ts";
import { inputContext } from "../run/input_context.ts";
import { makeNotifier } from "../run/notify.ts";
import type { Plan } from "../model/plan.ts";
import { prepareRun } from "../run/prepare_run.ts";
import { cameBeforeAnythingRan, signalCodes } from "../run/signals.ts";
import type { Ports } from "../runtime/ports.ts";
import { walkingOnce } from "../runtime/source_files.ts";
import { type CommandBody, type ParsedArguments, UsageError } from "./command.ts";
import { type Conduct, conductRun, outputsOf } from "./conduct_run.ts";
import { unlessQuiet } from "./held_output.ts";
import { type LoadedPlan, loadPlan, printProblems } from "./load_plan.ts";
import { planCommand } from "./plan_command.ts";
import { openEarlierWork, type ResumeFlags, resumeFlags } from "./resume_run.ts";
import { probeOutputs } from "./run_outputs.ts";
import { lastRunId, runDirectory } from "./run_directory.ts";
import { passGate } from "./run_gate.ts";
import { type SignalWatch, watchSignals } from "./signal_watch.ts";

/** `fanout run FILE`. */
export const runCommand: CommandBody = async (args, machine) => {
  if (args.has("dry-run")) return await planCommand(args, machine);
  return await unlessQuiet(args, { ...machine, sources: walkingOnce(machine.sources) }, async (ports) => {
    const signals = watchSignals(ports);
    const loaded = await loadPlan(args, ports, lastRunId(args.operands[0]!, args, ports));
    return loaded === null ? 2 : await runLoaded(args, ports, loaded, signals, { canResume: true });
  });
};

/** Runs a plan that makes sense, when it is its turn. @returns the exit code */
export async function runLoaded(
  args: ParsedArguments,
  ports: Ports,
  loaded: LoadedPlan,
  signals: SignalWatch,
  more: Pick<Conduct, "onResult" | "canResume">,
): Promise<number> {
  const { plan } = loaded;
  if (args.has("order") && !args.has("stream")) {
    throw new UsageError("--order goes with --stream: give both, or neither");
  }
  const resume = resumeFlags(args, plan);
  const directory = runDirectory(args, plan, ports);
  if (!directory.ok) {
    ports.host.stderr.write(`fanout: ${directory.message}\n`);
    return 3;
  }
  const notifier = makeNotifier({
    plan,
    ports,
    readSecrets: () => readSecrets(plan, ports, () => {}),
    notice: (message) => ports.host.stderr.write(`fanout: ${message}\n`),
  });
  const gate = await passGate(plan, directory.path, ports, signals.beforeRun);
  let exitCode: number;
  if (gate.kind === "shut") {
    const graver = gate.exitCode === 4
      ? await graverThanLock(args, ports, plan, directory.path, resume)
      : null;
    exitCode = graver ?? gate.exitCode;
  } else {
    try {
      exitCode = await runInside({
        args,
        ports,
        plan,
        directory: directory.path,
        resume,
        signals,
        notifier,
        ...more,
      }, loaded);
    } finally {
      gate.leave();
    }
  }
  // A start that was skipped is nobody's business: the run that goes on will tell how it ended.
  if (gate.kind === "open" || exitCode !== 0) {
    signals.onRest(notifier.giveUp);
    await notifier.ended({ exitCode, head: null, reportPath: null });
  }
  return exitCode;
}

/** What would be wrong without another run too (2, 5) comes before that it is not over yet (4). Null when nothing is. */
async function graverThanLock(
  args: ParsedArguments,
  ports: Ports,
  plan: Plan,
  directory: string,
  resume: ResumeFlags | null,
): Promise<number | null> {
  const tell = (message: string) => ports.host.stderr.write(`fanout: ${message}\n`);
  const taken = probeOutputs(plan, outputsOf(args, ports, plan, directory), args.values("params"), ports)
    .filter(({ code }) => code === "taken");
  for (const { message } of taken) tell(message);
  if (taken.length > 0) return 2;
  if (resume === null) return null;
  const notes: string[] = [];
  const earlier = await openEarlierWork(resume, directory, { plan, ports, tell: (note) => notes.push(note) });
  if (typeof earlier === "number") {
    for (const note of notes) tell(note);
    return earlier;
  }
  earlier.runs.close();
  return null;
}

async function runInside(conduct: Omit<Conduct, "prepared">, loaded: LoadedPlan): Promise<number> {
  const { ports, signals, notifier } = conduct;
  const { plan, source } = loaded;
  const prepared = await prepareRun(plan, ports, inputContext(plan, ports), (path, message, where) => {
    printProblems([source.diagnose(path, message, where)], source.text, ports);
  }, signals.beforeRun);
  const signal = signals.first();
  if (signal !== null) {
    ports.host.stderr.write(cameBeforeAnythingRan(signal));
    return signalCodes[signal];
  }
  if (prepared === null) return 2;
  notifier.started(prepared.secrets);
  return await conductRun({ ...conduct, prepared });
}
