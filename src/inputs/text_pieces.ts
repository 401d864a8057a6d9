import type { ByteReader } from "../runtime/ports.ts";

/** No line, and no quoted CSV field, is longer: data must not fill the memory. */
export const maxLineBytes = 16 * 1024 * 1024;

/** Text is given up to a line's end, so that nobody has to put lines together again. */
export interface TextPieces {
  /**
   * Whole lines with their ends (the last may lack one), null at the end, or why the line that follows cannot be read.
   * Not called again after either. Never rejects.
   */
  read(): Promise<string | null | TextFault>;
  close(): void;
}

/** The line after those already given cannot be read. */
export class TextFault {
  /** `inText` is false when not even the first byte could be read. */
  constructor(readonly why: string, readonly inText = true) {}

  /** `name:line: why`, the line only where there is one. */
  describe(name: string, line: number): string {
    return this.inText ? `${name}:${line}: ${this.why}` : `${name}: ${this.why}`;
  }
}

/**
 * Bytes as UTF-8 text, strictly: what is no UTF-8 is a fault at its line. A byte order mark is dropped.
 * `lineEnd` is what ends a line; another byte than a newline makes lines of something else.
 */
export function textPieces(reader: ByteReader, lineEnd = newline): TextPieces {
  return new Utf8Pieces(reader, lineEnd);
}

class Utf8Pieces implements TextPieces {
  readonly #reader: ByteReader;
  readonly #lineEnd: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The beginning of a line whose end has not come yet. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  #atStart = true;
  #fault: TextFault | null = null;

  constructor(reader: ByteReader, lineEnd: number) {
    this.#reader = reader;
    this.#lineEnd = lineEnd;
  }

  async read(): Promise<string | null | TextFault> {
    while (this.#fault === null) {
      let chunk: Uint8Array | null;
      try {
        chunk = await this.#reader.read();
      } catch (error) {
        return new TextFault((error as Error).message, !this.#atStart || this.#begunBytes > 0);
      }
      const lines = chunk === null ? this.#takeBegun(new Uint8Array(0)) : this.#takeLines(chunk);
      if (lines !== null && lines.length > 0) return this.#decode(lines);
      if (chunk === null) return null;
    }
    return this.#fault;
  }

  close(): void {
    this.#reader.close();
  }

  /** The lines that end in this chunk; null when none does. The reader's buffer is used again: what stays is copied. */
  #takeLines(chunk: Uint8Array): Uint8Array | null {
    const lineEnd = chunk.lastIndexOf(this.#lineEnd) + 1;
    const lines = lineEnd === 0 ? null : this.#takeBegun(chunk.subarray(0, lineEnd));
    if (lineEnd < chunk.length) this.#begun.push(chunk.slice(lineEnd));
    this.#begunBytes += chunk.length - lineEnd;
    if (this.#begunBytes > maxLineBytes) {
      this.#fault = new TextFault(`the line is longer than ${maxLineBytes / 1024 / 1024} MiB`);
    }
    return lines;
  }

  #takeBegun(rest: Uint8Array): Uint8Array {
    if (this.#begunBytes === 0) return rest;
    const lines = new Uint8Array(this.#begunBytes + rest.length);
    let at = 0;
    for (const part of this.#begun) {
      lines.set(part, at);
      at += part.length;
    }
    lines.set(rest, at);
    this.#begun = [];
    this.#begunBytes = 0;
    return lines;
  }

  #decode(lines: Uint8Array): string | TextFault {
    let text: string;
    try {
      text = this.#decoder.decode(lines);
    } catch {
      const good = this.#decodeBeforeFault(lines);
      if (good === "") return this.#fault!;
      text = good;
    }
    const withoutMark = this.#atStart && text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.#atStart = false;
    return withoutMark;
  }

  /** The lines before the first that is no UTF-8; that one is the next thing to be said. */
  #decodeBeforeFault(lines: Uint8Array): string {
    let text = "";
    for (let start = 0; start < lines.length;) {
      const stop = lines.indexOf(this.#lineEnd, start) + 1 || lines.length;
      try {
        text += this.#decoder.decode(lines.subarray(start, stop));
      } catch {
        break;
      }
      start = stop;
    }
    const utf16 = this.#atStart && (lines[0]! ^ lines[1]!) === 1 && Math.max(lines[0]!, lines[1]!) === 0xff;
    this.#fault = new TextFault(
      utf16 ? "this is UTF-16, not UTF-8: convert it first (iconv -f utf-16 -t utf-8)" : "it is not UTF-8",
    );
    return text;
  }
}

const newline = 10;
