import type { Disk } from "../runtime/disk.ts";
import { sha256Hex } from "../runtime/hash.ts";
import { describeSystemError } from "../runtime/system_error.ts";

/** Where state is kept, or why it cannot be. */
export type StateDirectory =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly message: string };

/**
 * The directory of all journals, by the first that applies: `--state-dir` (absolute here), `$XDG_STATE_HOME/fanout`,
 * `~/.local/state/fanout`; without a home a private directory below `/var/tmp`, made here and used only if nobody else
 * can write to it.
 */
export function stateDirectory(
  given: string | null,
  environment: { readonly [name: string]: string | undefined },
  disk: Disk,
): StateDirectory {
  if (given !== null) return { ok: true, path: given };
  const { XDG_STATE_HOME: stateHome, HOME: home } = environment;
  // The XDG rules say that a relative path is to be ignored.
  if (stateHome?.startsWith("/")) return { ok: true, path: `${stateHome}/fanout` };
  if (home?.startsWith("/")) return { ok: true, path: `${home}/.local/state/fanout` };
  return homelessDirectory(`/var/tmp/fanout-${disk.userId()}`, disk);
}

/** The directory of one config's runs: named for people, told apart by where the config lies. */
export function configDirectory(stateDirectory: string, name: string, configPath: string): string {
  const readable = name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 60);
  return `${stateDirectory}/${readable}-${sha256Hex(configPath).slice(0, 12)}`;
}

/** Directories of this config's runs by whatever names it had; none when there is no state at all. */
export function directoriesOfConfig(stateDirectory: string, configPath: string, disk: Disk): string[] {
  if (disk.facts(stateDirectory, "follow") === null) return [];
  const ending = configDirectory("", "", configPath).slice(1);
  return disk.list(stateDirectory).filter((name) => name.endsWith(ending)).sort().map((name) =>
    `${stateDirectory}/${name}`
  );
}

/** `/var/tmp` belongs to everybody: what stands there already may be a trap. */
function homelessDirectory(path: string, disk: Disk): StateDirectory {
  try {
    disk.makeDirectory(path);
    const facts = disk.facts(path, "show");
    const isOurs = facts?.kind === "directory" && facts.owner === disk.userId() && (facts.mode & 0o077) === 0;
    return isOurs ? { ok: true, path } : refused(path, "it is not a private directory of this user");
  } catch (error) {
    return refused(path, describeSystemError(error));
  }
}

function refused(path: string, why: string): StateDirectory {
  const message =
    `without HOME state goes to ${path}, but ${why}; give a directory by --state-dir or XDG_STATE_HOME`;
  return { ok: false, message };
}
