import { createHash } from "node:crypto";

/** SHA-256 over bytes that come in pieces. */
export interface Sha256 {
  update(chunk: Uint8Array): void;
  /** Lower-case hex; called once, after the last piece. */
  hex(): string;
}

/** Begins a SHA-256. A small message costs about as much as hashing it in one call would. */
export function startSha256(): Sha256 {
  const hash = createHash("sha256");
  return {
    update: (chunk) => {
      hash.update(chunk);
    },
    hex: () => hash.digest("hex"),
  };
}

/** SHA-256 of bytes or of a text's UTF-8, in lower-case hex. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}
