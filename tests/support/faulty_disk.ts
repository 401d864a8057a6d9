import { type Disk, realDisk } from "../../src/runtime/disk.ts";

/** Calls that a test can let fail. */
export type DiskCall =
  | "create"
  | "write"
  | "sync"
  | "syncSoon"
  | "syncDirectory"
  | "rename"
  | "read"
  | "open";

/** What goes wrong. */
export interface Fault {
  readonly call: DiskCall;
  /** The how-manieth call of its kind fails, counted from when the fault is armed, from 1. */
  readonly nth: number;
  /** True: every later call fails as well, as on a full disk. False: only this one. */
  readonly forGood: boolean;
}

/** @see faultyDisk */
export interface FaultyDisk extends Disk {
  readonly calls: { [call in DiskCall]: number };
  arm(fault: Fault): void;
}

/** The real disk, healthy until a fault is armed. Writes may be short: `bytesPerWrite` is the most one call takes. */
export function faultyDisk(bytesPerWrite = Infinity): FaultyDisk {
  const calls = { create: 0, write: 0, sync: 0, syncSoon: 0, syncDirectory: 0, rename: 0, read: 0, open: 0 };
  let fault: Fault | null = null;
  let failsAt = Infinity;
  return {
    ...realDisk,
    calls,
    arm(armed) {
      fault = armed;
      failsAt = calls[armed.call] + armed.nth;
    },
    create: (path, mode) => count("create") ?? realDisk.create(path, mode),
    open: (path) => count("open") ?? realDisk.open(path),
    write: (fd, bytes, from, to) =>
      count("write") ?? realDisk.write(fd, bytes, from, Math.min(to, from + bytesPerWrite)),
    read: (fd, into, from, to, position) => count("read") ?? realDisk.read(fd, into, from, to, position),
    sync: (fd) => count("sync") ?? realDisk.sync(fd),
    syncDirectory: (path) => count("syncDirectory") ?? realDisk.syncDirectory(path),
    rename: (from, to) => count("rename") ?? realDisk.rename(from, to),
    // Asynchronous as the real one is: the failure comes later, not from the call.
    syncSoon: async (fd) => count("syncSoon") ?? await realDisk.syncSoon(fd),
  };

  function count(call: DiskCall): undefined {
    calls[call]++;
    if (fault?.call !== call) return;
    if (fault.forGood ? calls[call] >= failsAt : calls[call] === failsAt) {
      throw Object.assign(new Error(`ENOSPC: fault made by the test, ${call}`), { code: "ENOSPC" });
    }
  }
}
