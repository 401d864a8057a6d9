import { randomUUID } from "node:crypto";
import { findByVariable } from "./find_processes.ts";
import { findProgram } from "./find_program.ts";
import { endWithProgram, isTreeRunning, type Reach, signalTree } from "./process_group.ts";
import { startByBun } from "./processes_bun.ts";
import { startByDeno } from "./processes_deno.ts";
import { explainSpawnFailure, notInPath } from "./spawn_failure.ts";

export type { Reach } from "./process_group.ts";

/** Starts programs. */
export interface Processes {
  /**
   * Starts a program in a session and process group of its own. Its output is read as fast as it comes, so that it never
   * waits for its reader. A program that does not read its stdin is no error. When this program exits first, the whole
   * group is killed.
   */
  spawn(command: ProcessCommand): ChildProcess | SpawnFailure;
  /**
   * Processes that still run with this value of a variable in their environment, which what they start inherits: those
   * that a program which was killed left behind. None where the system does not tell.
   */
  withVariable(name: string, value: string): readonly FoundProcess[];
}

/** @see Processes.withVariable */
export interface FoundProcess {
  readonly pid: number;
  /** Its arguments, with spaces between them. */
  readonly command: string;
}

/** What to start. */
export interface ProcessCommand {
  /** With a `/` in it a path, from `cwd` on; without one looked up in the `PATH` of `environment`. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly environment: { readonly [name: string]: string };
  /** What it reads before the end of its stdin. A file is absolute; null is nothing. */
  readonly stdin: Uint8Array | { readonly file: string } | null;
  /** Takes a piece of output, which is valid during the call only. Never called again after `outputEnded`. */
  onOutput(stream: "stdout" | "stderr", chunk: Uint8Array): void;
}

/** A program that was started. */
export interface ChildProcess {
  readonly kind: "started";
  /** Also the id of its process group. */
  readonly pid: number;
  /** When it has ended and was waited for; what it started may still run. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** When both of its outputs are at their end, or `closeOutput` was called. Never rejects. */
  readonly outputEnded: Promise<void>;
  /** Signals its group, or everything it started, in sessions of their own too; nothing happens when there is none left. */
  signal(signal: "SIGTERM" | "SIGKILL" | "SIGCONT", reach: Reach): void;
  /** Whether something of that still runs. It looks at every younger process of the machine: not for every run. */
  isRunning(reach: Reach): boolean;
  /** Stops reading, whoever still holds the other end. */
  closeOutput(): void;
}

/** How a process ended. One of `exitCode` and `signal` is null. */
export interface ProcessExit {
  readonly exitCode: number | null;
  /** `SIGKILL`; `SIG35` for one without a name. */
  readonly signal: string | null;
  /** User and system time of it and of the children it waited for; null when it was over too soon to be measured. */
  readonly cpuMs: number | null;
  /**
   * Its own peak, or that of the largest child it waited for; null as for `cpuMs`. Under Bun on Linux at least what this
   * program itself uses: a child begins with its parent's count.
   */
  readonly maxRssBytes: number | null;
}

/** Nothing was started. */
export interface SpawnFailure {
  readonly kind: "not_started";
  /** The system had no process, memory or descriptor to give: worth another try later. */
  readonly exhausted: boolean;
  /** Why, with the value at hand, and what to do. */
  readonly message: string;
}

/** Starts a program that was found. @throws what the system or the runtime says when it cannot. */
export type StartProcess = (command: ProcessCommand, program: string) => StartedProcess;

/** What a runtime tells of a process that it started. */
export type StartedProcess = Omit<ChildProcess, "kind" | "signal" | "isRunning">;

/** Carries a mark of each process that this one descends from, by way of other fanouts too. */
const markVariable = "FANOUT_PROCESS";

/** Processes by way of one runtime. */
export function processesBy(start: StartProcess): Processes {
  return {
    spawn(command) {
      const program = findProgram(command.program, command.environment["PATH"], command.cwd);
      if (program === undefined) return notInPath(command);
      try {
        return startMarked(start, command, program);
      } catch (error) {
        return explainSpawnFailure(error, program, command);
      }
    },
    withVariable: findByVariable,
  };
}

function startMarked(start: StartProcess, command: ProcessCommand, program: string): ChildProcess {
  const mark = randomUUID();
  const marks = `${command.environment[markVariable] ?? ""} ${mark}`.trimStart();
  const child = start(
    { ...command, environment: { ...command.environment, [markVariable]: marks } },
    program,
  );
  const tree = { pid: child.pid, mark };
  endWithProgram(tree, Promise.all([child.exited, child.outputEnded]));
  return {
    ...child,
    kind: "started",
    signal: (signal, reach) => signalTree(tree, signal, reach),
    isRunning: (reach) => isTreeRunning(tree, reach),
  };
}

/** The machine's processes. */
export const realProcesses: Processes = processesBy("Bun" in globalThis ? startByBun : startByDeno);
