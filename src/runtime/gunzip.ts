import process from "node:process";
import type { ByteReader } from "./ports.ts";

/** Compressed bytes unpacked in one go: they grow a thousandfold at most, so this bounds what is held. */
const sliceBytes = 16 * 1024;

/**
 * What a gzip stream says; members that follow each other are joined.
 * `read` throws where the stream is truncated or damaged, after everything that came before that place.
 */
export function gunzip(compressed: ByteReader): ByteReader {
  // Loaded here, since it takes milliseconds and few runs read anything compressed.
  const stream = process.getBuiltinModule("node:zlib").createGunzip();
  // Chunks are taken out as they are made: a stream that fails drops what it still holds.
  const unpacked: Uint8Array[] = [];
  let pending: Uint8Array = new Uint8Array(0);
  let state: "open" | "ended" | "closed" = "open";
  let failure: Error | null = null;
  stream.on("data", (chunk: Uint8Array) => unpacked.push(chunk));
  stream.on("error", (error) => failure ??= error);

  async function unpackMore(): Promise<void> {
    if (pending.length === 0) {
      const chunk = await compressed.read();
      if (state === "closed") return;
      if (chunk === null) return finish();
      pending = chunk;
    }
    const slice = pending.subarray(0, sliceBytes);
    pending = pending.subarray(slice.length);
    await settled((done) => stream.write(slice, done));
  }

  async function finish(): Promise<void> {
    state = "ended";
    await settled((done) => stream.once("end", done).end());
  }

  /** Waits for a step of the stream to be done; a stream that fails or is closed calls nothing back but `close`. */
  function settled(step: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stream.off("close", done);
        resolve();
      };
      stream.once("close", done);
      step(done);
    });
  }

  return {
    async read() {
      while (state !== "closed") {
        const chunk = unpacked.shift();
        if (chunk !== undefined) return chunk;
        if (failure !== null) throw new Error(describe(failure), { cause: failure });
        if (state === "ended") return null;
        await unpackMore();
      }
      return null;
    },
    close() {
      if (state === "closed") return;
      state = "closed";
      compressed.close();
      stream.destroy();
    },
  };
}

function describe(error: Error & { code?: string }): string {
  if (error.code === "Z_BUF_ERROR") return "its gzip data ends too early, as of a truncated file";
  if (error.code === "Z_DATA_ERROR") return `its gzip data is damaged or is none (${error.message})`;
  return error.message;
}
