import type { Plan } from "../model/plan.ts";
import { resolvePath } from "../runtime/resolve_path.ts";

/** A file that is read. `what` names it in messages: `the config`. */
export interface FileRead {
  readonly what: string;
  /** Absolute. */
  readonly path: string;
}

/** Files that a plan names outright and reads: nothing that its run writes may take their place. */
export function filesRead({ config, secrets, tasks }: Plan): FileRead[] {
  const files: FileRead[] = [
    { what: "the config", path: resolvePath(config.directory, config.path.replace(/^.*\//, "")) },
  ];
  for (const [name, source] of Object.entries(secrets)) {
    if ("file" in source) files.push({ what: `the secret ${name}`, path: source.file });
  }
  for (const { name, foreach } of tasks) {
    if (foreach === null || !("path" in foreach) || foreach.path === "-" || foreach.path.includes("${{")) {
      continue;
    }
    files.push({ what: `the input of "${name}"`, path: resolvePath(config.directory, foreach.path) });
  }
  return files;
}
