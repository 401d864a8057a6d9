import { closeSync } from "node:fs";
import { openStdinFile } from "./child_input.ts";
import { readOutput } from "./child_output.ts";
import type { ProcessCommand, ProcessExit, StartedProcess } from "./processes.ts";

/** As far as it is used here. */
interface Bun {
  spawn(command: readonly string[], options: object): BunProcess;
}

interface BunProcess {
  readonly pid: number;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<number>;
  readonly exitCode: number | null;
  readonly signalCode: string | number | null;
  /** Microseconds and bytes. */
  resourceUsage(): { readonly cpuTime: { readonly total: bigint }; readonly maxRSS: number } | undefined;
}

/** Starts a program by `Bun.spawn`. @see StartProcess */
export function startByBun(command: ProcessCommand, program: string): StartedProcess {
  const { stdin, cwd, environment: env } = command;
  const fd = stdin !== null && "file" in stdin ? openStdinFile(stdin.file) : undefined;
  try {
    const { Bun } = globalThis as unknown as { readonly Bun: Bun };
    const child = Bun.spawn([program, ...command.arguments], {
      cwd,
      env,
      detached: true,
      stdin: fd ?? stdin ?? "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // Without it Bun would read ahead without bound.
      lazy: true,
    });
    const output = readOutput(child.stdout, child.stderr, command.onOutput);
    const exited = child.exited.then(() => exitOf(child));
    return {
      pid: child.pid,
      exited,
      outputEnded: output.ended,
      closeOutput: output.close,
    };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function exitOf(child: BunProcess): ProcessExit {
  const usage = child.resourceUsage();
  const { signalCode: signal } = child;
  return {
    exitCode: child.exitCode,
    signal: typeof signal === "number" ? `SIG${signal}` : signal,
    cpuMs: usage === undefined ? null : Math.round(Number(usage.cpuTime.total) / 1000),
    maxRssBytes: usage?.maxRSS ?? null,
  };
}
