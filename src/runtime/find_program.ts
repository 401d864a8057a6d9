import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";

const defaultPath = "/usr/local/bin:/usr/bin:/bin";

/** Found programs by `PATH` and name. A `PATH` with a relative part is not remembered. */
const found = new Map<string, string>();

/** The absolute path of a program, as a shell would find it; undefined when no directory of `PATH` has it. */
export function findProgram(name: string, path: string | undefined, cwd: string): string | undefined {
  if (name.includes("/")) return resolve(cwd, name);
  const directories = path ?? defaultPath;
  const key = `${directories}\0${name}`;
  const known = found.get(key);
  if (known !== undefined && isProgram(known)) return known;
  for (const directory of directories.split(":")) {
    const program = resolve(cwd, directory, name);
    if (!isProgram(program)) continue;
    if (directories.split(":").every((part) => isAbsolute(part))) found.set(key, program);
    return program;
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
