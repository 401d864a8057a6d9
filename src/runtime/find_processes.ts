import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import type { FoundProcess } from "./processes.ts";

/** Looks at the environment of every process that may be looked at; `Processes.withVariable` says what for. */
export function findByVariable(name: string, value: string): FoundProcess[] {
  const wanted = `\0${name}=${value}\0`;
  return processIds().filter((pid) => pid !== process.pid).flatMap((pid) => {
    // What has ended but was not waited for has no environment left.
    if (!`\0${readProc(pid, "environ")}\0`.includes(wanted)) return [];
    return [{ pid, command: readProc(pid, "cmdline").replace(/\0$/, "").replaceAll("\0", " ") }];
  });
}

/** Processes that have this text in their environment and are younger than `since`, which is one of them or gone. */
export function findMarked(mark: string, since: number): number[] {
  return processIds().filter((pid) => pid >= since && readProc(pid, "environ").includes(mark));
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

/** Nothing for a process that ended meanwhile or is somebody else's. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
