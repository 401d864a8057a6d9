import process from "node:process";
import type { ChildProcess } from "./processes.ts";

/** Signals the group of a process that was started in its own; `ChildProcess.signalGroup` says what it gives. */
export const signalGroup = (pid: number, signal: Parameters<ChildProcess["signalGroup"]>[0]): boolean => {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // EPERM: a member runs as somebody else (sudo). It is there, but does not listen to us.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
