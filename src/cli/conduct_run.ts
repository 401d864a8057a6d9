import { type Journal, JournalError, openJournal } from "../journal/journal.ts";
import { runFiles } from "../journal/run_files.ts";
import { pruneRuns } from "../journal/runs.ts";
import type { Plan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { RunHeader } from "../model/run_record.ts";
import { buildReport } from "../report/build_report.ts";
import { RunStats } from "../report/run_stats.ts";
import { summaryText } from "../report/summary_text.ts";
import { inInputOrder } from "../run/input_order.ts";
import { collectResults } from "../run/collect_results.ts";
import { describeCarryOver } from "../run/describe_carry_over.ts";
import { closingOf, executeRun } from "../run/execute_run.ts";
import { finalOutputs } from "../run/final_outputs.ts";
import type { Notifier } from "../run/notify.ts";
import type { Prepared } from "../run/prepare_run.ts";
import { runHeader } from "../run/run_header.ts";
import type { RunFacts, RunHandle } from "../run/run_plan.ts";
import type { Ports } from "../runtime/ports.ts";
import { attemptPrinter } from "./attempt_line.ts";
import type { ParsedArguments } from "./command.ts";
import { outputPath } from "./load_plan.ts";
import { type Progress, type ProgressMode, startProgress } from "./progress/progress.ts";
import { type ResultStream, startStream } from "./result_stream.ts";
import { otherPaths, probeOutputs, type RunOutputs, runOutputs, writeReports } from "./run_outputs.ts";
import { openEarlierWork, type ResumeFlags } from "./resume_run.ts";
import type { SignalWatch } from "./signal_watch.ts";

/** What a run is conducted with. */
export interface Conduct {
  readonly args: ParsedArguments;
  readonly ports: Ports;
  readonly plan: Plan;
  /** Where this config's runs keep their state. */
  readonly directory: string;
  /** Null when it is a run of its own. */
  readonly resume: ResumeFlags | null;
  readonly prepared: Prepared;
  readonly signals: SignalWatch;
  /** Is told how it ended before anybody is told where the report is. */
  readonly notifier: Notifier;
  /** The same command can go on with it. */
  readonly canResume: boolean;
  /** Each result as it ends, not yet masked: it is printed on stdout. */
  readonly onResult?: (result: Result) => void;
}

/** Runs a prepared plan: journal, progress, reports, summary. @returns the exit code */
export async function conductRun(conduct: Conduct): Promise<number> {
  const { args, ports, plan, directory, resume, prepared, signals } = conduct;
  const { host } = ports;
  let progress: Progress | null = null;
  const say = (text: string) => progress === null ? host.stderr.write(text) : progress.say(text);
  const outputs = findOutputs(conduct);
  if (typeof outputs === "number") return outputs;

  const { redactor } = prepared;
  const tell = (message: string) => say(`fanout: ${redactor.mask(message)}\n`);
  const earlier = resume && await openEarlierWork(resume, directory, { plan, ports, tell });
  if (typeof earlier === "number") return earlier;
  const header = runHeader(plan, prepared.survey, host, redactor, earlier?.runs.header.runId ?? null);
  let handle: RunHandle | null = null;
  let broken: JournalError | null = null;
  const stopBroken = () => {
    if (broken !== null) handle?.stop({ how: "now", code: "io", message: broken.message });
  };
  const journal = await startJournal(directory, header, ports, (error) => {
    broken = error;
    stopBroken();
  });
  if (journal === null) return 3;
  // Here, too: runs that are killed each time would pile up.
  await prune(conduct);

  const stats = new RunStats();
  const stream = outputs.stream === null ? null : startStream({
    path: outputs.stream,
    isTerminal: outputs.stream === outputPath(host.cwd(), "-") && host.stdout.isTerminal,
    order: (args.value("order") ?? "completion") as "completion" | "input",
    header,
    numberedLater: new Set(
      plan.tasks.flatMap(({ foreach }, task) => foreach?.source === "from" ? [task] : []),
    ),
    results: journal.results,
    disk: ports.disk,
    clock: ports.clock,
  });
  const facts = await executeRun({
    plan,
    ports,
    prepared,
    earlier,
    journal,
    spoolPath: runFiles(directory, plan.runId).spool,
    stats,
    notice: tell,
    ...(args.has("verbose") ? { onAttempt: attemptPrinter(redactor, say) } : {}),
    ...(conduct.onResult === undefined ? {} : { onResult: conduct.onResult }),
    ...(stream === null ? {} : { onRecorded: stream.add }),
    onStarted(started) {
      handle = started;
      stopBroken();
      progress = startProgress({
        mode: progressMode(conduct, outputs.stream),
        color: usesColor(ports),
        output: host.stderr,
        clock: ports.clock,
        view: started.view,
      });
      signals.handOver(plan, started);
    },
  });
  (progress as Progress | null)?.stop();
  if (earlier !== null) {
    for (const words of describeCarryOver(plan, earlier.runs, facts.tallies!)) tell(words);
    earlier.runs.close();
  }
  return await finish(conduct, { outputs, header, journal, stats, facts, stream });
}

/** Tries the place of every report; what is wrong is said, and the exit code given. */
function findOutputs({ args, ports, plan, directory }: Conduct): RunOutputs | number {
  const outputs = outputsOf(args, ports, plan, directory);
  const problems = probeOutputs(plan, outputs, args.values("params"), ports);
  for (const { message } of problems) complain(ports, message, 2);
  if (problems.length === 0) return outputs;
  return problems.some(({ code }) => code === "taken") ? 2 : 3;
}

/** Where the plan and the command line want what the run writes. */
export function outputsOf(
  args: ParsedArguments,
  { host }: Ports,
  plan: Plan,
  directory: string,
): RunOutputs {
  const stream = args.has("stream") ? outputPath(host.cwd(), args.value("stream") ?? "-") : null;
  return runOutputs(plan, directory, stream);
}

/** Null when there is no place for it: it was said. `onBroken` is told when it cannot be written any more. */
async function startJournal(
  directory: string,
  header: RunHeader,
  ports: Ports,
  onBroken: (error: JournalError) => void,
): Promise<Journal | null> {
  try {
    return await openJournal({ directory, header, disk: ports.disk, clock: ports.clock, onBroken });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    complain(ports, error.message, 3);
    return null;
  }
}

interface Executed {
  readonly stream: ResultStream | null;
  readonly outputs: RunOutputs;
  readonly header: RunHeader;
  readonly journal: Journal;
  readonly stats: RunStats;
  readonly facts: RunFacts;
}

/** Ends the journal, writes the reports and says how it went. */
async function finish(conduct: Conduct, executed: Executed): Promise<number> {
  const { args, ports, plan, signals } = conduct;
  const { outputs, header, journal, stats, facts, stream } = executed;
  const { host } = ports;
  let closing = closingOf(plan, facts, ports, signals.first(), facts.stop?.code === "io");
  let { exitCode } = closing;
  try {
    await journal.finish(closing);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    exitCode = complain(ports, error.message, 3);
    closing = closingOf(plan, facts, ports, signals.first(), true);
  }
  const totals = header.tasks.map(({ total }) => total);
  const { results, placeOf } = inInputOrder(journal.results, facts.origins);
  stats.renumber((name, index) => placeOf(plan.tasks.findIndex((one) => one.name === name), index));
  const report = buildReport({ header, closing, results, totals, lost: [] }, stats);
  for (const message of await collectResults(plan, results, ports)) {
    exitCode = complain(ports, message, 3);
  }
  const unwritten = await writeReports(report, outputs, ports);
  for (const { message, path, cause } of unwritten) {
    // It is the disk that had no room, not the journal that has lost something.
    const isAllThere = closing.exitCode !== 3 && (cause as { code?: string }).code !== undefined;
    const format = outputs.others.find((other) => other.path === path)?.format ?? "json";
    const again = `fanout report ${journal.path} --format ${format} -o ${path}`;
    exitCode = complain(ports, isAllThere ? `${message}; the journal has it all: ${again}` : message, 3);
  }
  if (stream !== null) {
    // Its reader may take for ever; the reports are there by now. After a signal it has the grace that work has.
    signals.onRest(stream.giveUp);
    const patience = signals.first() === null ? null : ports.clock.after(plan.run.graceMs, stream.giveUp);
    const trouble = await stream.finish(results);
    patience?.cancel();
    if (trouble !== null) exitCode = complain(ports, trouble, 3);
  }
  const finals = exitCode === 3 ? [] : finalOutputs(plan, journal.results);
  await journal.close();
  await prune(conduct);
  const reportPath = unwritten.some(({ path }) => path === outputs.json) ? null : outputs.json;
  signals.onRest(conduct.notifier.giveUp);
  await conduct.notifier.ended({ exitCode, head: report.head, reportPath });
  if (!args.has("quiet") || exitCode !== 0) {
    const width = host.stderr.isTerminal ? host.stderr.columns() : 80;
    const look = {
      color: usesColor(ports),
      width,
      reportPath,
      otherPaths: exitCode === 3 ? [] : otherPaths(plan, outputs),
      canResume: conduct.canResume,
      brief: args.has("quiet"),
      outputs: finals,
    };
    host.stderr.write(summaryText(report, look));
  }
  if (stream?.isHeldUp) host.exit(exitCode);
  return exitCode;
}

async function prune({ plan, directory, ports }: Conduct): Promise<void> {
  const troubles = await pruneRuns({ directory, keep: plan.run.keepRuns, disk: ports.disk });
  for (const message of troubles) complain(ports, message, 0);
}

function complain({ host }: Ports, message: string, code: number): number {
  host.stderr.write(`fanout: ${message}\n`);
  return code;
}

function usesColor({ host }: Ports): boolean {
  return host.stderr.isTerminal && !host.environment.NO_COLOR && host.environment.TERM !== "dumb";
}

function progressMode({ args, ports, onResult }: Conduct, stream: string | null): ProgressMode {
  if (args.has("quiet")) return "none";
  const mode = args.value("progress") ?? "auto";
  if (mode !== "auto") return mode as ProgressMode;
  const { host, disk } = ports;
  const stdout = outputPath(host.cwd(), "-");
  // Lines that come to the same terminal, through a pipe as a rule too, would tear a view that redraws itself.
  const isShared = host.stdout.isTerminal || disk.facts(stdout, "follow")?.kind === "other";
  if (isShared && (stream === stdout || onResult !== undefined)) return "log";
  return host.stderr.isTerminal && host.environment.TERM !== "dumb" ? "bar" : "log";
}
