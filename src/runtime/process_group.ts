import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { findMarked } from "./find_processes.ts";

/** A process that was started in a group of its own, and what it starts. */
export interface ProcessTree {
  /** Also the id of the group. */
  readonly pid: number;
  /** A text like no other, in the environment of all of them: what goes into a session of its own is known by it. */
  readonly mark: string;
}

/** The group alone, or also what left it. */
export type Reach = "group" | "everything";

/** Signals every process of a tree that is there; nothing happens where there is none left. */
export function signalTree(tree: ProcessTree, signal: "SIGTERM" | "SIGKILL" | "SIGCONT", reach: Reach): void {
  signalGroup(tree.pid, signal);
  if (reach === "group") return;
  for (const pid of findMarked(tree.mark, tree.pid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Whether something of a tree still runs. It looks at every younger process of the machine: not for every run. */
export function isTreeRunning({ pid, mark }: ProcessTree, reach: Reach): boolean {
  return isGroupRunning(pid) || (reach === "everything" && findMarked(mark, pid).length > 0);
}

/** Signals a group; gives false when there is nothing left of it. */
function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL" | "SIGCONT" | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // EPERM: a member runs as somebody else (sudo). It is there, but does not listen to us.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What has to end when this program does. */
const live = new Set<ProcessTree>();

/** Kills a tree if this program exits before `until` has settled: at a third Ctrl-C nothing else would. */
export function endWithProgram(tree: ProcessTree, until: Promise<unknown>): void {
  if (live.size === 0) process.once("exit", killAll);
  live.add(tree);
  until.then(() => {
    live.delete(tree);
    if (live.size === 0) process.removeListener("exit", killAll);
  });
}

function killAll(): void {
  for (const { pid } of live) signalGroup(pid, "SIGKILL");
  for (const tree of live) signalTree(tree, "SIGKILL", "everything");
}

/**
 * Whether something of the group still runs. What has ended but was not waited for by its new parent does not count:
 * in a container whose first process waits for nobody, such remains stay for ever.
 */
function isGroupRunning(pid: number): boolean {
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
