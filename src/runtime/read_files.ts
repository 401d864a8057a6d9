import * as fs from "node:fs";
import { NotAFile, openFile, whatIs } from "./open_file.ts";
import { describeSystemError } from "./system_error.ts";

/** Files whose content is a task's result. */
export interface ReadFiles {
  /**
   * Opens a regular file, symlinks followed, without ever waiting for a FIFO or device. A promise only where the disk was
   * slow lately. @throws ReadTrouble, or rejects with it.
   */
  open(path: string): FileReader | Promise<FileReader>;
}

/** An open file, read from its beginning to its end. */
export interface FileReader {
  /** When it was opened; it may grow and shrink while it is read. */
  readonly bytes: number;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedMs: number;
  /**
   * The next bytes, valid until any file is read further; undefined at the end. What is small is given at once, the rest by
   * promises, so that other work goes on. @throws ReadTrouble, or rejects with it.
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Not while a read is under way. */
  close(): void;
}

/** The file system said no; the message says why. */
export class ReadTrouble extends Error {
  override readonly name = "ReadTrouble";
  readonly reason: "not_found" | "permission" | "not_a_file" | "stale" | "exhausted" | "io";

  constructor(cause: unknown) {
    super(cause instanceof NotAFile ? cause.message : describeSystemError(cause), { cause });
    this.reason = cause instanceof NotAFile
      ? "not_a_file"
      : reasons[String((cause as { code?: unknown }).code)] ?? "io";
  }
}

const reasons: { readonly [code: string]: ReadTrouble["reason"] } = {
  ENOENT: "not_found",
  ENOTDIR: "not_found",
  // A NUL, which no name can have.
  ERR_INVALID_ARG_VALUE: "not_found",
  EACCES: "permission",
  EPERM: "permission",
  // What a socket says.
  ENXIO: "not_a_file",
  EISDIR: "not_a_file",
  ESTALE: "stale",
  EMFILE: "exhausted",
  ENFILE: "exhausted",
  ENOMEM: "exhausted",
};

/** Read on the spot: from memory that takes microseconds, several times less than asking another thread. */
const atOnceBytes = 256 * 1024;

/** One file on the spot that took this long, and others are left to threads for a while. */
const slowMs = 20;
const slowForMs = 250;

let slowUntil = 0;
const shared = new Uint8Array(64 * 1024);

/** The machine's files. */
export const realReadFiles: ReadFiles = {
  open: (path) => performance.now() < slowUntil ? openSoon(path) : timed(() => openAtOnce(path)),
};

function openAtOnce(path: string): FileReader {
  const { fd, facts } = openFile(path);
  return readerOf(fd, facts, facts.size <= atOnceBytes);
}

async function openSoon(path: string): Promise<FileReader> {
  let fd: number | undefined;
  try {
    fd = await new Promise<number>((resolve, reject) =>
      fs.open(path, openFlags, (error, opened) => error ? reject(error) : resolve(opened))
    );
    const facts = fs.fstatSync(fd);
    if (!facts.isFile()) throw new NotAFile(`it is ${whatIs(facts)}, not a regular file`);
    return readerOf(fd, facts, false);
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    throw new ReadTrouble(error);
  }
}

const openFlags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;

function readerOf(fd: number, facts: fs.Stats, small: boolean): FileReader {
  let atOnce = small ? atOnceBytes : 0;
  let own: Uint8Array | undefined;
  let isAtEnd = false;
  return {
    bytes: facts.size,
    modifiedMs: facts.mtimeMs,
    read() {
      if (isAtEnd) return undefined;
      // A file that grows while it is read does not hold the thread for longer than a small one.
      if (atOnce <= 0) return readSoon(fd, own ??= new Uint8Array(bufferSize(facts)));
      const bytes = timed(() => fs.readSync(fd, shared));
      atOnce -= bytes;
      // Fewer than were asked for, and just as many as the file has: to ask again would only bring the same answer.
      isAtEnd = bytes < shared.length && atOnceBytes - atOnce === facts.size;
      return bytes === 0 ? undefined : shared.subarray(0, bytes);
    },
    close: () => fs.closeSync(fd),
  };
}

/** One byte more than it should need: a file that has grown tells so. */
function bufferSize(facts: fs.Stats): number {
  return Math.min(Math.max(facts.size + 1, 4096), atOnceBytes);
}

function readSoon(fd: number, buffer: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) =>
    fs.read(fd, buffer, 0, buffer.length, null, (error, bytes) => {
      if (error) reject(new ReadTrouble(error));
      else resolve(bytes === 0 ? undefined : buffer.subarray(0, bytes));
    })
  );
}

function timed<T>(act: () => T): T {
  const began = performance.now();
  try {
    return act();
  } catch (error) {
    throw new ReadTrouble(error);
  } finally {
    const now = performance.now();
    if (now - began > slowMs) slowUntil = now + slowForMs;
  }
}
