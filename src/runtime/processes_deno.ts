import { closeSync, constants, openSync, readSync } from "node:fs";
import { openInput } from "./child_input.ts";
import { readOutput } from "./child_output.ts";
import { type ProcessMeter, startMeter } from "./process_meter.ts";
import type { ProcessCommand, ProcessExit, StartedProcess } from "./processes.ts";

/**
 * Starts a program by `Deno.Command`. A session of its own costs a fork of the whole runtime here: some 3 ms, where
 * `Bun.spawn` takes 0.4. @see StartProcess
 */
export function startByDeno(command: ProcessCommand, program: string): StartedProcess {
  const { stdin, cwd } = command;
  refuseUnknownFormat(program);
  const input = openInput(stdin);
  try {
    const child = new Deno.Command(program, {
      args: [...command.arguments],
      cwd,
      env: { ...command.environment },
      clearEnv: true,
      detached: true,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    input?.feed(child.stdin);
    const output = readOutput(child.stdout, child.stderr, command.onOutput);
    const meter = startMeter(child.pid);
    output.ended.then(meter.look);
    const exited = exitOf(child.status, meter).finally(() => input?.stop());
    return {
      pid: child.pid,
      exited,
      outputEnded: output.ended,
      closeOutput: output.close,
    };
  } catch (error) {
    input?.stop();
    throw error;
  }
}

async function exitOf(status: Promise<Deno.CommandStatus>, meter: ProcessMeter): Promise<ProcessExit> {
  try {
    const { code, signal } = await status;
    return { exitCode: signal === null ? code : null, signal, ...meter.stop() };
  } catch (error) {
    // Deno knows no signal from 32 on, and says so by an exception.
    const number = /\d+/.exec(String(error))?.[0] ?? "?";
    return { exitCode: null, signal: `SIG${number}`, ...meter.stop() };
  }
}

/** Deno gives a file of unknown format to the shell, as old Unix did. A script that says what runs it is asked for instead. */
function refuseUnknownFormat(program: string): void {
  const start = new Uint8Array(4);
  try {
    const fd = openSync(program, constants.O_RDONLY | constants.O_NONBLOCK);
    readSync(fd, start);
    closeSync(fd);
  } catch {
    // Not there, or a program one may run but not read: starting it will tell.
    return;
  }
  const script = start[0] === 0x23 && start[1] === 0x21;
  const elf = start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46;
  const machO = /^(cafebabe|feedfac[ef]|c[ef]faedfe)$/.test(start.toHex());
  if (script || elf || machO) return;
  throw Object.assign(new Error("unknown executable format"), { code: "ENOEXEC" });
}
