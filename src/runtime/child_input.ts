import { closeSync, readSync } from "node:fs";
import { openFile } from "./open_file.ts";
import type { ProcessCommand } from "./processes.ts";

/** What a child is to read, ready to be written to it. */
export interface ChildInput {
  /** Begins to write. It ends by itself when everything is read, or when the child stops reading: that is no error. */
  feed(stdin: WritableStream<Uint8Array>): void;
  /** Ends it now. May be called more than once. */
  stop(): void;
}

/** The file a child is to read cannot be opened; `cause` says why. */
export class StdinTrouble extends Error {
  override readonly name = "StdinTrouble";
}

/** The descriptor of a file for a child to read. @throws StdinTrouble */
export function openStdinFile(path: string): number {
  try {
    return openFile(path).fd;
  } catch (cause) {
    throw new StdinTrouble(path, { cause });
  }
}

/** Opens what the child is to read; undefined for nothing. @throws StdinTrouble */
export function openInput(stdin: ProcessCommand["stdin"]): ChildInput | undefined {
  if (stdin === null) return undefined;
  const file = "file" in stdin ? openStdinFile(stdin.file) : undefined;
  const buffer = new Uint8Array(file === undefined ? 0 : 64 * 1024);
  let writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  let stopped = false;

  async function write(): Promise<void> {
    if (file === undefined) await writer!.write(stdin as Uint8Array);
    else {for (let bytes; !stopped && (bytes = readSync(file, buffer)) > 0;) {
        await writer!.write(buffer.slice(0, bytes));
      }}
    await writer!.close();
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    if (file !== undefined) closeSync(file);
    writer?.abort().catch(() => {});
  }

  return {
    feed(stream) {
      writer = stream.getWriter();
      writer.closed.catch(() => {});
      write().catch(() => {}).finally(stop);
    },
    stop,
  };
}
