import { fstatSync } from "node:fs";
import process from "node:process";
import type { ByteReader } from "./ports.ts";

/**
 * Reads stdin. Deno's own reader is used where there is one: `process.stdin` there keeps the program alive until the
 * other side closes the pipe, even when nobody wants its data any more.
 */
export function readStdin(): ByteReader {
  return typeof Deno === "undefined" ? new NodeStdin() : new DenoStdin();
}

class DenoStdin implements ByteReader {
  readonly #buffer = new Uint8Array(64 * 1024);
  #begun = false;
  #closed = false;

  async read(): Promise<Uint8Array | null> {
    refuseDirectory();
    this.#begun = true;
    try {
      const count = this.#closed ? null : await Deno.stdin.read(this.#buffer);
      return count === null || this.#closed ? null : this.#buffer.subarray(0, count);
    } catch (error) {
      if (this.#closed) return null;
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Another reader may still come when this one never read: the survey opens what the run will read.
    if (this.#begun) Deno.stdin.close();
  }
}

class NodeStdin implements ByteReader {
  #chunks: AsyncIterator<Uint8Array> | null = null;
  #closed = false;

  async read(): Promise<Uint8Array | null> {
    if (this.#closed) return null;
    refuseDirectory();
    this.#chunks ??= process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    try {
      const chunk = await this.#chunks.next();
      return chunk.done || this.#closed ? null : chunk.value;
    } catch (error) {
      if (this.#closed) return null;
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Touching `process.stdin` opens it: only what was read needs to be closed.
    if (this.#chunks !== null) process.stdin.destroy();
  }
}

/** Bun throws where nobody can catch it, Deno takes it for an empty file. */
function refuseDirectory(): void {
  if (fstatSync(0).isDirectory()) throw new Error("it is a directory");
}
