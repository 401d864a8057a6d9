import { dirname, resolve } from "node:path";

/** An absolute path; a relative one starts at `directory`, which is absolute. */
export function resolvePath(directory: string, path: string): string {
  return resolve(directory, path);
}

/** The directory that a path's last name stands in. */
export function directoryOf(path: string): string {
  return dirname(path);
}
