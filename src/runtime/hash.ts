import { createHash, hash } from "node:crypto";

/** SHA-256 of text (as UTF-8) or bytes, in lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** The first 128 bits of SHA-256 in lower-case hex: enough to tell any number of task runs apart. */
export function shortHash(data: string | Uint8Array): string {
  return sha256Hex(data).slice(0, 32);
}

/** SHA-256 of data that comes in pieces. */
export interface Hasher {
  update(chunk: string | Uint8Array): void;
  /** Lower-case hex. Ends the hasher: a further `update` throws. */
  hex(): string;
}

/** Starts a SHA-256 over pieces. */
export function startSha256(): Hasher {
  const state = createHash("sha256");
  return {
    update: (chunk) => void state.update(chunk),
    hex: () => state.digest("hex"),
  };
}

/** SHA-256 of text (as UTF-8), as its 32 bytes. */
export function sha256Bytes(text: string): Uint8Array {
  return hash("sha256", text, "buffer");
}
