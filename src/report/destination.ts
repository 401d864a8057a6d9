import { type Disk, writeAll } from "../runtime/disk.ts";
import type { Clock } from "../runtime/ports.ts";
import { describeSystemError } from "../runtime/system_error.ts";

/** The machine, as far as writing a report needs it. */
export interface ReportPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
}

/** `private`: mode 0600. `shared`: keeps the mode of the file it replaces, or gets 0644, since other programs read it. */
export type FileAccess = "private" | "shared";

/** A file that appears whole or not at all; or, where that cannot be, something that is written through. */
interface Destination {
  readonly write: WriteBytes;
  /** On the disk, under its name. */
  commit(): Promise<void>;
  /** Leaves nothing behind. Does nothing after `commit` or a second time. */
  discard(): void;
}

/** Writes bytes 0 to `length`, which may be used again once it resolves. */
export type WriteBytes = (bytes: Uint8Array, length: number) => Promise<void>;

/** A report could not be written (exit 3); the message says where and why. */
export class ReportError extends Error {
  override readonly name = "ReportError";

  constructor(readonly path: string, cause: unknown) {
    super(`cannot write the report ${path}: ${describeSystemError(cause)}`, { cause });
  }
}

/**
 * Opens an absolute path, lets `fill` write to it, and puts it in its place; missing directories are made, mode 0700.
 * When anything fails, `fill` too, the old file stands as it was and nothing is left behind.
 *
 * @throws ReportError
 */
export async function writeDestination(
  path: string,
  access: FileAccess,
  ports: ReportPorts,
  fill: (write: WriteBytes) => Promise<void>,
): Promise<void> {
  let destination: Destination | null = null;
  try {
    const place = resolvePlace(path, ports.disk);
    destination = place.kind === "file"
      ? openBeside(place.path, access, ports)
      : await openThrough(place, ports.disk);
    await fill(destination.write);
    await destination.commit();
  } catch (error) {
    try {
      destination?.discard();
    } catch {
      // The first failure says more than that its remains could not be removed.
    }
    throw new ReportError(path, error);
  }
}

/** Where a path leads. Symlinks to files are followed, so that they stay what they are. */
export type Place =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "through"; readonly path: string }
  /** A descriptor the program was given: opening its path anew would write over what stands there. */
  | { readonly kind: "descriptor"; readonly fd: number };

/** @throws Error when it is a directory or leads nowhere */
export function resolvePlace(path: string, disk: Disk): Place {
  const fd = givenDescriptor(path);
  if (fd !== null) return { kind: "descriptor", fd };
  const shown = disk.facts(path, "show");
  if (shown === null) return { kind: "file", path };
  const real = shown.kind === "symlink" ? disk.realPath(path) : path;
  const facts = disk.facts(real, "follow");
  if (facts?.kind === "directory") throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
  return { kind: facts?.kind === "other" || facts?.kind === "device" ? "through" : "file", path: real };
}

/** Everything before the last name of an absolute path. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** A name for a file that is to take this one's place: nobody else's, also when two runs write one report. */
export function nameBeside(path: string, random: () => number): string {
  return `${path}.${random().toString(36).slice(2, 10)}.tmp`;
}

function givenDescriptor(path: string): number | null {
  if (path === "/dev/stdout") return 1;
  if (path === "/dev/stderr") return 2;
  const match = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path);
  return match === null ? null : Number(match[1]);
}

/** After so many bytes the thread is given up once, so that signals are heard. */
const turnBytes = 8 * 1024 * 1024;

function openBeside(path: string, access: FileAccess, { disk, clock, random }: ReportPorts): Destination {
  const directory = parentOf(path);
  disk.makeDirectory(directory);
  const beside = nameBeside(path, random);
  const fd = disk.create(beside, 0o600);
  let isOpen = true;
  let isThere = true;
  let turn = 0;
  return {
    async write(bytes, length) {
      writeAll(disk, fd, bytes, length);
      turn += length;
      if (turn < turnBytes) return;
      turn = 0;
      await new Promise<void>((resolve) => clock.soon(resolve));
    },
    async commit() {
      if (access === "shared") disk.setMode(fd, disk.facts(path, "follow")?.mode ?? 0o644);
      await disk.syncSoon(fd);
      close();
      disk.rename(beside, path);
      isThere = false;
      disk.syncDirectory(directory);
    },
    discard() {
      if (isOpen) close();
      if (!isThere) return;
      isThere = false;
      disk.remove(beside);
    },
  };

  function close(): void {
    isOpen = false;
    disk.close(fd);
  }
}

async function openThrough(place: Exclude<Place, { kind: "file" }>, disk: Disk): Promise<Destination> {
  const fd = place.kind === "descriptor" ? place.fd : await disk.openThrough(place.path);
  let isOpen = place.kind === "through";
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    disk.close(fd);
  };
  return {
    write: (bytes, length) => disk.writeThrough(fd, bytes.subarray(0, length)),
    commit: async () => close(),
    discard: close,
  };
}
