import { Buffer, isUtf8 as nodeIsUtf8 } from "node:buffer";

/** Whether bytes are UTF-8 from the first to the last. Many times faster than a decoder that throws. */
export function isUtf8(bytes: Uint8Array): boolean {
  return nodeIsUtf8(bytes);
}

/** Text with one character for each byte. */
export function latin1Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The bytes of a text whose characters are all below 256. */
export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Copies bytes `start` to `end` (exclusive) to position `at` of `into`, without a view on either. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  Buffer.prototype.copy.call(from, into, at, start, end);
}

/** Writes text as UTF-8 at position `at`, where there is room for three bytes a character; gives how many bytes it took. */
export function writeText(text: string, into: Uint8Array, at: number): number {
  return (Buffer.prototype.write as WriteText).call(into, text, at, into.length - at, "utf8");
}

type WriteText = (this: Uint8Array, text: string, at: number, length: number, encoding: "utf8") => number;
