import type { ProcessCommand } from "./processes.ts";

/** The two outputs of a child, being read. */
export interface ChildOutput {
  /** Both are at their end or closed. Never rejects. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Reads both outputs as fast as they come. */
export function readOutput(
  stdout: ReadableStream<Uint8Array>,
  stderr: ReadableStream<Uint8Array>,
  onOutput: ProcessCommand["onOutput"],
): ChildOutput {
  const out = stdout.getReader();
  const err = stderr.getReader();
  let closed = false;

  async function drain(reader: ReadableStreamDefaultReader<Uint8Array>, name: "stdout" | "stderr") {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || closed) return;
        onOutput(name, value);
      }
    } catch {
      // A pipe that fails gives no more than one that ended.
    }
  }

  return {
    ended: Promise.all([drain(out, "stdout"), drain(err, "stderr")]).then(() => {}),
    close() {
      closed = true;
      for (const reader of [out, err]) reader.cancel().catch(() => {});
    },
  };
}
