import { type EarlierRuns, openEarlierRuns } from "../journal/earlier_runs.ts";
import { readHeader } from "../journal/peek_journal.ts";
import { readJournal } from "../journal/read_journal.ts";
import { runFiles } from "../journal/run_files.ts";
import { listRuns } from "../journal/runs.ts";
import { directoriesOfConfig } from "../journal/state_directory.ts";
import { stringifyJson } from "../model/json.ts";
import type { RunHeader } from "../model/run_record.ts";
import { printable, writtenBytes } from "../model/written.ts";
import { comparePlans, type PlanIdentity, planIdentity } from "../plan/plan_identity.ts";
import type { Plan } from "../model/plan.ts";
import type { Disk } from "../runtime/disk.ts";

/** @see openResume */
export interface ResumeOptions {
  readonly plan: Plan;
  /** The run that is asked for; null for the latest of this config with these params. */
  readonly runId: string | null;
  /** Where this config's runs are. Beside it are those of others, and of this one under other names. */
  readonly directory: string;
  /** Absolute. */
  readonly configPath: string;
  readonly disk: Disk;
  /** Something that a user who waits should know. */
  notice(message: string): void;
}

/** A run to go on with, or why there is none. */
export type ResumeOpening =
  | {
    readonly ok: true;
    readonly runs: EarlierRuns;
    /** What a user should know before it goes on. */
    readonly notes: readonly string[];
  }
  /** 2: there is nothing to resume. 4: another process is at it. 5: it is damaged, or belongs to another plan. */
  | { readonly ok: false; readonly exitCode: 2 | 4 | 5; readonly message: string };

/** Finds the run to go on with and holds its plan against today's. The caller closes `runs`. */
export async function openResume(options: ResumeOptions): Promise<ResumeOpening> {
  const found = options.runId === null ? findLatest(options) : findNamed(options, options.runId);
  if ("ok" in found) return found;
  const { runId, directory } = found;
  const reading = await openEarlierRuns(directory, runId, options.disk, (path, bytes) => {
    if (bytes >= worthSaying) options.notice(`reading the journal ${path} (${writtenBytes(bytes)})`);
  });
  switch (reading.kind) {
    case "missing":
      return refused(2, `there is no run ${runId} any more; leave out --resume to start a new one`);
    case "running":
      return refused(4, stillRunning(runId, readHeader(runFiles(directory, runId).journal, options.disk)));
    case "problem":
      return refused(exitCodes[reading.problem.code], reading.problem.message);
    case "found":
      return compare(reading.runs, options.plan);
    default:
      return reading satisfies never;
  }
}

/** Reading it takes long enough for somebody to wonder. */
const worthSaying = 64 * 1024 * 1024;

const exitCodes = { unreadable: 2, empty: 2, damaged: 5, version: 5 } as const;

interface FoundRun {
  readonly directory: string;
  readonly runId: string;
}

/**
 * The latest run with these params that had this selection, or went on with one that had: a look at a single input is
 * not what the whole goes on with. Without such a run, the latest with these params. A config that was renamed is told
 * so, rather than that it has no runs.
 */
function findLatest(options: ResumeOptions): FoundRun | ResumeOpening {
  const { plan, directory, configPath, disk } = options;
  const stateDirectory = parentOf(directory);
  const others = directoriesOfConfig(stateDirectory, configPath, disk).filter((one) => one !== directory);
  const { params } = planIdentity(plan);
  let otherSelection: FoundRun | null = null;
  let otherParams: RunHeader | null = null;
  for (const place of [directory, ...others]) {
    for (const runId of listRuns(place, disk)) {
      const header = headerOf(runFiles(place, runId).journal, disk);
      // A run that was killed while it wrote its first line did nothing.
      if (header === null) continue;
      if ("ok" in header) return header;
      if (identityOf(header).params !== params) otherParams ??= header;
      else if (hadSelection(header, place, options)) return { directory: place, runId };
      else otherSelection ??= { directory: place, runId };
    }
  }
  if (otherSelection !== null) return otherSelection;
  const advice = otherParams === null
    ? `no run of ${configPath} is recorded in ${stateDirectory}; leave out --resume to start one`
    : `no run of ${configPath} had these params; the latest, ${otherParams.runId}, had ${
      differences(otherParams, plan).map(({ name, before }) => `${name} = ${before}`).join(", ")
    }: give it the same by --set, or go on with it by --resume=${otherParams.runId}`;
  return refused(2, `there is nothing to resume: ${advice}`);
}

