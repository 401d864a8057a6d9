import { type Journal, JournalError, openJournal } from "../journal/journal.ts";
import { pruneRuns } from "../journal/runs.ts";
import { configDirectory, stateDirectory } from "../journal/state_directory.ts";
import type { Plan } from "../model/plan.ts";
import { buildReport } from "../report/build_report.ts";
import { makeRedactor } from "../report/redactor.ts";
import { RunStats } from "../report/run_stats.ts";
import { summaryText } from "../report/summary_text.ts";
import { closingOf, executeRun } from "../run/execute_run.ts";
import { inputContext } from "../run/input_context.ts";
import { type Prepared, prepareRun } from "../run/prepare_run.ts";
import { runHeader } from "../run/run_header.ts";
import type { RunHandle } from "../run/run_plan.ts";
import { listenForSignals, signalCodes, type StopSignal } from "../run/signals.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { walkingOnce } from "../runtime/source_files.ts";
import { attemptPrinter } from "./attempt_line.ts";
import type { CommandBody, ParsedArguments } from "./command.ts";
import { type LoadedPlan, loadPlan, printProblems } from "./load_plan.ts";
import { planCommand } from "./plan_command.ts";
import { type Progress, type ProgressMode, startProgress } from "./progress/progress.ts";
import { probeOutputs, runOutputs, writeReports } from "./run_outputs.ts";

/** `fanout run FILE`. */
export const runCommand: CommandBody = async (args, machine) => {
  if (args.has("dry-run")) return await planCommand(args, machine);
  const ports = { ...machine, sources: walkingOnce(machine.sources) };
  // Before anything else: a signal that comes while the plan is made must not be lost.
  const signals = watchSignals(ports);
  const loaded = await loadPlan(args, ports, new Date(ports.clock.wallTime()));
  if (loaded === null) return 2;
  const prepared = await prepare(loaded, ports, signals.beforeRun);
  const signal = signals.first();
  if (signal !== null) {
    ports.host.stderr.write(`fanout: ${signal} came before anything ran\n`);
    return signalCodes[signal];
  }
  if (prepared === null) return 2;
  return await conduct(args, ports, loaded.plan, prepared, signals);
};

/** Signals, before there is a run to stop and after. */
interface SignalWatch {
  first(): StopSignal | null;
  /** Aborted by the first signal. */
  readonly beforeRun: AbortSignal;
  /** From now on signals stop this run. */
  handOver(plan: Plan, handle: RunHandle): void;
}

function watchSignals({ host }: Ports): SignalWatch {
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
  };
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

async function conduct(
  args: ParsedArguments,
  ports: Ports,
  plan: Plan,
  prepared: Prepared,
  signals: SignalWatch,
): Promise<number> {
  const { host, disk, clock } = ports;
  const complain = (message: string, code: number) => {
    host.stderr.write(`fanout: ${message}\n`);
    return code;
  };
  const given = args.value("state-dir");
  const state = stateDirectory(
    given === undefined ? null : resolvePath(host.cwd(), given),
    host.environment,
    disk,
  );
  if (!state.ok) return complain(state.message, 3);
  const directory = configDirectory(state.path, plan.name, resolvePath(host.cwd(), plan.config.path));
  const outputs = runOutputs(plan, directory);
  const problems = probeOutputs(plan, outputs, args.values("params"), ports);
  for (const { message } of problems) complain(message, 2);
  if (problems.length > 0) return problems.some(({ code }) => code === "taken") ? 2 : 3;

  const redactor = makeRedactor(prepared.secrets);
  const stats = new RunStats();
  const header = runHeader(plan, prepared.survey, host, redactor, null);
  let handle: RunHandle | null = null;
  let broken: JournalError | null = null;
  let journal: Journal;
  try {
    journal = await openJournal({
      directory,
      header,
      disk,
      clock,
      onBroken(error) {
        broken = error;
        handle?.stop({ how: "now", code: "io", message: error.message });
      },
    });
  } catch (error) {
    if (error instanceof JournalError) return complain(error.message, 3);
    throw error;
  }

  let progress: Progress | null = null;
  const say = (text: string) => progress === null ? host.stderr.write(text) : progress.say(text);
  const facts = await executeRun({
    plan,
    ports,
    prepared,
    journal,
    redactor,
    stats,
    notice: (message) => say(`fanout: ${message}\n`),
    ...(args.has("verbose") ? { onAttempt: attemptPrinter(redactor, say) } : {}),
    onStarted(started) {
      handle = started;
      progress = startProgress({
        mode: progressMode(args, ports),
        color: usesColor(ports),
        output: host.stderr,
        clock,
        view: started.view,
      });
      signals.handOver(plan, started);
    },
  });
  (progress as Progress | null)?.stop();

  const closing = closingOf(plan, facts, ports, signals.first(), broken !== null);
  let exitCode = closing.exitCode;
  try {
    if (broken === null) await journal.finish(closing);
  } catch (error) {
    exitCode = 3;
    broken ??= error as JournalError;
  }
  if (broken !== null) complain((broken as JournalError).message, 3);
  const report = buildReport(
    { header, closing, results: journal.results, totals: header.tasks.map(({ total }) => total), lost: [] },
    stats,
  );
  const unwritten = await writeReports(report, outputs, ports);
  for (const { message } of unwritten) exitCode = complain(message, 3);
  await journal.close();
  const kept = await pruneRuns({ directory, keep: plan.run.keepRuns, disk });
  for (const message of kept) complain(message, 0);
  if (!args.has("quiet") || exitCode !== 0) {
    const reportPath = unwritten.some(({ path }) => path === outputs.json) ? null : outputs.json;
    const width = host.stderr.isTerminal ? host.stderr.columns() : 80;
    host.stderr.write(summaryText(report, { color: usesColor(ports), width, reportPath }));
  }
  return exitCode;
}

function usesColor({ host }: Ports): boolean {
  return host.stderr.isTerminal && !host.environment.NO_COLOR && host.environment.TERM !== "dumb";
}

function progressMode(args: ParsedArguments, { host }: Ports): ProgressMode {
  if (args.has("quiet")) return "none";
  const mode = args.value("progress") ?? "auto";
  if (mode !== "auto") return mode as ProgressMode;
  return host.stderr.isTerminal && host.environment.TERM !== "dumb" ? "bar" : "log";
}
