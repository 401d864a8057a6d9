import { access, constants, open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Stats } from "node:fs";
import { globFiles } from "./glob_files.ts";
import type { ByteReader, SourceFacts, SourceFiles } from "./ports.ts";
import { readStdin } from "./stdin.ts";
import { describeSystemError } from "./system_error.ts";

const chunkBytes = 64 * 1024;

/** The machine's files and stdin. */
export const realSourceFiles: SourceFiles = {
  probe,
  open: (path) => new FileReader(path),
  stdin: readStdin,
  glob: globFiles,
};

async function probe(path: string): Promise<SourceFacts> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return { readable: false, why: `it is ${kindOf(facts)}, not a regular file` };
    await access(path, constants.R_OK);
    return { readable: true, bytes: facts.size, modifiedMs: facts.mtimeMs };
  } catch (error) {
    return { readable: false, why: describeSystemError(error) };
  }
}

function kindOf(facts: Stats): string {
  if (facts.isDirectory()) return "a directory";
  if (facts.isFIFO()) return "a FIFO";
  if (facts.isSocket()) return "a socket";
  return "a device";
}

/** One file, read through one buffer. */
class FileReader implements ByteReader {
  readonly #path: string;
  readonly #buffer = new Uint8Array(chunkBytes);
  #handle: FileHandle | null = null;
  #reading = false;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#closed) return null;
    this.#reading = true;
    try {
      this.#handle ??= await open(this.#path);
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, chunkBytes, null);
      return bytesRead === 0 || this.#closed ? null : this.#buffer.subarray(0, bytesRead);
    } catch (error) {
      throw new Error(describeSystemError(error), { cause: error });
    } finally {
      this.#reading = false;
      if (this.#closed) this.#release();
    }
  }

  close(): void {
    this.#closed = true;
    // Closing under a read that is under way could hand its descriptor to another file.
    if (!this.#reading) this.#release();
  }

  #release(): void {
    this.#handle?.close().catch(() => {});
    this.#handle = null;
  }
}

/**
 * The same sources, but a glob that was counted is not walked again when it is opened: each second time the list of the
 * first is given, so that what was counted is what is run.
 */
export function walkingOnce(sources: SourceFiles): SourceFiles {
  const walked = new Map<string, Promise<string[]>>();
  return {
    ...sources,
    glob(pattern, directory) {
      const name = `${directory}\0${pattern}`;
      const known = walked.get(name);
      if (known !== undefined) walked.delete(name);
      else walked.set(name, sources.glob(pattern, directory));
      return known ?? walked.get(name)!;
    },
  };
}
