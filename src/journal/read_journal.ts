import type { Value } from "../model/json.ts";
import { parseJson } from "../model/json.ts";
import type {
  LostRun,
  NamedInput,
  OriginChange,
  Origins,
  ResultStore,
  RunClosing,
  RunHeader,
} from "../model/run_record.ts";
import type { Disk } from "../runtime/disk.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import { Offsets } from "./offsets.ts";
import { formatVersion, parseRunRecord, type RunRecord } from "./record.ts";
import { resultPages } from "./result_pages.ts";
import { scanJournal } from "./scan_journal.ts";

/** A run as its journal tells it. */
export interface RecordedRun {
  readonly path: string;
  readonly header: RunHeader;
  /** Null for a run that was killed, or that still goes on. */
  readonly closing: RunClosing | null;
  readonly results: ResultStore;
  /** How many inputs each task has, in file order; null where that was never known. */
  readonly totals: readonly (number | null)[];
  /** @see Origins */
  readonly origins: Origins;
  /** In no order. */
  readonly lost: readonly LostRun[];
  /** Bytes of a last line that was never finished; it counts as not written. */
  readonly tornBytes: number;
  /** Closes the file; `results` is not used any more. */
  close(): void;
}

/** Why a journal cannot be used. */
export interface JournalProblem {
  /** `damaged` and `version` are exit 5. `empty`: the run was killed before it began. */
  readonly code: "unreadable" | "empty" | "damaged" | "version";
  /** What, where (with the byte offset), and what to do. */
  readonly message: string;
}

export type JournalReading =
  | { readonly ok: true; readonly run: RecordedRun }
  | { readonly ok: false; readonly problem: JournalProblem };

/** Called for every ended task run, in the order they ended; `record` is valid only during the call. */
export type OnRunRecord = (record: RunRecord, position: number) => void;

/**
 * Reads a journal through, checking every byte by its CRC. Results stay in the file; `onList` is told of the lists that
 * runs gave to others. Never throws for what it reads.
 */
export function readJournal(
  path: string,
  disk: Disk,
  onRun?: OnRunRecord,
  onList?: OnRunRecord,
): JournalReading {
  let fd: number;
  try {
    fd = disk.open(path);
  } catch (error) {
    return unreadable(path, error);
  }
  let isKept = false;
  try {
    const reading = readOpen(path, fd, disk, onRun, onList);
    isKept = reading.ok;
    return reading;
  } catch (error) {
    return unreadable(path, error);
  } finally {
    if (!isKept) disk.close(fd);
  }
}

