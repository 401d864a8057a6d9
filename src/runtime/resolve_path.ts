import { resolve } from "node:path";

/** An absolute path; a relative one starts at `directory`, which is absolute. */
export function resolvePath(directory: string, path: string): string {
  return resolve(directory, path);
}
