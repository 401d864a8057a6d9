import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describeSystemError } from "./system_error.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = fs.constants;

/** Files that are written beside their place and appear there whole or not at all. */
export interface SaveFiles {
  /**
   * A new file, mode 0600, in a directory that is reached from `root` through `directories` without following a symlink;
   * those that are missing are made, mode 0700. `root` itself may lie behind symlinks.
   *
   * @throws SaveTrouble
   */
  create(root: string, directories: readonly string[]): PendingFile;
}

/** @see SaveFiles.create */
export interface PendingFile {
  /** @throws SaveTrouble */
  write(chunk: Uint8Array): void;
  /** On disk first, then under its name, in place of a regular file that stood there. @throws SaveTrouble, nothing stays then. */
  commit(name: string): Promise<void>;
  /** Removes it. Does nothing after `commit` or a second time. */
  discard(): void;
}

/** The file system said no; the message says why. */
export class SaveTrouble extends Error {
  override readonly name = "SaveTrouble";
}

/** The machine's file system. */
export const realSaveFiles: SaveFiles = {
  create: (root, directories) =>
    attempt(() => {
      const directory = openDirectory(root, directories);
      try {
        return new RealPendingFile(directory);
      } catch (error) {
        directory.close();
        throw error;
      }
    }),
};

/** A directory that cannot be exchanged for another one while it is open. */
interface OpenDirectory {
  /** Where an entry of it is reached. */
  at(name: string): string;
  close(): void;
}

/** Files that have to go when the program ends before they are committed. */
const pending = new Set<RealPendingFile>();

class RealPendingFile implements PendingFile {
  private readonly directory: OpenDirectory;
  private readonly path: string;
  private readonly fd: number;
  private open = true;

  constructor(directory: OpenDirectory) {
    if (pending.size === 0) process.once("exit", discardAll);
    this.directory = directory;
    this.path = directory.at(`.fanout-${crypto.randomUUID()}.tmp`);
    this.fd = fs.openSync(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    pending.add(this);
  }

  write(chunk: Uint8Array): void {
    attempt(() => {
      for (let done = 0; done < chunk.length;) done += fs.writeSync(this.fd, chunk, done);
    });
  }

  async commit(name: string): Promise<void> {
    try {
      // Only this step may take long: it waits for the disk.
      await new Promise<void>((resolve, reject) =>
        fs.fsync(this.fd, (error) => error ? reject(error) : resolve())
      );
      const place = this.directory.at(name);
      checkReplaceable(place);
      fs.renameSync(this.path, place);
      this.release();
    } catch (error) {
      this.discard();
      throw troubleOf(error);
    }
  }

  discard(): void {
    if (!this.open) return;
    try {
      fs.unlinkSync(this.path);
    } catch {
      // Somebody removed it already, or the directory is gone: nothing stays either way.
    }
    this.release();
  }

  private release(): void {
    this.open = false;
    pending.delete(this);
    if (pending.size === 0) process.removeListener("exit", discardAll);
    fs.closeSync(this.fd);
    this.directory.close();
  }
}

function discardAll(): void {
  for (const file of pending) file.discard();
}

function checkReplaceable(place: string): void {
  const facts = fs.lstatSync(place, { throwIfNoEntry: false });
  if (facts === undefined || facts.isFile()) return;
  const what = facts.isSymbolicLink() ? "a symlink" : facts.isDirectory() ? "a directory" : "no regular file";
  throw new SaveTrouble(`${what} stands there`);
}

function openDirectory(root: string, directories: readonly string[]): OpenDirectory {
  fs.mkdirSync(root, { recursive: true, mode: 0o700 });
  return hasDescriptorPaths() ? openByDescriptor(root, directories) : openByPath(root, directories);
}

let descriptorPaths: boolean | undefined;

/** Linux names what a descriptor has open: that is `openat` without calling it. */
function hasDescriptorPaths(): boolean {
  return descriptorPaths ??= process.platform === "linux" && fs.existsSync("/proc/self/fd");
}

function openByDescriptor(root: string, directories: readonly string[]): OpenDirectory {
  let fd = fs.openSync(root, O_RDONLY | O_DIRECTORY);
  for (const name of directories) {
    const parent = fd;
    try {
      fd = enter(`/proc/self/fd/${parent}/${name}`, name);
    } finally {
      fs.closeSync(parent);
    }
  }
  return { at: (name) => `/proc/self/fd/${fd}/${name}`, close: () => fs.closeSync(fd) };
}

/** Between the look and the use a directory may be exchanged here; where descriptors have no paths that is all there is. */
function openByPath(root: string, directories: readonly string[]): OpenDirectory {
  let path = root;
  for (const name of directories) {
    path = join(path, name);
    fs.closeSync(enter(path, name));
  }
  return { at: (name) => join(path, name), close: () => {} };
}

function enter(path: string, name: string): number {
  try {
    return fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") {
      makeDirectory(path);
      return fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    }
    if (code === "ENOTDIR" || code === "ELOOP") {
      const link = fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
      throw new SaveTrouble(`"${name}" in its path is ${link ? "a symlink" : "no directory"}`);
    }
    throw error;
  }
}

function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path, 0o700);
  } catch (error) {
    // Another task run may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw troubleOf(error);
  }
}

function troubleOf(error: unknown): SaveTrouble {
  return error instanceof SaveTrouble ? error : new SaveTrouble(describeSystemError(error), { cause: error });
}
