import process from "node:process";

/** As far as it is used here. */
interface Bun {
  readonly hash: { crc32(bytes: Uint8Array): number };
}

/**
 * CRC-32 (the one of zlib and gzip) of bytes, as an unsigned 32-bit number. Bun has it at hand: there `node:zlib`, which takes
 * a millisecond or two to load, stays out.
 */
export const crc32: (bytes: Uint8Array) => number = "Bun" in globalThis
  ? (globalThis as unknown as { readonly Bun: Bun }).Bun.hash.crc32
  : process.getBuiltinModule("node:zlib").crc32;
