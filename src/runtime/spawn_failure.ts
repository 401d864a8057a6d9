import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { StdinTrouble } from "./child_input.ts";
import type { ProcessCommand, SpawnFailure } from "./processes.ts";
import { describeSystemError } from "./system_error.ts";

const exhaustion = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);

/** Why a program was not started. The runtimes give little more than a code, and the same one for many reasons. */
export function explainSpawnFailure(error: unknown, program: string, command: ProcessCommand): SpawnFailure {
  const cause = error instanceof StdinTrouble ? error.cause : error;
  const code = String((cause as { code?: unknown }).code);
  const reason = error instanceof StdinTrouble
    ? `the file for its stdin, ${error.message}: ${describeSystemError(cause)}`
    : reasonFor(code, error, program, command);
  return {
    kind: "not_started",
    exhausted: exhaustion.has(code),
    message: `Cannot start ${JSON.stringify(command.program)}: ${reason}`,
  };
}

/** No directory of `PATH` has it. */
export function notInPath(command: ProcessCommand): SpawnFailure {
  const name = JSON.stringify(command.program);
  return {
    kind: "not_started",
    exhausted: false,
    message: `Cannot start ${name}: no directory of PATH has it; install it, or write its path, such as ${
      JSON.stringify(`./${command.program}`)
    }`,
  };
}

function reasonFor(code: string, error: unknown, program: string, command: ProcessCommand): string {
  const cwd = directoryTrouble(command.cwd);
  if (cwd !== undefined && code !== "E2BIG") {
    return `its working directory ${JSON.stringify(command.cwd)} ${cwd}`;
  }
  switch (code) {
    case "ENOENT":
      return whyNotFound(program, command);
    case "EACCES":
    case "EPERM":
      return statSync(program, { throwIfNoEntry: false })?.isDirectory()
        ? `${program} is a directory`
        : `${program} may not be executed; chmod +x it, or put the interpreter before it: [sh, ${command.program}]`;
    case "ENOEXEC":
      return `${program} is neither a program for this machine nor a script that says what runs it; ` +
        "begin it with a line such as #!/bin/sh";
    case "E2BIG":
      return `its arguments and environment have ${sizeOf(command)} bytes, more than the system takes; ` +
        "hand the data over by stdin or in a file";
    case "ETXTBSY":
      return `${program} is being written`;
    case "EAGAIN":
      return "the system has no process to spare";
    case "ENOMEM":
      return "the system has no memory to spare";
    case "ERR_INVALID_ARG_VALUE":
    case "EINVAL":
      return "an argument or variable has a NUL in it, which no program can be given";
    default:
      return describeSystemError(error);
  }
}

function whyNotFound(program: string, command: ProcessCommand): string {
  if (statSync(program, { throwIfNoEntry: false }) === undefined) {
    const relative = !command.program.startsWith("/");
    return `there is no file ${program}${relative ? "; a relative path starts at cwd" : ""}`;
  }
  const interpreter = interpreterOf(program);
  return interpreter === undefined
    ? `${program} needs a loader or interpreter that is not on this machine`
    : `the first line of ${program} asks for ${JSON.stringify(interpreter)}, which is not there`;
}

function interpreterOf(program: string): string | undefined {
  try {
    const fd = openSync(program, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = new Uint8Array(256);
      const text = new TextDecoder().decode(bytes.subarray(0, readSync(fd, bytes)));
      // The carriage return of a script with DOS line ends is a part of the name, and the usual reason.
      return /^#![ \t]*([^ \t\n]+)/.exec(text)?.[1];
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function directoryTrouble(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return "is no directory";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "ENOENT" ? "does not exist" : `cannot be entered: ${describeSystemError(error)}`;
  }
}

function sizeOf(command: ProcessCommand): number {
  const texts = [command.program, ...command.arguments, ...Object.entries(command.environment).flat()];
  return texts.reduce((sum, text) => sum + text.length + 1, 0);
}
