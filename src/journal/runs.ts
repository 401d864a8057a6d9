import type { RunHeader } from "../model/run_record.ts";
import type { Disk } from "../runtime/disk.ts";
import { endedInOrder, readHeader } from "./peek_journal.ts";
import { runFiles } from "./run_files.ts";

/** Ids of the runs of one config, newest first. None when there is no such directory. */
export function listRuns(directory: string, disk: Disk): string[] {
  if (disk.facts(directory, "follow") === null) return [];
  const ids = disk.list(directory).filter((name) => name.endsWith(journalEnding))
    .map((name) => name.slice(0, -journalEnding.length));
  return ids.sort().reverse();
}

const journalEnding = ".ndjson";

/** The newest run whose header is accepted; null without one. A journal without a whole header is passed over. */
export function latestRun(
  directory: string,
  disk: Disk,
  accepts: (header: RunHeader) => boolean,
): RunHeader | null {
  for (const runId of listRuns(directory, disk)) {
    const header = readHeader(runFiles(directory, runId).journal, disk);
    if (header !== null && accepts(header)) return header;
  }
  return null;
}

/** @see pruneRuns */
export interface PruneOptions {
  readonly directory: string;
  /** How many of the newest runs stay; at least 1. */
  readonly keep: number;
  readonly disk: Disk;
}

/**
 * Removes the files of old runs. The newest `keep` stay; so does a run that another process is at, and any that a killed
 * one of the newest went on with: it had perhaps not yet taken over all there was.
 *
 * @returns what could not be removed, in words; the run need not fail for it
 */
export async function pruneRuns({ directory, keep, disk }: PruneOptions): Promise<string[]> {
  const runs = listRuns(directory, disk);
  const needed = ancestorsOf(runs.slice(0, keep), directory, disk);
  const troubles: string[] = [];
  for (const runId of runs.slice(keep)) {
    if (needed.has(runId)) continue;
    try {
      await removeRun(directory, runId, disk);
    } catch (error) {
      troubles.push(`cannot remove the old run ${directory}/${runId}: ${(error as Error).message}`);
    }
  }
  return troubles;
}

/** A run that ended in order holds all that it took over; one that was killed may not. */
function ancestorsOf(runIds: readonly string[], directory: string, disk: Disk): Set<string> {
  const needed = new Set<string>();
  for (const runId of runIds) {
    for (let next = resumedBy(runId); next !== null && !needed.has(next); next = resumedBy(next)) {
      needed.add(next);
    }
  }
  return needed;

  function resumedBy(runId: string): string | null {
    const path = runFiles(directory, runId).journal;
    return endedInOrder(path, disk) ? null : readHeader(path, disk)?.resumes ?? null;
  }
}

/** True while the run lives that writes this journal; false where nobody may ask. */
export async function isLiving(journal: string, disk: Disk): Promise<boolean> {
  const lockPath = journal.replace(/\.ndjson$/, ".lock");
  if (lockPath === journal || disk.facts(lockPath, "follow") === null) return false;
  try {
    const lock = await disk.tryLock(lockPath, "kept");
    lock?.release();
    return lock === null;
  } catch {
    return false;
  }
}

async function removeRun(directory: string, runId: string, disk: Disk): Promise<void> {
  const lock = await disk.tryLock(runFiles(directory, runId).lock);
  if (lock === null) return;
  try {
    for (const name of disk.list(directory)) {
      const path = `${directory}/${name}`;
      const isOfRun = name.startsWith(`${runId}.`) && path !== runFiles(directory, runId).lock;
      if (isOfRun && disk.facts(path, "show")?.kind === "file") disk.remove(path);
    }
  } finally {
    lock.release();
  }
}
