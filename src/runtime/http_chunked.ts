import type { ParseProblem } from "./http_parser.ts";

const CR = 13, LF = 10, SEMICOLON = 59, SPACE = 32, TAB = 9;

/** Longer extensions serve nobody but an attacker. */
const maxExtensionBytes = 1_024;

/** What is expected next. */
type State =
  | "size"
  | "blank"
  | "extension"
  | "size_lf"
  | "data"
  | "data_cr"
  | "data_lf"
  | "trailer"
  | "trailer_line"
  | "trailer_lf"
  | "last_lf"
  | "over";

/** Finds the data in a body of transfer coding `chunked` (RFC 9112, section 7.1). Trailers are read and dropped. */
export class ChunkedReader {
  readonly #maxTrailerBytes: number;
  #state: State = "size";
  /** Of the present chunk: digits read, then bytes left. */
  #digits = 0;
  #left = 0;
  /** Bytes of the present extension, or of all trailers. */
  #extra = 0;
  /** Where the last call stopped. */
  position = 0;

  constructor(maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes;
  }

  /** The last chunk and its trailers were read. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /**
   * Reads from `at` to the next data. Gives how many bytes of it stand at `position`; 0 when there is nothing more in
   * `bytes`, or the body is over.
   */
  dataAt(bytes: Uint8Array, at: number): number | ParseProblem {
    while (at < bytes.length && this.#state !== "over") {
      if (this.#state === "data") {
        const size = Math.min(this.#left, bytes.length - at);
        this.#left -= size;
        if (this.#left === 0) this.#state = "data_cr";
        this.position = at;
        return size;
      }
      const next = this.#next(bytes[at]!);
      if (next === undefined) return this.#problem(bytes[at]!);
      this.#state = next;
      at++;
    }
    this.position = at;
    return 0;
  }

  /** The state after a byte; undefined when the byte must not stand there. */
  #next(byte: number): State | undefined {
    switch (this.#state) {
      case "size":
        return this.#readSize(byte);
      case "blank":
        if (byte === SPACE || byte === TAB) return "blank";
        return byte === SEMICOLON
          ? this.#begin("extension")
          : byte === CR && this.#digits > 0
          ? "size_lf"
          : undefined;
      case "extension":
        if (byte === CR) return "size_lf";
        return isText(byte) && ++this.#extra <= maxExtensionBytes ? "extension" : undefined;
      case "size_lf":
        if (byte !== LF) return undefined;
        return this.#left > 0 ? "data" : this.#begin("trailer");
      case "data_cr":
        return byte === CR ? "data_lf" : undefined;
      case "data_lf":
        if (byte !== LF) return undefined;
        this.#digits = 0;
        return "size";
      case "trailer":
        if (byte === CR) return "last_lf";
        return this.#readTrailer(byte);
      case "trailer_line":
        return byte === CR ? "trailer_lf" : this.#readTrailer(byte);
      case "trailer_lf":
        return byte === LF ? "trailer" : undefined;
      case "last_lf":
        return byte === LF ? "over" : undefined;
      case "data":
      case "over":
        return undefined;
    }
  }

  #readSize(byte: number): State | undefined {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (this.#digits === 0) this.#left = 0;
      this.#left = this.#left * 16 + digit;
      // Sixteen digits hold any length there is; a number beyond 2^53 would not be exact.
      return ++this.#digits <= 16 && Number.isSafeInteger(this.#left) ? "size" : undefined;
    }
    if (this.#digits === 0) return undefined;
    if (byte === CR) return "size_lf";
    return byte === SEMICOLON
      ? this.#begin("extension")
      : byte === SPACE || byte === TAB
      ? "blank"
      : undefined;
  }

  #readTrailer(byte: number): State | undefined {
    return isText(byte) && ++this.#extra <= this.#maxTrailerBytes ? "trailer_line" : undefined;
  }

  #begin(state: "extension" | "trailer"): State {
    this.#extra = 0;
    return state;
  }

  #problem(byte: number): ParseProblem {
    const where = this.#state.startsWith("trailer") || this.#state === "last_lf"
      ? "in its trailers"
      : this.#state.startsWith("data")
      ? "after the data of a chunk"
      : "in the size of a chunk";
    const what = byte > 32 && byte < 127 ? `"${String.fromCharCode(byte)}"` : `byte ${byte}`;
    return { reason: "protocol", words: `${what} stands ${where}` };
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function isText(byte: number): boolean {
  return byte === TAB || (byte >= 32 && byte !== 127);
}
