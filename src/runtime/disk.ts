/**
 * Files that have to be where they are said to be: journals, reports, locks. Calls are synchronous where they end in
 * the page cache, and promises where they wait for a disk or a reader. Nothing here retries or decides; a failure
 * throws the system's error with its `code`.
 */
import * as fs from "node:fs";
import { tryLockFile } from "./disk_lock.ts";

/** What may stand at a path. */
export interface FileFacts {
  readonly kind: "file" | "directory" | "symlink" | "device" | "other";
  readonly bytes: number;
  /** Permission bits. */
  readonly mode: number;
  /** User id of the owner. */
  readonly owner: number;
  /** Equal for two paths of one file. */
  readonly identity: string;
}

/** A lock that the kernel frees when its holder dies. */
export interface DiskLock {
  /** Frees the lock. May be called more than once. */
  release(): void;
}

/** The disk, as the journal and the reports use it. A test passes one that fails. */
export interface Disk {
  /** Makes a new file for reading and writing; fails with EEXIST when the path is taken, also by a symlink. */
  create(path: string, mode: number): number;
  /** Opens a file for reading. */
  open(path: string): number;
  /** Writes bytes `from` to `to` at the file's end; gives how many it took, which may be fewer. */
  write(fd: number, bytes: Uint8Array, from: number, to: number): number;
  /** Reads at `position` into bytes `from` to `to`; gives how many came, 0 at the end. */
  read(fd: number, into: Uint8Array, from: number, to: number, position: number): number;
  /** Waits until content and length are on the disk, off the thread. */
  syncSoon(fd: number): Promise<void>;
  sync(fd: number): void;
  /** Puts the names in a directory on the disk, so that a rename survives a power cut. */
  syncDirectory(path: string): void;
  setMode(fd: number, mode: number): void;
  close(fd: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Null when nothing is there. */
  facts(path: string, symlinks: "follow" | "show"): FileFacts | null;
  /** Makes a directory with its missing parents, mode 0700. One that exists is left as it is. */
  makeDirectory(path: string): void;
  /** Names in a directory, in no order. */
  list(path: string): string[];
  /** Absolute, symlinks resolved. */
  realPath(path: string): string;
  /** Opens what is no regular file for writing; resolves when a FIFO has a reader. */
  openThrough(path: string): Promise<number>;
  /** Writes all of it; waits as long as the reader takes. */
  writeThrough(fd: number, bytes: Uint8Array): Promise<void>;
  /**
   * Takes the lock, or gives null when a living process holds it. Its file is removed on release, unless it is `kept`:
   * so must be one that several may wait for.
   */
  tryLock(path: string, afterwards?: "removed" | "kept"): Promise<DiskLock | null>;
  /** The user the process runs as. */
  userId(): number;
}

/** Writes bytes 0 to `length` at the file's end, in as many calls as it takes. @throws the system's error */
export function writeAll(disk: Disk, fd: number, bytes: Uint8Array, length: number): void {
  for (let written = 0; written < length;) {
    const count = disk.write(fd, bytes, written, length);
    if (count === 0) throw new Error("the disk took none of the bytes");
    written += count;
  }
}

/** The machine's disk. */
export const realDisk: Disk = {
  create: (path, mode) => {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = fs.constants;
    return fs.openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, mode);
  },
  open: (path) => fs.openSync(path, fs.constants.O_RDONLY),
  write: (fd, bytes, from, to) => fs.writeSync(fd, bytes, from, to - from),
  read: (fd, into, from, to, position) => fs.readSync(fd, into, from, to - from, position),
  syncSoon: (fd) =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => error === null ? resolve() : reject(error));
    }),
  sync: fs.fsyncSync,
  syncDirectory(path) {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  setMode: fs.fchmodSync,
  close: fs.closeSync,
  rename: fs.renameSync,
  remove: fs.unlinkSync,
  facts(path, symlinks) {
    const look = symlinks === "follow" ? fs.statSync : fs.lstatSync;
    const found = look(path, { throwIfNoEntry: false });
    return found === undefined ? null : readFacts(found);
  },
  makeDirectory: (path) => void fs.mkdirSync(path, { recursive: true, mode: 0o700 }),
  list: (path) => fs.readdirSync(path),
  realPath: (path) => fs.realpathSync(path),
  openThrough: (path) =>
    new Promise((resolve, reject) => {
      fs.open(path, fs.constants.O_WRONLY, (error, fd) => error === null ? resolve(fd) : reject(error));
    }),
  async writeThrough(fd, bytes) {
    for (let from = 0; from < bytes.length;) from += await writeSome(fd, bytes, from);
  },
  tryLock: tryLockFile,
  userId: () => process.getuid?.() ?? 0,
};

function readFacts(stats: fs.Stats): FileFacts {
  return {
    kind: stats.isFile()
      ? "file"
      : stats.isDirectory()
      ? "directory"
      : stats.isSymbolicLink()
      ? "symlink"
      : stats.isCharacterDevice()
      ? "device"
      : "other",
    bytes: stats.size,
    mode: stats.mode & 0o777,
    owner: stats.uid,
    identity: `${stats.dev}:${stats.ino}`,
  };
}

function writeSome(fd: number, bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, from, bytes.length - from, null, (error, count) => {
      if (error === null) return resolve(count);
      // A pipe that somebody else made non-blocking is only full; its reader decides how long.
      if (error.code === "EAGAIN") return void setTimeout(() => resolve(0), 5);
      reject(error);
    });
  });
}
