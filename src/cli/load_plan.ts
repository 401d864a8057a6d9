import { loadConfig, type Loaded } from "../config/load_config.ts";
import { loadParamsFile } from "../config/load_params_file.ts";
import { showDiagnostic } from "../config/show_diagnostic.ts";
import { makeRunId } from "../journal/run_id.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { Plan, RunPolicy } from "../model/plan.ts";
import type { Given, PlanFlags } from "../plan/given.ts";
import { makePlan } from "../plan/make_plan.ts";
import { blotUserinfo } from "../report/redactor.ts";
import { detectCpus } from "../runtime/cpus.ts";
import { sha256Hex } from "../runtime/hash.ts";
import { processStart } from "../run/run_clock.ts";
import type { Ports } from "../runtime/ports.ts";
import { directoryOf, resolvePath } from "../runtime/resolve_path.ts";
import { type ParsedArguments, UsageError } from "./command.ts";
import { readFile } from "./read_file.ts";

/** More is no config but a mistake. */
export const maxConfigBytes = 10_000_000;

/** A config that makes sense, and what it means here and now. */
export interface LoadedPlan {
  readonly plan: Plan;
  readonly source: Loaded["source"];
}

/** The text of a config and where it stands. */
export interface ConfigText {
  readonly contents: Uint8Array;
  /** As messages name it. */
  readonly file: string;
  /** Absolute; relative paths start here. */
  readonly directory: string;
}

/**
 * Loads the config that the command line names and plans it; what is wrong goes to stderr. Null when there is no plan: exit 2.
 *
 * @param lastRunId of the runs of this config that are recorded; null without any, and for what is not recorded
 */
export async function loadPlan(
  args: ParsedArguments,
  ports: Ports,
  lastRunId: string | null = null,
): Promise<LoadedPlan | null> {
  const file = args.operands[0]!;
  const path = resolvePath(ports.host.cwd(), file);
  const contents = await readFile(ports.sources, path, maxConfigBytes);
  return await planText({ contents, file, directory: directoryOf(path) }, args, ports, lastRunId);
}

/** @see loadPlan */
export async function planText(
  { contents, file, directory }: ConfigText,
  args: ParsedArguments,
  ports: Ports,
  lastRunId: string | null,
): Promise<LoadedPlan | null> {
  const { host } = ports;
  const startedAt = processStart(ports.clock);
  const flags = planFlags(args, host.cwd());
  const loaded = loadConfig(contents, file);
  const paramsFiles = await readParamsFiles(args.values("params"), ports);
  if (loaded.config === undefined) printProblems(loaded.problems, loaded.source.text, ports);
  if (loaded.config === undefined || paramsFiles === null) return null;
  const planned = makePlan(loaded.config, {
    config: { path: file, directory, sha256: sha256Hex(contents) },
    runId: makeRunId(startedAt, ports.random, lastRunId),
    startedAt: startedAt.toISOString(),
    environment: host.environment,
    cpus: detectCpus(),
    paramsFiles,
    set: args.values("set").map(parseSet),
    flags,
    diagnose: loaded.source.diagnose,
  });
  printProblems([...loaded.problems, ...planned.problems], loaded.source.text, ports);
  for (const message of planned.usage) host.stderr.write(`fanout: ${message}\n`);
  return planned.plan === undefined ? null : { plan: planned.plan, source: loaded.source };
}

/** The values of every `--params FILE`; null after what is wrong with one was printed. */
async function readParamsFiles(names: readonly string[], ports: Ports): Promise<Given["paramsFiles"] | null> {
  const files = [];
  for (const name of names) {
    const contents = await readFile(ports.sources, resolvePath(ports.host.cwd(), name), maxConfigBytes);
    const { values, problems, text } = loadParamsFile(contents, name);
    printProblems(problems, text, ports);
    files.push({ path: name, values });
  }
  return files.every(({ values }) => values !== undefined) ? files as Given["paramsFiles"] : null;
}

/** One after the other, with the line and a caret, and how many there are. */
export function printProblems(problems: readonly Diagnostic[], text: string, ports: Ports): void {
  if (problems.length === 0) return;
  const { stderr } = ports.host;
  const source = blotUserinfo(text);
  for (const problem of problems) {
    const shown = showDiagnostic({ ...problem, message: blotUserinfo(problem.message) }, source);
    stderr.write(`${shown}\n`);
  }
}

function planFlags(args: ParsedArguments, cwd: string): PlanFlags {
  const report = args.value("report");
  const outputDirectory = args.value("output-dir");
  return {
    concurrency: wholeNumber(args, "concurrency", 1),
    maxFailures: maxFailures(args.value("max-failures")),
    failFast: args.has("fail-fast"),
    only: args.has("only") ? args.values("only") : null,
    first: wholeNumber(args, "first", 1),
    seed: wholeNumber(args, "seed", 0),
    report: report === undefined ? null : outputPath(cwd, report),
    outputDirectory: outputDirectory === undefined ? null : resolvePath(cwd, outputDirectory),
  };
}

/** Where an output goes that the command line names; `-` is stdout. */
export function outputPath(cwd: string, path: string): string {
  return path === "-" ? "/dev/stdout" : resolvePath(cwd, path);
}

/** A flag's whole number; null when it was not given. @throws UsageError */
export function wholeNumber(args: ParsedArguments, flag: string, least: number): number | null {
  const text = args.value(flag);
  if (text === undefined) return null;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least) return value;
  throw new UsageError(`--${flag} takes a whole number of at least ${least}, not "${text}"`);
}

function maxFailures(text: string | undefined): RunPolicy["maxFailures"] {
  if (text === undefined) return null;
  if (/^\d{1,15}$/.test(text)) return { count: Number(text) };
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (share !== undefined && Number(share) <= 100) return { share: Number(share) / 100 };
  throw new UsageError(`--max-failures takes a count such as 3 or a share such as 5%, not "${text}"`);
}

function parseSet(text: string): { name: string; text: string } {
  const equals = text.indexOf("=");
  if (equals > 0) return { name: text.slice(0, equals), text: text.slice(equals + 1) };
  throw new UsageError(`--set takes name=value, not "${text}"`);
}
