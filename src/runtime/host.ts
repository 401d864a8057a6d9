import { fstatSync, readFileSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import type { Host, Output } from "./ports.ts";

const signalHandlers = new Map<string, () => void>();

/** The process this program runs in. */
export const realHost: Host = {
  arguments: process.argv.slice(2),
  environment: process.env,
  cwd: () => process.cwd(),
  pid: process.pid,
  hostname: () => hostname(),
  stdout: output(1, () => process.stdout),
  stderr: output(2, () => process.stderr),
  onSignal(signal, handler) {
    const isFirst = !signalHandlers.has(signal);
    signalHandlers.set(signal, handler);
    // A background shell starts its children with SIGINT ignored: a handler would undo what the user asked for.
    if (isFirst && !ignoredSignals().has(signal)) process.on(signal, () => signalHandlers.get(signal)!());
  },
  exit(code) {
    process.exit(code);
  },
  setExitCode(code) {
    process.exitCode = code;
  },
};

function output(fd: number, stream: () => NodeJS.WriteStream): Output {
  let closed = false;
  let trouble: unknown;
  return {
    get closed() {
      return closed;
    },
    get trouble() {
      return trouble;
    },
    get isTerminal() {
      return isDevice(fd) && stream().isTTY === true;
    },
    // A terminal that nobody gave a size (script, expect, some CI systems) says 0.
    columns: () => stream().columns || 80,
    rows: () => stream().rows || 24,
    onResize(handler) {
      stream().on("resize", handler);
    },
    write(text) {
      if (closed) return;
      const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
      try {
        writeWhole(fd, bytes);
      } catch (error) {
        closed = true;
        if (!nobodyReads.has((error as { code?: string }).code ?? "")) trouble = error;
      }
    },
  };
}

/** What is no device is no terminal. To be asked first: the stream that knows exactly takes milliseconds to make. */
function isDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // It was closed before this program began.
    return false;
  }
}

/** The reader has gone, or there was none from the beginning. */
const nobodyReads: ReadonlySet<string> = new Set(["EPIPE", "EBADF"]);

/** @throws Error when nothing can be written */
function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written, bytes.length - written);
    } catch (error) {
      const code = (error as { code?: string }).code;
      // Somebody made the pipe non-blocking and its reader is slow.
      if (code === "EAGAIN") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      else throw error;
    }
  }
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

function ignoredSignals(): Set<string> {
  const ignored = new Set<string>();
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (mask === undefined) return ignored;
    const bits = BigInt(`0x${mask}`);
    for (const [name, number] of Object.entries(signalNumbers)) {
      if ((bits >> BigInt(number - 1)) & 1n) ignored.add(name);
    }
  } catch {
    // No /proc: nothing is known to be ignored.
  }
  return ignored;
}
