import { closeSync, read } from "node:fs";
import { resolve } from "node:path";
import type { BodyPart, HttpFailure } from "./http_port.ts";
import { codeOf } from "./http_stage.ts";
import { NotAFile, openFile } from "./open_file.ts";
import { describeSystemError } from "./system_error.ts";

const chunkBytes = 65_536;

/** The body of a request, open for reading, once. */
export interface Upload {
  /** Bytes in all. */
  readonly length: number;
  /** The next chunk, null after the last, or why it cannot be read. Never called before the last one has settled. */
  next(): Promise<Uint8Array | null | HttpFailure>;
  /** Closes its files, as soon as no read is under way. May be called at any time, more than once. */
  close(): void;
}

interface Piece {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
}

/** Opens every file of a body, so that its length is known before anything is sent. */
export function openUpload(parts: readonly BodyPart[], directory: string): Upload | HttpFailure {
  const opened: (Uint8Array | Piece)[] = [];
  for (const part of parts) {
    const piece = part instanceof Uint8Array ? part : openPiece(resolve(directory, part.file));
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
  readonly #pieces: readonly (Uint8Array | Piece)[];
  #piece = 0;
  /** Bytes of the present piece that were read. */
  #at = 0;
  #isReading = false;
  #isClosed = false;

  constructor(pieces: readonly (Uint8Array | Piece)[]) {
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
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A descriptor that is closed under a read may be another file's by the time it is used.
    if (!this.#isReading) closeAll(this.#pieces);
  }

  #read({ fd, path, size }: Piece, length: number): Promise<Uint8Array | HttpFailure> {
    this.#isReading = true;
    return new Promise((settle) => {
      read(fd, new Uint8Array(length), 0, length, this.#at, (error, bytesRead, buffer) => {
        this.#isReading = false;
        if (this.#isClosed) closeAll(this.#pieces);
        if (error) return settle(sourceFailure(error, `Cannot read ${path}`, true));
        this.#at += bytesRead;
        // A file that grows is sent as long as it was; one that shrinks breaks the length that was announced.
        if (bytesRead > 0) return settle(buffer.subarray(0, bytesRead));
        const message = `${path} became shorter while it was sent: it had ${size} bytes`;
        settle({ reason: "source", code: "EIO", message, sent: true });
      });
    });
  }
}

function sizeOf(piece: Uint8Array | Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.size;
}

function openPiece(path: string): Piece | HttpFailure {
  try {
    const { fd, facts } = openFile(path);
    return { path, fd, size: facts.size };
  } catch (error) {
    return sourceFailure(error, `Cannot send ${path}`);
  }
}

function sourceFailure(error: unknown, what: string, sent = false): HttpFailure {
  const code = error instanceof NotAFile ? "ENOTFILE" : codeOf(error);
  const reason = code === "EMFILE" || code === "ENFILE" ? "descriptors" : "source";
  return { reason, code, message: `${what}: ${describeSystemError(error)}`, sent };
}

function closeAll(pieces: readonly (Uint8Array | Piece)[]): void {
  for (const piece of pieces) if (!(piece instanceof Uint8Array)) closeSync(piece.fd);
}
