import { isValueMap, parseJson, stringifyJson } from "../model/json.ts";
import type { Plan } from "../model/plan.ts";
import { printable, writtenDuration } from "../model/written.ts";
import { type Disk, type DiskLock, writeAll } from "../runtime/disk.ts";
import type { Ports } from "../runtime/ports.ts";
import { pauseFor } from "./pause_for.ts";

/** Whoever holds the lock, by its own words. */
export interface LockHolder {
  readonly runId: string;
  readonly pid: number;
  readonly host: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** Its own `run.timeout`; null for none. */
  readonly timeoutMs: number | null;
}

/** What came of asking for the lock. */
export type LockOutcome =
  | { readonly kind: "taken"; release(): void }
  /** Another run holds it: exit 0 for a run that is to be skipped, else 4. */
  | { readonly kind: "held"; readonly exitCode: 0 | 4; readonly message: string }
  /** A signal came while it was waited for. */
  | { readonly kind: "stopped" };

export interface RunLockOptions {
  readonly plan: Plan;
  /** The directory of this config's runs. */
  readonly directory: string;
  readonly ports: Pick<Ports, "disk" | "clock" | "host">;
  /** Aborted when the run is to be given up before it began. */
  readonly signal: AbortSignal;
  /** Says once that it waits, and for whom. */
  notice(message: string): void;
}

/** A run without a timeout of its own is taken to hang after this long. */
const oldAfterMs = 24 * 60 * 60 * 1_000;
const lookEveryMs = 250;

/**
 * Takes the lock that keeps two runs of one config apart. The kernel frees it with its holder, so that one that was
 * killed blocks nobody. A holder that hangs is not passed over in silence: one older than its own `run.timeout` (24 h
 * without) makes `skip` exit 4 too.
 *
 * @throws the system's error when the lock can be neither made nor taken
 */
export async function takeRunLock(options: RunLockOptions): Promise<LockOutcome> {
  const { plan, directory, ports: { disk, clock }, signal } = options;
  disk.makeDirectory(directory);
  const lock = await disk.tryLock(lockPath(directory), "kept");
  if (lock !== null) return taken(lock, options);
  const ifHeld = plan.run.lock?.ifHeld ?? "fail";
  if (ifHeld === "wait") return await waitForLock(options);
  let holder = readHolder(directory, disk);
  // Whoever has only just taken the lock may not have said so yet: what stands there is of the one before.
  if (holder === null || isOld(holder, clock.wallTime())) {
    await pauseFor(lookEveryMs, clock, signal);
    holder = readHolder(directory, disk);
  }
  const now = clock.wallTime();
  const who = describeHolder(holder, now);
  if (ifHeld === "fail") return { kind: "held", exitCode: 4, message: `${who} is not over yet` };
  if (holder === null || !isOld(holder, now)) {
    return { kind: "held", exitCode: 0, message: `skipped: ${who} is not over yet` };
  }
  const limit = holder.timeoutMs === null
    ? "24 h"
    : `its own run.timeout of ${writtenDuration(holder.timeoutMs)}`;
  const message = `${who} is older than ${limit} and still holds the lock: it may hang; ` +
    `see what process ${holder.pid} does, and end it`;
  return { kind: "held", exitCode: 4, message };
}

async function waitForLock(options: RunLockOptions): Promise<LockOutcome> {
  const { plan: { run }, directory, ports: { disk, clock }, signal } = options;
  options.notice(`waiting for ${describeHolder(readHolder(directory, disk), clock.wallTime())}`);
  for (;;) {
    if (signal.aborted) return { kind: "stopped" };
    if (run.timeoutMs !== null && clock.now() >= run.timeoutMs) {
      const who = describeHolder(readHolder(directory, disk), clock.wallTime());
      const message = `run.timeout (${writtenDuration(run.timeoutMs)}) passed while waiting for ${who}`;
      return { kind: "held", exitCode: 4, message };
    }
    await pauseFor(lookEveryMs, clock, signal);
    const lock = await disk.tryLock(lockPath(directory), "kept");
    if (lock !== null) return taken(lock, options);
  }
}

function taken(lock: DiskLock, { plan, directory, ports: { disk, host } }: RunLockOptions): LockOutcome {
  try {
    writeHolder(directory, disk, {
      runId: plan.runId,
      pid: host.pid,
      host: host.hostname(),
      startedAt: plan.startedAt,
      timeoutMs: plan.run.timeoutMs,
    });
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    kind: "taken",
    release() {
      removeIfThere(holderPath(directory), disk);
      lock.release();
    },
  };
}

function lockPath(directory: string): string {
  return `${directory}/run.lock`;
}

/** Beside the lock: to open the lock's own file would take the lock from its holder. */
function holderPath(directory: string): string {
  return `${directory}/run.lock.json`;
}

/** Written by the holder alone, and renamed, so that nobody reads half of it. */
function writeHolder(directory: string, disk: Disk, holder: LockHolder): void {
  const path = holderPath(directory);
  const beside = `${path}.tmp`;
  removeIfThere(beside, disk);
  const bytes = new TextEncoder().encode(`${stringifyJson(holder)}\n`);
  const fd = disk.create(beside, 0o600);
  try {
    writeAll(disk, fd, bytes, bytes.length);
  } finally {
    disk.close(fd);
  }
  disk.rename(beside, path);
}

/** Null when there is none that can be read. */
function readHolder(directory: string, disk: Disk): LockHolder | null {
  try {
    const fd = disk.open(holderPath(directory));
    try {
      const bytes = new Uint8Array(4096);
      const count = disk.read(fd, bytes, 0, bytes.length, 0);
      const holder = parseJson(new TextDecoder().decode(bytes.subarray(0, count)));
      return isValueMap(holder) && typeof holder.startedAt === "string"
        ? holder as unknown as LockHolder
        : null;
    } finally {
      disk.close(fd);
    }
  } catch {
    return null;
  }
}

function isOld(holder: LockHolder, now: number): boolean {
  return now - Date.parse(holder.startedAt) > (holder.timeoutMs ?? oldAfterMs);
}

function describeHolder(holder: LockHolder | null, now: number): string {
  if (holder === null) return "another run of this config";
  const { runId, pid, host, startedAt } = holder;
  const age = writtenDuration(Math.max(0, now - Date.parse(startedAt)));
  return printable(
    `another run of this config (${runId}, process ${pid} on ${host}, started ${startedAt}, ${age} ago)`,
  );
}

function removeIfThere(path: string, disk: Disk): void {
  if (disk.facts(path, "show") !== null) disk.remove(path);
}
