/**
 * The store of a run: every finished task run is appended here before it counts as done, and the report is a view of
 * it. This folder appends, reads back, finds earlier runs and prunes them. It never looks into a result, never decides
 * what a run may do next, and never repairs: a write that fails once is not tried again.
 */
import type { Outcome } from "../model/outcome.ts";
import type { ResultStore, RunClosing, RunHeader } from "../model/run_record.ts";
import type { Disk, DiskLock } from "../runtime/disk.ts";
import type { Clock, Timer } from "../runtime/ports.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import { AppendBuffer } from "./append_buffer.ts";
import { Offsets } from "./offsets.ts";
import { beginText, formatVersion, plainText, runPrefix, type RunRecordType } from "./record.ts";
import { resultPages } from "./result_pages.ts";
import { runFiles } from "./run_files.ts";
import { SharedSync } from "./shared_sync.ts";

/** @see openJournal */
export interface JournalOptions {
  /** The directory of this config's runs; made when it is missing. */
  readonly directory: string;
  readonly header: RunHeader;
  readonly disk: Disk;
  readonly clock: Clock;
  /** The disk failed: the run has to stop (exit 3). Called once; nothing is written any more. */
  onBroken(error: JournalError): void;
}

/** The journal of the run that goes on. Its methods are not called after `close`. */
export interface Journal {
  readonly path: string;
  /** What was appended so far. */
  readonly results: ResultStore;
  /**
   * Adds a finished task run; written within 2 ms or 128 KiB, synced within a second.
   * After a failure results are kept in memory for the report, up to 64 MiB; what comes then is dropped.
   *
   * @throws Error when this task run has a result already
   */
  append(task: number, index: number, id: string, outcome: Outcome, resultJson: string): void;
  /** As {@link append}, for a result that an earlier run gave. */
  keep(task: number, index: number, id: string, outcome: Outcome, resultJson: string): void;
  /**
   * Adds a list that a task run gives to a task which goes through it; `id` is the list's own. To be called before the run
   * itself is added, so that a run that is known has its lists. Not part of the report.
   */
  addList(task: number, index: number, id: string, listJson: string): void;
  /** A task run that may not be repeated starts: resolves when that is on the disk. @throws JournalError when it cannot be. */
  begin(task: number, index: number, id: string, inputJson: string): Promise<void>;
  /** How many inputs a task has, when that was not known at the start. */
  setTotal(task: number, total: number): void;
  /** From this input of a task on, they come from another run of its producer. */
  setOrigin(task: number, index: number, origin: number): void;
  /** Writes what is waiting now, so that even a SIGKILL loses nothing that was appended. */
  commit(): void;
  /**
   * The run ended in order: says so, and resolves when everything is on the disk, under its name.
   * @throws JournalError
   */
  finish(closing: RunClosing): Promise<void>;
  /** Writes and syncs what is waiting, gives up the lock. A failure goes to `onBroken`. May be called more than once. */
  close(): Promise<void>;
}

/** The journal could not be written; the message says what to do. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}

const commitBytes = 128 * 1024;
const commitMs = 2;
const syncMs = 1000;

/**
 * Starts the journal of a run: its header is on the disk when this resolves. Mode 0600, in directories of mode 0700.
 * The run counts as living until `close`, or until the process dies.
 *
 * @throws JournalError when the place cannot be written
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory, header, disk } = options;
  const files = runFiles(directory, header.runId);
  let lock: DiskLock | null = null;
  let fd: number | null = null;
  try {
    disk.makeDirectory(directory);
    lock = await disk.tryLock(files.lock);
    if (lock === null) throw new Error(`another run has the id ${header.runId}`);
    fd = disk.create(files.journal, 0o600);
    const journal = new RunJournal(options, files.journal, fd, lock);
    journal.start(header);
    return journal;
  } catch (error) {
    if (fd !== null) disk.close(fd);
    lock?.release();
    throw journalError("cannot start the journal", files.journal, error);
  }
}

/** Invariant: file bytes 0 to `buffer.position` are written, the rest is in the buffer; offsets count over both. */
class RunJournal implements Journal {
  readonly results: ResultStore;
  readonly #offsets = new Offsets();
  readonly #buffer: AppendBuffer;
  /** Of the file that was made. */
  #identity: string | undefined;
  #broken: JournalError | null = null;
  #commitTimer: Timer | null = null;
  #syncTimer: Timer | null = null;
  /** Bytes that a finished sync has covered. */
  #syncedBytes = 0;
  readonly #sync = new SharedSync(() => this.#syncOnce());
  #closing: Promise<void> | null = null;