/** Whether it, or a run that it went on with, had the selection of today's plan. */
function hadSelection(header: RunHeader, directory: string, { plan, disk }: ResumeOptions): boolean {
  const seen = new Set<string>();
  for (let one: RunHeader | null = header; one !== null && !seen.has(one.runId);) {
    if (identityOf(one).selection === plan.selection) return true;
    seen.add(one.runId);
    one = one.resumes === null ? null : readHeader(runFiles(directory, one.resumes).journal, disk);
  }
  return false;
}

/** Null when there is none yet; a refusal when it is damaged. */
function headerOf(path: string, disk: Disk): RunHeader | ResumeOpening | null {
  const header = readHeader(path, disk);
  if (header !== null) return header;
  const reading = readJournal(path, disk);
  if (!reading.ok) return reading.problem.code === "empty" ? null : refused(5, reading.problem.message);
  reading.run.close();
  return reading.run.header;
}

function findNamed(
  { directory, disk }: ResumeOptions,
  runId: string,
): FoundRun | ResumeOpening {
  const stateDirectory = parentOf(directory);
  const all = disk.facts(stateDirectory, "follow") === null
    ? []
    : disk.list(stateDirectory).sort().map((name) => `${stateDirectory}/${name}`);
  const place = [directory, ...all].find((one) =>
    disk.facts(one, "follow")?.kind === "directory" && listRuns(one, disk).includes(runId)
  );
  if (place !== undefined) return { directory: place, runId };
  const known = listRuns(directory, disk);
  const advice = known.length === 0 ? "this config has none" : `those of this config are ${known.join(", ")}`;
  return refused(2, `there is no run "${runId}" in ${stateDirectory}; ${advice}`);
}

function compare(runs: EarlierRuns, plan: Plan): ResumeOpening {
  const { header } = runs;
  const { refusal, edits } = comparePlans(identityOf(header), planIdentity(plan));
  if (refusal !== null) {
    runs.close();
    return refused(5, `run ${header.runId} cannot be resumed: ${refusal}; leave out --resume to start anew`);
  }
  const params = differences(header, plan).map(({ name, before, now }) =>
    `param ${name}: ${before}, now ${now}`
  );
  const changes = [...params, ...edits];
  const notes = [`going on with run ${header.runId}, ${endOf(runs)}`];
  if (runs.tornBytes > 0) {
    notes.push(`the last line of its journal was never finished: ${runs.tornBytes} bytes were cut off`);
  }
  if (changes.length > 0) notes.push(`edited since: ${changes.join("; ")}`);
  return { ok: true, runs, notes };
}

function endOf({ header, closing }: EarlierRuns): string {
  if (closing === null) return `which began at ${header.startedAt} and was killed`;
  return `which ended at ${closing.finishedAt} (${closing.status.replace("_", " ")})`;
}

function stillRunning(runId: string, header: RunHeader | null): string {
  const who = header === null ? "another process" : `process ${header.pid} on ${header.host}`;
  return `run ${runId} is still going on: ${who} is at it; wait for it, or stop it, and resume then`;
}

/** What `header` had for each param that is another now, as text for a message. */
function differences({ params }: RunHeader, plan: Plan): { name: string; before: string; now: string }[] {
  const names = [...new Set([...Object.keys(plan.params), ...Object.keys(params)])];
  return names.flatMap((name) => {
    const [before, now] = [params[name], plan.params[name]].map((value) =>
      value === undefined ? "none" : printable(stringifyJson(value))
    );
    return before === now ? [] : [{ name, before: before!, now: now! }];
  });
}

function parentOf(directory: string): string {
  return directory.slice(0, directory.lastIndexOf("/"));
}

function identityOf(header: RunHeader): PlanIdentity {
  return header.identity as unknown as PlanIdentity;
}

function refused(exitCode: 2 | 4 | 5, message: string): ResumeOpening & { ok: false } {
  return { ok: false, exitCode, message };
}
