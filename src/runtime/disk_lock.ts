import { chmodSync, rmSync } from "node:fs";
import type { DiskLock } from "./disk.ts";

/**
 * Takes the lock of a file, made when it is not there, or gives null when a living process holds it.
 *
 * The kernel frees it with the process, also on SIGKILL. It is SQLite that asks the kernel: neither runtime has a call
 * for it that works the same in the other and in the compiled program.
 *
 * @param afterwards what becomes of the file on release. A lock that several wait for has to be `kept`: one of them may
 * have opened the file just before it is removed, and would then hold a lock that nobody else sees.
 * @throws Error when the file can be neither made nor locked (permission, no locks on this file system).
 */
export async function tryLockFile(
  path: string,
  afterwards: "removed" | "kept" = "removed",
): Promise<DiskLock | null> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  try {
    // Without a rollback journal in memory an empty `-journal` file would be left behind by a killed holder.
    database.exec("PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /database is locked/.test(error.message)) return null;
    throw error;
  }
  chmodSync(path, 0o600);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      // Removed while it is still held: a lock taken on a file that is then removed would guard nothing.
      // Somebody may have removed it already, with the directory that it lay in.
      if (afterwards === "removed") rmSync(path, { force: true });
      database.close();
    },
  };
}
