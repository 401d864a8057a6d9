import process from "node:process";

type Data = string | Uint8Array;

/** SHA-256 of data that comes in pieces. */
export interface Hasher {
  update(chunk: Data): void;
  /** Lower-case hex. Ends the hasher: a further `update` throws. */
  hex(): string;
}

/** SHA-256 by way of one runtime. */
interface Sha256 {
  hex(data: Data): string;
  bytes(data: Data): Uint8Array;
  start(): Hasher;
}

/** Bun has it at hand: there `node:crypto`, which takes some milliseconds to load, stays out. */
const sha256: Sha256 = "Bun" in globalThis ? byBun() : byNode();

/** SHA-256 of text (as UTF-8) or bytes, in lower-case hex. */
export function sha256Hex(data: Data): string {
  return sha256.hex(data);
}

/** SHA-256 of text (as UTF-8), as its 32 bytes. */
export function sha256Bytes(text: string): Uint8Array {
  return sha256.bytes(text);
}

/** The first 128 bits of SHA-256 in lower-case hex: enough to tell any number of task runs apart. */
export function shortHash(data: Data): string {
  return sha256.hex(data).slice(0, 32);
}

/** Starts a SHA-256 over pieces. */
export function startSha256(): Hasher {
  return sha256.start();
}

/** As far as it is used here. */
interface Bun {
  readonly SHA256: {
    new (): { update(data: Data): unknown; digest(encoding: "hex"): string };
    hash(data: Data, encoding: "hex"): string;
    hash(data: Data): Uint8Array;
  };
}

function byBun(): Sha256 {
  const { SHA256 } = (globalThis as unknown as { readonly Bun: Bun }).Bun;
  return {
    hex: (data) => SHA256.hash(data, "hex"),
    bytes: (data) => SHA256.hash(data),
    start() {
      const state = new SHA256();
      return { update: (chunk) => void state.update(chunk), hex: () => state.digest("hex") };
    },
  };
}

function byNode(): Sha256 {
  const { createHash, hash } = process.getBuiltinModule("node:crypto");
  return {
    hex: (data) => hash("sha256", data, "hex"),
    bytes: (data) => hash("sha256", data, "buffer"),
    start() {
      const state = createHash("sha256");
      return { update: (chunk) => void state.update(chunk), hex: () => state.digest("hex") };
    },
  };
}