function readOpen(
  path: string,
  fd: number,
  disk: Disk,
  onRun?: OnRunRecord,
  onList?: OnRunRecord,
): JournalReading {
  let header: StoredHeader | null = null;
  let closing: RunClosing | null = null;
  let strangeAt = -1;
  const totals = new Map<number, number>();
  const origins = new Map<number, OriginChange[]>();
  const lost = new Map<string, BegunRun>();
  const offsets = new Offsets();
  const record = {} as RunRecord;

  const scan = scanJournal(disk, fd, (bytes, from, end, position) => {
    if (strangeAt >= 0 || (header !== null && header.version !== formatVersion)) return;
    // The end is the last that is written.
    if (closing !== null) return void (strangeAt = position);
    if (header !== null && parseRunRecord(bytes, from, end, record)) {
      return takeRun(record, position + record.resultFrom - from, position);
    }
    const members = parseMembers(bytes, from, end);
    if (header === null && members.type === "header") header = members as unknown as StoredHeader;
    else if (header !== null && members.type === "end") closing = members as unknown as RunClosing;
    else if (header !== null && members.type === "total") {
      totals.set(members.task as number, members.total as number);
    } else if (header !== null && members.type === "origin") {
      addOrigin(members as unknown as OriginChange & { readonly task: number });
    } else strangeAt = position;
  });
  // What a callback assigned is not seen by the type checker.
  const found = header as StoredHeader | null;
  if (found !== null && found.version !== formatVersion) return otherVersion(path, found.version);
  if (!scan.ok) return damaged(path, scan.damagedAt);
  if (strangeAt >= 0) return damaged(path, strangeAt);
  if (closing !== null && scan.tornBytes > 0) return damaged(path, scan.tornAt);
  if (found === null) return empty(path);
  return {
    ok: true,
    run: {
      path,
      header: found,
      closing,
      results: resultPages(offsets, (into, length, position) => readFully(disk, fd, into, length, position)),
      totals: found.tasks.map((task, position) => totals.get(position) ?? task.total),
      origins,
      lost: [...lost.values()].map(({ inputAt, inputLength, ...begun }) => ({
        ...begun,
        input: readInput(disk, fd, inputAt, inputLength),
      })),
      tornBytes: scan.tornBytes,
      close: () => disk.close(fd),
    },
  };

  function addOrigin({ task, index, origin }: OriginChange & { readonly task: number }): void {
    const changes = origins.get(task);
    if (changes === undefined) origins.set(task, [{ index, origin }]);
    else changes.push({ index, origin });
  }

  function takeRun(run: RunRecord, resultAt: number, position: number): void {
    if (run.type === "begin") {
      const id = recordId(run);
      lost.set(id, {
        task: run.task,
        index: run.index,
        id,
        inputAt: resultAt,
        inputLength: run.resultTo - run.resultFrom,
      });
      return;
    }
    if (run.type === "list") return onList?.(run, position);
    if (lost.size > 0) lost.delete(recordId(run));
    if (offsets.length(run.task, run.index) > 0) strangeAt = position;
    offsets.set(run.task, run.index, resultAt, run.resultTo - run.resultFrom);
    onRun?.(run, position);
  }
}

/** Where its input stands: only what never ended is asked for it. */
type BegunRun = Omit<LostRun, "input"> & { readonly inputAt: number; readonly inputLength: number };

type StoredHeader = RunHeader & { readonly version: number };

const decoder = new TextDecoder();

/** The identity of a task run, from its record. */
export function recordId(record: RunRecord): string {
  return decoder.decode(record.bytes.subarray(record.idFrom, record.idTo));
}

/** The result's JSON, from its record. */
export function recordResult(record: RunRecord): string {
  return decoder.decode(record.bytes.subarray(record.resultFrom, record.resultTo));
}

function parseMembers(bytes: Uint8Array, from: number, end: number): { readonly [name: string]: Value } {
  return parseJson(decoder.decode(bytes.subarray(from, end)) + "}") as { readonly [name: string]: Value };
}

function readInput(disk: Disk, fd: number, position: number, length: number): NamedInput {
  const bytes = new Uint8Array(length);
  readFully(disk, fd, bytes, length, position);
  return parseJson(decoder.decode(bytes)) as unknown as NamedInput;
}

function readFully(disk: Disk, fd: number, into: Uint8Array, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const count = disk.read(fd, into, done, length, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function unreadable(path: string, error: unknown): JournalReading {
  return problem("unreadable", `cannot read the journal ${path}: ${describeSystemError(error)}`);
}

function empty(path: string): JournalReading {
  return problem("empty", `the journal ${path} is empty: its run was killed before anything started`);
}

function damaged(path: string, offset: number): JournalReading {
  return problem(
    "damaged",
    `the journal ${path} is damaged at byte ${offset}: the line there is not what was written; ` +
      `start a new run without --resume, or restore the file`,
  );
}

function otherVersion(path: string, version: number): JournalReading {
  return problem(
    "version",
    `the journal ${path} has format ${version}, this program reads ${formatVersion}; ` +
      `use the version of fanout that wrote it, or start a new run without --resume`,
  );
}

function problem(code: JournalProblem["code"], message: string): JournalReading {
  return { ok: false, problem: { code, message } };
}
