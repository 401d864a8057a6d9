import { Buffer } from "node:buffer";
import type { Transform } from "node:stream";
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from "node:zlib";

/** Hears what comes out of a decoder: chunks, then one of the endings, and nothing more. */
export interface DecodeHandler {
  decoded(chunk: Uint8Array): void;
  decodingEnded(): void;
  /** The content is damaged or ends too early. */
  decodingFailed(message: string): void;
  /** The content is larger than it may be. A stream tells it by its chunks, and not here. */
  decodedTooMuch(): void;
  /** After a `write` that gave false: there is room again. */
  decoderDrained(): void;
}

/** Undoes the content codings of one body. */
export interface Decoder {
  /** Keeps the chunk. False: wait for `decoderDrained`. */
  write(chunk: Uint8Array): boolean;
  /** No more comes. The rest is decoded, at once when the body is small. */
  end(): void;
  /** Nobody wants the rest. */
  close(): void;
}

/** Codings that are understood. */
export function knowsCoding(coding: string): boolean {
  return Object.hasOwn(codings, coding);
}

/**
 * Undoes `names`, the last of which was applied last. A small body is decoded in one go when it has ended, a larger one as
 * it comes; neither ever holds much more than `maxBytes`.
 */
export function makeDecoder(names: readonly string[], maxBytes: number, handler: DecodeHandler): Decoder {
  return new BodyDecoder([...names].reverse(), maxBytes, handler);
}

/** Up to here a body is kept, to be decoded at once: a stream costs more than such a body itself. */
const maxKeptBytes = 65_536;

interface Coding {
  readonly atOnce: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;
  readonly stream: () => Transform;
}

const gzip: Coding = { atOnce: gunzipSync, stream: createGunzip };
const zlib: Coding = { atOnce: inflateSync, stream: createInflate };
const rawDeflate: Coding = { atOnce: inflateRawSync, stream: createInflateRaw };
const brotli: Coding = { atOnce: brotliDecompressSync, stream: createBrotliDecompress };

/** `deflate` means the zlib format, but some servers send bare deflate data: the first bytes tell. */
const codings: { readonly [name: string]: (first: Uint8Array) => Coding } = {
  gzip: () => gzip,
  "x-gzip": () => gzip,
  deflate: (first) => hasZlibHeader(first) ? zlib : rawDeflate,
  br: () => brotli,
};

function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first << 8 | second) % 31 === 0;
}

class BodyDecoder implements Decoder {
  readonly #names: readonly string[];
  readonly #maxBytes: number;
  readonly #handler: DecodeHandler;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #streams: readonly Transform[] | undefined;
  #isOver = false;

  constructor(names: readonly string[], maxBytes: number, handler: DecodeHandler) {
    this.#names = names;
    this.#maxBytes = maxBytes;
    this.#handler = handler;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    const own = new Uint8Array(chunk);
    if (this.#streams) return this.#streams[0]!.write(own);
    this.#kept.push(own);
    this.#keptBytes += own.length;
    if (this.#keptBytes <= maxKeptBytes) return true;
    const streams = this.#startStreams();
    return this.#takeKept().map((kept) => streams[0]!.write(kept)).every(Boolean);
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#streams) return void this.#streams[0]!.end();
    let bytes: Uint8Array = Buffer.concat(this.#takeKept());
    try {
      for (const name of this.#names) {
        bytes = codings[name]!(bytes).atOnce(bytes, { maxOutputLength: this.#maxBytes });
      }
    } catch (error) {
      this.#isOver = true;
      if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") return this.#handler.decodedTooMuch();
      return this.#handler.decodingFailed((error as Error).message);
    }
    this.#isOver = true;
    if (bytes.length > 0) this.#handler.decoded(bytes);
    this.#handler.decodingEnded();
  }

  close(): void {
    this.#isOver = true;
    this.#kept = [];
    for (const stream of this.#streams ?? []) {
      stream.on("error", () => {});
      stream.destroy();
    }
  }

  #takeKept(): readonly Uint8Array[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  #startStreams(): readonly Transform[] {
    const [first] = this.#kept;
    // Only of the outermost coding are bytes at hand; bare deflate inside another coding is too odd to look for.
    const streams = this.#names.map((name, i) => codings[name]!(i === 0 ? first! : zlibStart).stream());
    this.#streams = streams;
    streams.forEach((stream, i) => {
      if (i > 0) streams[i - 1]!.pipe(stream);
      stream.on("error", (error) => this.#settle(() => this.#handler.decodingFailed(error.message)));
    });
    const last = streams.at(-1)!;
    last.on("data", (chunk: Uint8Array) => {
      if (!this.#isOver) this.#handler.decoded(chunk);
    });
    last.once("end", () => this.#settle(() => this.#handler.decodingEnded()));
    streams[0]!.on("drain", () => {
      if (!this.#isOver) this.#handler.decoderDrained();
    });
    return streams;
  }

  #settle(tell: () => void): void {
    if (this.#isOver) return;
    this.close();
    tell();
  }
}

const zlibStart = Uint8Array.of(0x78, 0x9c);
