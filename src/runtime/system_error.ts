/** Why the operating system refused, in words that read on after a colon. */
export function describeSystemError(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  const words = typeof code === "string" ? reasons[code] : undefined;
  if (words !== undefined) return words;
  return error instanceof Error ? error.message : String(error);
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a directory",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "its symlinks go round in a loop",
  ENAMETOOLONG: "its path is too long",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EIO: "the device failed to read it (EIO)",
  ESTALE: "it went away on its file server (ESTALE)",
};
