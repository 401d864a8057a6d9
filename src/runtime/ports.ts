/**
 * Everything the program asks of the machine, as one record passed down from `main.ts`. This folder is the only place
 * that names Deno, Bun, `node:*`, timers, `Date.now`, `Math.random` or the console; nothing in it decides anything.
 */
import type { Databases } from "./databases.ts";
import type { Disk } from "./disk.ts";
import type { HttpPort } from "./http_port.ts";
import type { Processes } from "./processes.ts";
import type { ReadFiles } from "./read_files.ts";
import type { SaveFiles } from "./save_files.ts";

/** The machine. A test passes another one. */
export interface Ports {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  readonly host: Host;
  readonly databases: Databases;
  readonly sources: SourceFiles;
  readonly files: ReadFiles;
  readonly saves: SaveFiles;
  readonly http: HttpPort;
  readonly disk: Disk;
  readonly processes: Processes;
}

/** Time. Durations are milliseconds. */
export interface Clock {
  /** Monotonic: only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970 UTC; may jump. */
  wallTime(): number;
  /** Calls `wake` once, after `delayMs`. */
  after(delayMs: number, wake: () => void): Timer;
  /** Calls `wake` in the next macrotask: sockets and signals are heard before. */
  soon(wake: () => void): void;
}

/** @see Clock.after */
export interface Timer {
  cancel(): void;
}

/** The process this program runs in. */
export interface Host {
  /** Command line arguments, the program's name left out. */
  readonly arguments: readonly string[];
  readonly environment: { readonly [name: string]: string | undefined };
  cwd(): string;
  readonly pid: number;
  hostname(): string;
  /** Data only. */
  readonly stdout: Output;
  /** Progress, logs, summaries and errors. */
  readonly stderr: Output;
  /** Takes the place of the handler before. A signal that was ignored when the program started stays ignored. */
  onSignal(signal: "SIGINT" | "SIGTERM" | "SIGHUP", handler: () => void): void;
  /** Ends at once; what was written to `stdout` and `stderr` has been written. */
  exit(code: number): never;
  /** The code to end with when nothing is left to do. */
  setExitCode(code: number): void;
}

/** Where text goes. Writing waits until everything is written; a reader that went away is no error. */
export interface Output {
  write(text: string | Uint8Array): void;
  /** Nobody reads any more, or nothing can be written any more. */
  readonly closed: boolean;
  /** Why nothing can be written any more, such as a full disk; undefined when nobody reads, which is no error. */
  readonly trouble?: unknown;
  readonly isTerminal: boolean;
  /** Width; 80 when unknown. */
  columns(): number;
  /** Height; 24 when unknown. */
  rows(): number;
  onResize(handler: () => void): void;
}

/** What inputs are listed in: files, stdin, directories. Paths are absolute. */
export interface SourceFiles {
  /** What stands at a path, symlinks followed, without opening it: a FIFO never blocks. */
  probe(path: string): Promise<SourceFacts>;
  /** Opened when it is first read. */
  open(path: string): ByteReader;
  /** One pass, one reader. */
  stdin(): ByteReader;
  /**
   * The regular files (and symlinks to such) that match, in no order, as the pattern spells its fixed part: relative to
   * `directory`, or absolute. `**` does not go through symlinks; names that begin with a dot are matched only by a dot.
   * Directories that may not be read are passed over, as a shell does.
   */
  glob(pattern: string, directory: string): Promise<string[]>;
}

/** A regular file that may be read, or why it is none: "there is no such file". */
export type SourceFacts =
  | { readonly readable: true; readonly bytes: number; readonly modifiedMs: number }
  | { readonly readable: false; readonly why: string };

/** Bytes, a chunk at a time. */
export interface ByteReader {
  /**
   * The next chunk, never empty, valid until the next call; null at the end and after `close`.
   * Not called again before it has settled. @throws Error whose message says why: "permission denied".
   */
  read(): Promise<Uint8Array | null>;
  /** May be called at any time, more than once; a pending `read` settles soon after. */
  close(): void;
}
