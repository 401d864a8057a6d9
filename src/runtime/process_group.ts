import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Signals the group of a process that was started in its own; gives false when there is nothing left of it. */
export function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL" | "SIGCONT" | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // EPERM: a member runs as somebody else (sudo). It is there, but does not listen to us.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Groups that have to end when this program does. */
const live = new Set<number>();

/** Kills the group if this program exits before `until` has settled: at a third Ctrl-C nothing else would. */
export function endWithProgram(pid: number, until: Promise<unknown>): void {
  if (live.size === 0) process.once("exit", killAll);
  live.add(pid);
  until.then(() => {
    live.delete(pid);
    if (live.size === 0) process.removeListener("exit", killAll);
  });
}

function killAll(): void {
  for (const pid of live) signalGroup(pid, "SIGKILL");
}

/**
 * Whether something of the group still runs. What has ended but was not waited for by its new parent does not count:
 * in a container whose first process waits for nobody, such remains stay for ever.
 */
export function isGroupRunning(pid: number): boolean {
  if (!signalGroup(pid, 0)) return false;
  const members = runningMembers(pid);
  return members === undefined || members > 0;
}

/** Counted in `/proc`, among the processes that are younger than the group; undefined where there is none. */
function runningMembers(group: number): number | undefined {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return undefined;
  }
  if (!names.includes("self")) return undefined;
  return names.filter((name) => Number(name) >= group && isRunningMember(name, group)).length;
}

function isRunningMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may have spaces and brackets of its own.
    const [state, , memberOf] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(memberOf) === group && state !== "Z" && state !== "X";
  } catch {
    // It ended meanwhile.
    return false;
  }
}