  constructor(
    private readonly options: JournalOptions,
    readonly path: string,
    private readonly fd: number,
    private readonly lock: DiskLock,
  ) {
    this.#buffer = new AppendBuffer(options.disk, fd);
    this.results = resultPages(this.#offsets, (into, length, position) => {
      this.commit();
      return this.#buffer.read(into, length, position);
    });
  }

  /** The header and the file's name are on the disk before anything runs. */
  start(header: RunHeader): void {
    const { disk, directory } = this.options;
    this.#buffer.addText(plainText("header", { version: formatVersion, ...header }));
    this.#buffer.flush();
    disk.sync(this.fd);
    disk.syncDirectory(directory);
    this.#syncedBytes = this.#buffer.position;
    this.#identity = disk.facts(this.path, "show")?.identity;
  }

  append(task: number, index: number, id: string, outcome: Outcome, resultJson: string): void {
    this.#add("run", task, index, id, outcome, resultJson);
  }

  keep(task: number, index: number, id: string, outcome: Outcome, resultJson: string): void {
    this.#add("kept", task, index, id, outcome, resultJson);
  }

  addList(task: number, index: number, id: string, listJson: string): void {
    this.#assertOpen();
    if (this.#broken !== null) return;
    this.#buffer.addResult(runPrefix("list", task, index, id, "ok"), listJson);
    this.#scheduleCommit();
  }

  begin(task: number, index: number, id: string, inputJson: string): Promise<void> {
    this.#addText(beginText(task, index, id, inputJson));
    return this.#sync.next();
  }

  setTotal(task: number, total: number): void {
    this.#addText(plainText("total", { task, total }));
  }

  setOrigin(task: number, index: number, origin: number): void {
    this.#addText(plainText("origin", { task, index, origin }));
  }

  commit(): void {
    this.#commitTimer?.cancel();
    this.#commitTimer = null;
    if (this.#broken !== null || this.#buffer.isEmpty) return;
    try {
      this.#buffer.flush();
      this.#syncTimer ??= this.options.clock.after(syncMs, () => {
        this.#syncTimer = null;
        void this.#trySync();
      });
    } catch (error) {
      this.#break(error);
    }
  }

  async finish(closing: RunClosing): Promise<void> {
    this.#addText(plainText("end", closing));
    await this.#sync.next();
    const facts = this.options.disk.facts(this.path, "show");
    const isThere = facts !== null && facts.identity === this.#identity;
    if (isThere && facts.bytes === this.#buffer.position) return;
    const what = isThere ? "changed" : "removed";
    throw new JournalError(
      `the journal ${this.path} was ${what} by somebody while the run went on: it cannot be resumed`,
    );
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  #add(
    type: RunRecordType,
    task: number,
    index: number,
    id: string,
    outcome: Outcome,
    resultJson: string,
  ): void {
    this.#assertOpen();
    if (this.#offsets.length(task, index) > 0) throw new Error(`task run ${task}/${index} ended twice`);
    if (this.#broken !== null && this.#buffer.isFull) return;
    const result = this.#buffer.addResult(runPrefix(type, task, index, id, outcome), resultJson);
    this.#offsets.set(task, index, result.offset, result.length);
    this.#scheduleCommit();
  }

  #addText(text: string): void {
    this.#assertOpen();
    if (this.#broken !== null) return;
    this.#buffer.addText(text);
    this.#scheduleCommit();
  }

  /** Its file descriptor may be another file's by now. */
  #assertOpen(): void {
    if (this.#closing !== null) throw new Error(`the journal ${this.path} is closed`);
  }

  #scheduleCommit(): void {
    if (this.#broken !== null) return;
    if (this.#buffer.used >= commitBytes) this.commit();
    else this.#commitTimer ??= this.options.clock.after(commitMs, () => this.commit());
  }

  async #syncOnce(): Promise<void> {
    this.commit();
    const covered = this.#buffer.position;
    try {
      if (this.#broken === null && covered > this.#syncedBytes) await this.options.disk.syncSoon(this.fd);
      this.#syncedBytes = covered;
    } catch (error) {
      this.#break(error);
    }
    if (this.#broken !== null) throw this.#broken;
  }

  /** Nobody waits for this one: its failure has gone to `onBroken`. */
  #trySync(): Promise<void> {
    return this.#sync.next().catch(() => {});
  }

  #break(cause: unknown): void {
    if (this.#broken !== null) return;
    this.#broken = journalError("cannot write the journal", this.path, cause);
    this.options.onBroken(this.#broken);
  }

  async #close(): Promise<void> {
    await this.#trySync();
    this.#syncTimer?.cancel();
    this.#commitTimer?.cancel();
    try {
      this.options.disk.close(this.fd);
    } catch (error) {
      this.#break(error);
    }
    this.lock.release();
  }
}

function journalError(what: string, path: string, cause: unknown): JournalError {
  return new JournalError(
    `${what} ${path}: ${describeSystemError(cause)}; --state-dir DIR chooses another place`,
    { cause },
  );
}
