import { isLiving } from "../journal/runs.ts";
import { isRunId } from "../journal/run_id.ts";
import { readJournal, recordResult } from "../journal/read_journal.ts";
import { buildReport } from "../report/build_report.ts";
import { readReport } from "../report/read_report.ts";
import { type RenderSource, renderSourceOf } from "../report/render_source.ts";
import type { RunHeader } from "../model/run_record.ts";
import { RunStats } from "../report/run_stats.ts";
import type { Disk } from "../runtime/disk.ts";
import { inInputOrder } from "./input_order.ts";
import { describeSystemError } from "../runtime/system_error.ts";

/** A report to be shown, or why there is none. */
export type OpenReport =
  | {
    readonly ok: true;
    readonly source: RenderSource;
    /** What a user should know of it. */
    readonly notes: readonly string[];
    close(): void;
  }
  /** 2: it is neither a report nor a journal. 5: the journal is damaged, or of another format. */
  | { readonly ok: false; readonly message: string; readonly exitCode: 2 | 5 };

/** Opens a report, or rebuilds it from the journal of a run: one that ended, was killed, or still goes on. */
export async function openReport(path: string, disk: Disk): Promise<OpenReport> {
  let isJournal: boolean;
  try {
    // One that is damaged where it begins is known by its name.
    isJournal = isNamedAsJournal(path) || beginsLikeJournal(path, disk);
  } catch (error) {
    return { ok: false, message: `cannot read ${path}: ${describeSystemError(error)}`, exitCode: 2 };
  }
  if (isJournal) return await openJournalReport(path, disk);
  const reading = readReport(path, disk);
  return reading.ok ? { ...reading, notes: [] } : { ...reading, exitCode: 2 };
}

function isNamedAsJournal(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.endsWith(".ndjson") && isRunId(name.slice(0, -".ndjson".length));
}

const journalHead = new TextEncoder().encode('{"type":"header"');

function beginsLikeJournal(path: string, disk: Disk): boolean {
  const fd = disk.open(path);
  try {
    const start = new Uint8Array(journalHead.length);
    const count = disk.read(fd, start, 0, start.length, 0);
    return count === start.length && journalHead.every((byte, at) => start[at] === byte);
  } finally {
    disk.close(fd);
  }
}

async function openJournalReport(path: string, disk: Disk): Promise<OpenReport> {
  // Asked before it is read: what ends meanwhile is in what is read.
  const goesOn = await isLiving(path, disk);
  const stats = new RunStats();
  const reading = readJournal(path, disk, (record) => {
    stats.addJson(recordResult(record), record.type === "kept");
  });
  if (!reading.ok) {
    const { code, message } = reading.problem;
    return { ok: false, message, exitCode: code === "damaged" || code === "version" ? 5 : 2 };
  }
  const { run } = reading;
  const { results, placeOf } = inInputOrder(run.results, run.origins);
  stats.renumber((name, index) => placeOf(run.header.tasks.findIndex((one) => one.name === name), index));
  // What is under way in a run that goes on is not lost.
  const lost = goesOn ? [] : run.lost.map((one) => ({ ...one, index: placeOf(one.task, one.index) }));
  const report = buildReport({ ...run, results, lost }, stats);
  const notes = run.closing === null ? [goesOn ? goingOn(run.header) : killed(run.header)] : [];
  const torn = `the last line was never finished: ${run.tornBytes} bytes of ${path} were left out`;
  return {
    ok: true,
    source: renderSourceOf(report),
    notes: run.tornBytes > 0 && !goesOn ? [...notes, torn] : notes,
    close: run.close,
  };
}

function goingOn({ runId, pid, host }: RunHeader): string {
  return `run ${runId} is still going on, as process ${pid} on ${host}: this is how far it has come`;
}

function killed({ runId }: RunHeader): string {
  return `run ${runId} was killed; the same command with --resume goes on with it`;
}
