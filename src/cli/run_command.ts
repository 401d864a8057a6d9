import { type Journal, JournalError, openJournal } from "../journal/journal.ts";
import type { Plan } from "../model/plan.ts";
import { makeRedactor } from "../report/redactor.ts";
import { closingOf, executeRun } from "../run/execute_run.ts";
import { inputContext } from "../run/input_context.ts";
import { type Prepared, prepareRun } from "../run/prepare_run.ts";
import { runHeader } from "../run/run_header.ts";
import type { RunHandle } from "../run/run_plan.ts";
import { listenForSignals, type StopSignal } from "../run/signals.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { Ports } from "../runtime/ports.ts";
import { attemptPrinter } from "./attempt_line.ts";
import type { CommandBody, ParsedArguments } from "./command.ts";
import { type LoadedPlan, loadPlan, printProblems } from "./load_plan.ts";
import { planCommand } from "./plan_command.ts";
import { type Progress, type ProgressMode, startProgress } from "./progress/progress.ts";

const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** `fanout run FILE`. */
export const runCommand: CommandBody = async (args, ports) => {
  if (args.has("dry-run")) return await planCommand(args, ports);
  const { host } = ports;
  let handle: RunHandle | null = null;
  const beforeRun = new AbortController();
  // Before anything else: a signal that comes while the plan is made must not be lost.
  const firstSignal = listenForSignals(host, {
    first: (signal) => handle === null ? beforeRun.abort(signal) : interrupt(handle, plan!, signal, "grace"),
    second: (signal) =>
      handle === null ? host.exit(signalCodes[signal]) : interrupt(handle, plan!, signal, "now"),
    third: (signal) => host.exit(signalCodes[signal]),
  });
  let plan: Plan | null = null;

  const loaded = await loadPlan(args, ports, new Date(ports.clock.wallTime()));
  if (loaded === null) return 2;
  plan = loaded.plan;
  const prepared = await prepare(loaded, ports, beforeRun.signal);
  if (prepared === null) {
    const signal = firstSignal();
    if (signal === null) return 2;
    host.stderr.write(`fanout: ${signal} before anything ran\n`);
    return signalCodes[signal];
  }
  return await conduct(args, ports, plan, prepared, firstSignal, (started) => {
    handle = started;
    const signal = firstSignal();
    if (signal !== null) interrupt(started, loaded.plan, signal, "grace");
  });
};

function interrupt(handle: RunHandle, plan: Plan, signal: StopSignal, how: "grace" | "now"): void {
  handle.stop({
    how,
    graceMs: plan.run.graceMs,
    code: "interrupted",
    message: `the run was stopped by ${signal}`,
  });
}

/** Null when something is wrong, which was said, or when a signal came. */
async function prepare(
  { plan, source }: LoadedPlan,
  ports: Ports,
  signal: AbortSignal,
): Promise<Prepared | null> {
  const context = inputContext(plan, ports);
  try {
    return await prepareRun(plan, ports, context, (path, message, where) => {
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
  firstSignal: () => StopSignal | null,
  onStarted: (handle: RunHandle) => void,
): Promise<number> {
  const { host } = ports;
  const redactor = makeRedactor(prepared.secrets);
  let handle: RunHandle | null = null;
  let broken: JournalError | null = null;
  let journal: Journal;
  try {
    journal = await openJournal({
      directory: resolvePath(host.cwd(), args.value("state-dir") ?? "/tmp/fanout-state"),
      header: runHeader(plan, prepared.survey, host, null),
      disk: ports.disk,
      clock: ports.clock,
      onBroken(error) {
        broken = error;
        handle?.stop({ how: "now", code: "io", message: error.message });
      },
    });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    host.stderr.write(`fanout: ${error.message}\n`);
    return 3;
  }

  let progress: Progress | null = null;
  const say = (text: string) => progress === null ? host.stderr.write(text) : progress.say(text);
  const facts = await executeRun({
    plan,
    ports,
    prepared,
    journal,
    redactor,
    notice: (message) => say(`fanout: ${message}\n`),
    ...(args.has("verbose") ? { onAttempt: attemptPrinter(redactor, say) } : {}),
    onStarted(started) {
      handle = started;
      progress = startProgress({
        mode: progressMode(args, ports),
        color: host.stderr.isTerminal && !host.environment.NO_COLOR,
        output: host.stderr,
        clock: ports.clock,
        view: started.view,
      });
      onStarted(started);
    },
  });
  (progress as Progress | null)?.stop();
  const closing = closingOf(plan, facts, ports, firstSignal(), broken !== null);
  await journal.finish(closing);
  await journal.close();
  host.stderr.write(`${JSON.stringify(closing)}\n${journal.path}\n`);
  return closing.exitCode;
}

function progressMode(args: ParsedArguments, { host }: Ports): ProgressMode {
  if (args.has("quiet")) return "none";
  const mode = args.value("progress") ?? "auto";
  if (mode !== "auto") return mode as ProgressMode;
  return host.stderr.isTerminal && host.environment.TERM !== "dumb" ? "bar" : "log";
}
