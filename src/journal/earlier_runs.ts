import type { EarlierEnd, RunClosing, RunHeader } from "../model/run_record.ts";
import type { Disk, DiskLock } from "../runtime/disk.ts";
import { IdTable } from "./id_table.ts";
import { type JournalProblem, readJournal, recordId, recordResult } from "./read_journal.ts";
import { parseRunRecord, type RunRecord } from "./record.ts";
import { runFiles } from "./run_files.ts";
import { listRuns } from "./runs.ts";

/** What the runs before this one came to, by the identity of each task run. */
export interface EarlierRuns {
  /** The run that is gone on with: its plan is what a resume compares itself with. */
  readonly header: RunHeader;
  /** Null when it was killed. */
  readonly closing: RunClosing | null;
  /** Bytes that were cut off its last line; 0 when it was whole. */
  readonly tornBytes: number;
  /** The run that is gone on with, and those it went on with itself; newest first. */
  readonly runIds: readonly string[];
  /** How many task runs of this task are known, however they ended. */
  count(task: string): number;
  /**
   * How this task run ended, last time it ran; null when it never did. `lost`: it was begun, may not be repeated, and
   * nobody knows its end. @throws Error when the disk fails
   */
  find(id: string): EarlierEnd | null;
  /** The JSON of a list that a task run gave to another task, by the list's id; null when it is not known. */
  findList(id: string): string | null;
  /** Closes the files, and lets others go on with the run. May be called more than once. */
  close(): void;
}

export type EarlierReading =
  | { readonly kind: "found"; readonly runs: EarlierRuns }
  /** There is no run of this id (exit 2). */
  | { readonly kind: "missing" }
  /** Another process is at it (exit 4). */
  | { readonly kind: "running"; readonly runId: string }
  /** Exit 5. */
  | { readonly kind: "problem"; readonly problem: JournalProblem };

/**
 * Opens a run to go on with, together with the runs that it went on with itself, as far back as they are kept: a run
 * that was killed while it took results over must not lose them. Until `close` nobody else can open it.
 *
 * @param onRead told of each journal before it is read, which takes a second for some hundred megabytes
 */
export async function openEarlierRuns(
  directory: string,
  runId: string,
  disk: Disk,
  onRead?: (path: string, bytes: number) => void,
): Promise<EarlierReading> {
  if (!listRuns(directory, disk).includes(runId)) return { kind: "missing" };
  const lock = await disk.tryLock(runFiles(directory, runId).lock);
  if (lock === null) return { kind: "running", runId };
  const chain = new Chain(directory, disk, lock, onRead);
  const problem = chain.read(runId);
  if (problem === null) return { kind: "found", runs: chain };
  chain.close();
  return { kind: "problem", problem };
}

/** Invariant: a journal's position in `fds` is its file number in the table; the newest is 0. */
class Chain implements EarlierRuns {
  readonly #table = new IdTable();
  readonly #lost = new Set<string>();
  readonly #fds: number[] = [];
  readonly #runIds: string[] = [];
  readonly #counts = new Map<string, number>();
  #newest: { header: RunHeader; closing: RunClosing | null; tornBytes: number } | null = null;

  constructor(
    private readonly directory: string,
    private readonly disk: Disk,
    private readonly lock: DiskLock,
    private readonly onRead?: (path: string, bytes: number) => void,
  ) {}

  get header(): RunHeader {
    return this.#newest!.header;
  }

  get closing(): RunClosing | null {
    return this.#newest!.closing;
  }

  get tornBytes(): number {
    return this.#newest!.tornBytes;
  }

  get runIds(): readonly string[] {
    return this.#runIds;
  }

  count(task: string): number {
    return this.#counts.get(task) ?? 0;
  }

  /** Reads the newest run and those before it; gives what makes that impossible. */
  read(runId: string): JournalProblem | null {
    const seen = new Set<string>();
    for (let next: string | null = runId; next !== null && !seen.has(next);) {
      seen.add(next);
      const path = runFiles(this.directory, next).journal;
      // An older run may have been pruned: what it knew was taken over long ago.
      const facts = this.disk.facts(path, "follow");
      if (this.#newest !== null && facts === null) return null;
      this.onRead?.(path, facts?.bytes ?? 0);
      const file = this.#fds.length;
      /** New ones, by the position of their task. */
      const counts: number[] = [];
      const reading = readJournal(
        path,
        this.disk,
        (record, position) => {
          if (this.#add(file, record, position)) counts[record.task] = (counts[record.task] ?? 0) + 1;
        },
        (record, position) => this.#add(file, record, position),
      );
      if (!reading.ok) return reading.problem;
      const { run } = reading;
      run.close();
      this.#fds.push(this.disk.open(path));
      for (const { id, task } of run.lost) {
        if (this.#lookUp(id) !== null || this.#lost.has(id)) continue;
        this.#lost.add(id);
        counts[task] = (counts[task] ?? 0) + 1;
      }
      run.header.tasks.forEach(({ name }, task) =>
        this.#counts.set(name, this.count(name) + (counts[task] ?? 0))
      );
      this.#runIds.push(next);
      this.#newest ??= { header: run.header, closing: run.closing, tornBytes: run.tornBytes };
      next = run.header.resumes;
    }
    return null;
  }

  find(id: string): EarlierEnd | null {
    const record = this.#lookUp(id);
    if (record !== null) return { kind: "ended", outcome: record.outcome, resultJson: recordResult(record) };
    return this.#lost.has(id) ? { kind: "lost" } : null;
  }

  findList(id: string): string | null {
    const record = this.#lookUp(id);
    return record === null ? null : recordResult(record);
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) this.disk.close(fd);
    this.lock.release();
  }

  /** False for one that is known already, and for one whose input has no identity: it could not be made. */
  #add(file: number, record: RunRecord, position: number): boolean {
    const { bytes, idFrom, idTo, outcome } = record;
    if (idTo === idFrom) return false;
    if (this.#lost.size > 0 && this.#lost.has(recordId(record))) return false;
    return this.#table.add(hexNumber(bytes, idFrom), hexNumber(bytes, idFrom + 8), {
      file,
      position,
      length: record.resultTo - record.lineFrom,
      outcome,
    });
  }

  /** The record of this id, read back and compared, since the table knows only half of an id. */
  #lookUp(id: string): RunRecord | null {
    const idBytes = new TextEncoder().encode(id);
    const place = this.#table.get(hexNumber(idBytes, 0), hexNumber(idBytes, 8));
    if (place === null) return null;
    const bytes = new Uint8Array(place.length);
    const fd = this.#fds[place.file]!;
    for (let done = 0; done < bytes.length;) {
      const count = this.disk.read(fd, bytes, done, bytes.length, place.position + done);
      if (count === 0) throw new Error(`the journal of an earlier run ends at byte ${place.position + done}`);
      done += count;
    }
    const record = {} as RunRecord;
    parseRunRecord(bytes, 0, bytes.length, record);
    return recordId(record) === id ? record : null;
  }
}

/** Eight hexadecimal digits as a number. */
function hexNumber(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let at = from; at < from + 8; at++) {
    const byte = bytes[at]!;
    value = (value << 4) | (byte < 0x40 ? byte & 15 : (byte & 15) + 9);
  }
  return value >>> 0;
}
