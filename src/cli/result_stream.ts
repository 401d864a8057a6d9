import { terminalLines } from "../model/written.ts";
import type { ResultStore, RunHeader } from "../model/run_record.ts";
import { resolvePlace } from "../report/destination.ts";
import type { Disk } from "../runtime/disk.ts";
import type { Clock } from "../runtime/ports.ts";
import { describeSystemError } from "../runtime/system_error.ts";

/** `--stream`: one JSON result a line, the bytes of the journal, while the run goes on. */
export interface ResultStream {
  /** A result is in the journal. */
  add(task: number, index: number): void;
  /**
   * The run has ended; `results` are numbered as the report has them. Resolves when every line was taken, or when nobody
   * reads any more, which is no error.
   *
   * @returns what went wrong otherwise; null when nothing did
   */
  finish(results: ResultStore): Promise<string | null>;
  /** Gives up what was not yet taken, also a write that its reader holds up. May be called at any time. */
  giveUp(): void;
  /** A write was given up that still waits for its reader: it keeps the process alive. */
  readonly isHeldUp: boolean;
}

export interface StreamOptions {
  /** Absolute. */
  readonly path: string;
  /** Somebody looks at it: nothing of the data may move the cursor. */
  readonly isTerminal: boolean;
  readonly order: "completion" | "input";
  readonly header: RunHeader;
  /** Positions of tasks whose inputs are numbered only when the run has ended. */
  readonly numberedLater: ReadonlySet<number>;
  readonly results: ResultStore;
  readonly disk: Disk;
  readonly clock: Clock;
}

const batchBytes = 64 * 1024;

/**
 * Lines are read back from the journal when their turn comes, so that neither a slow reader nor an early input that is
 * still running makes results pile up in memory: a place takes 16 bytes at most.
 */
export function startStream(options: StreamOptions): ResultStream {
  const { disk, clock } = options;
  const places = options.order === "input" ? inputOrder(options) : completionOrder();
  let { results } = options;
  let open: OpenStream | null = null;
  let writing: Promise<void> | null = null;
  let trouble: unknown;
  let isClosed = false;

  const { promise: givenUp, resolve: stopWaiting } = Promise.withResolvers<void>();

  const drain = () => {
    if (!isClosed) writing ??= writeAll();
  };

  async function writeAll(): Promise<void> {
    try {
      // What ends together is written together.
      await new Promise<void>((resolve) => clock.soon(resolve));
      // Without any result too: a file of an earlier run must not stay, nor a FIFO's reader wait for ever.
      open ??= await openPath(options.path, disk);
      for (let batch = takeBatch(); batch !== null && !isClosed; batch = takeBatch()) {
        await disk.writeThrough(open.fd, options.isTerminal ? harmless(batch) : batch);
      }
    } catch (error) {
      isClosed = true;
      if ((error as { code?: string }).code !== "EPIPE") trouble = error;
    }
    // Without a gap: what ended since the last look starts another round.
    writing = null;
  }

  function takeBatch(): Uint8Array | null {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const put = (bytes: Uint8Array, from: number, to: number) => {
      pieces.push(bytes.slice(from, to));
      length += to - from;
    };
    while (length < batchBytes) {
      const place = places.take(results);
      if (place === null) break;
      if (results.copy(place.task, place.index, put)) put(lineEnd, 0, 1);
    }
    if (length === 0) return null;
    const batch = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      batch.set(piece, at);
      at += piece.length;
    }
    return batch;
  }

  return {
    add(task, index) {
      places.add(task, index);
      drain();
    },
    async finish(ordered) {
      await Promise.race([writing, givenUp]);
      if (options.order === "input") results = ordered;
      places.end();
      drain();
      await Promise.race([writing, givenUp]);
      if (writing !== null) return null;
      if (open?.isOurs) disk.close(open.fd);
      if (trouble === undefined) return null;
      return `cannot write the stream to ${options.path}: ${describeSystemError(trouble)}`;
    },
    get isHeldUp() {
      return isClosed && writing !== null;
    },
    giveUp() {
      isClosed = true;
      stopWaiting();
    },
  };
}

/** A batch has whole lines, so no character is cut. */
function harmless(batch: Uint8Array): Uint8Array {
  return new TextEncoder().encode(terminalLines(new TextDecoder().decode(batch)));
}

const lineEnd = new Uint8Array([10]);

/** Which result comes next. */
interface Places {
  add(task: number, index: number): void;
  /** Null when there is none yet, or no more. */
  take(results: ResultStore): { readonly task: number; readonly index: number } | null;
  end(): void;
}

function completionOrder(): Places {
  let waiting: number[] = [];
  let head = 0;
  return {
    add: (task, index) => void waiting.push(task, index),
    take() {
      if (head === waiting.length) {
        waiting = [];
        head = 0;
        return null;
      }
      head += 2;
      return { task: waiting[head - 2]!, index: waiting[head - 1]! };
    },
    end() {},
  };
}

/** Goes on as far as results are there; a task whose number of inputs is not known holds back those after it. */
function inputOrder({ header, numberedLater }: StreamOptions): Places {
  let task = 0;
  let index = 0;
  let hasEnded = false;
  const isComplete = (results: ResultStore) => {
    if (hasEnded) return index >= results.size(task);
    const total = header.tasks[task]!.total;
    return total !== null && index >= total;
  };
  return {
    add() {},
    take(results) {
      for (; task < header.tasks.length; task++, index = 0) {
        if (!hasEnded && numberedLater.has(task)) return null;
        for (; !isComplete(results); index++) {
          if (results.has(task, index)) return { task, index: index++ };
          if (!hasEnded) return null;
        }
      }
      return null;
    },
    end() {
      hasEnded = true;
    },
  };
}

interface OpenStream {
  readonly fd: number;
  /** It was opened here, and is closed here. */
  readonly isOurs: boolean;
}

/** A regular file is made anew; a FIFO waits for its reader, and the run does not. */
async function openPath(path: string, disk: Disk): Promise<OpenStream> {
  const place = resolvePlace(path, disk);
  if (place.kind === "descriptor") return { fd: place.fd, isOurs: false };
  if (place.kind === "through") return { fd: await disk.openThrough(place.path), isOurs: true };
  if (disk.facts(place.path, "show") !== null) disk.remove(place.path);
  return { fd: disk.create(place.path, 0o600), isOurs: true };
}
