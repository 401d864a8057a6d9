import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";

/** What stands at a path is no regular file; the message says what it is. */
export class NotAFile extends Error {
  override readonly name = "NotAFile";
}

/** A regular file, open for reading. */
export interface OpenFile {
  /** To be closed by whoever opened it. */
  readonly fd: number;
  readonly facts: Stats;
}

/**
 * Opens a regular file without ever waiting: a FIFO nobody writes to, or a device, would hold the program for good.
 *
 * @throws NotAFile, or the system's error.
 */
export function openFile(path: string): OpenFile {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const facts = fstatSync(fd);
    if (!facts.isFile()) throw new NotAFile(`it is ${whatIs(facts)}, not a regular file`);
    return { fd, facts };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A file that is none, in words. */
export function whatIs(facts: Stats): string {
  if (facts.isDirectory()) return "a directory";
  if (facts.isFIFO()) return "a FIFO";
  return "a device";
}
