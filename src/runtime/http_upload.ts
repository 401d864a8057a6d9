import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import type { BodyPart, HttpFailure } from "./http_port.ts";
import { codeOf } from "./http_stage.ts";

const chunkBytes = 65_536;

/** The body of a request, open for reading, once. */
export interface Upload {
  /** Bytes in all. */
  readonly length: number;
  /** The next chunk, null after the last, or why it cannot be read. Never called before the last one has settled. */
  next(): Promise<Uint8Array | null | HttpFailure>;
  /** Closes its files. May be called at any time, more than once. */
  close(): void;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
}

/** Opens every file of a body, so that its length is known before anything is sent. */
export async function openUpload(
  parts: readonly BodyPart[],
  directory: string,
): Promise<Upload | HttpFailure> {
  const opened: (Uint8Array | OpenFile)[] = [];
  for (const part of parts) {
    const piece = part instanceof Uint8Array ? part : await openFile(resolve(directory, part.file));
    if (isFailure(piece)) {
      closeAll(opened);
      return piece;
    }
    opened.push(piece);
  }
  return new FileUpload(opened);
}

/** True for what could not be read. */
export function isFailure(value: object): value is HttpFailure {
  return "reason" in value;
}

class FileUpload implements Upload {
  readonly length: number;
  readonly #pieces: readonly (Uint8Array | OpenFile)[];
  #piece = 0;
  /** Bytes of the present piece that were read. */
  #at = 0;
  #closed = false;

  constructor(pieces: readonly (Uint8Array | OpenFile)[]) {
    this.#pieces = pieces;
    this.length = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0);
  }

  async next(): Promise<Uint8Array | null | HttpFailure> {
    while (this.#piece < this.#pieces.length) {
      const piece = this.#pieces[this.#piece]!;
      const left = sizeOf(piece) - this.#at;
      if (left === 0) {
        this.#piece++;
        this.#at = 0;
      } else if (piece instanceof Uint8Array) {
        const from = this.#at;
        this.#at += Math.min(left, chunkBytes);
        return piece.subarray(from, this.#at);
      } else {
        return await this.#read(piece, Math.min(left, chunkBytes));
      }
    }
    return null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeAll(this.#pieces);
  }

  async #read({ handle, path, size }: OpenFile, length: number): Promise<Uint8Array | HttpFailure> {
    try {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, this.#at);
      this.#at += bytesRead;
      // A file that grows is sent as long as it was; one that shrinks breaks the length that was announced.
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
      return sourceFailure("EIO", `${path} became shorter while it was sent: it had ${size} bytes`, true);
    } catch (error) {
      return sourceFailure(codeOf(error), `Cannot read ${path}: ${(error as Error).message}`, true);
    }
  }
}

function sizeOf(piece: Uint8Array | OpenFile): number {
  return piece instanceof Uint8Array ? piece.length : piece.size;
}

async function openFile(path: string): Promise<OpenFile | HttpFailure> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a FIFO that nobody writes to would hold this for ever.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EMFILE" || code === "ENFILE") {
      const message = `Cannot open ${path}: no file descriptor is left (${code})`;
      return { reason: "descriptors", code, message, sent: false };
    }
    return sourceFailure(
      code,
      `Cannot open ${path}: ${openWords[code] ?? (error as Error).message} (${code})`,
    );
  }
  const status = await handle.stat();
  if (status.isFile()) return { path, handle, size: status.size };
  await handle.close();
  return sourceFailure("ENOTFILE", `${path} is no file: only files can be sent as a body`);
}

const openWords: { readonly [code: string]: string } = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
};

function sourceFailure(code: string, message: string, sent = false): HttpFailure {
  return { reason: "source", code, message, sent };
}

function closeAll(pieces: readonly (Uint8Array | OpenFile)[]): void {
  for (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) piece.handle.close().catch(() => {});
  }
}
