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
