import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import type { Config } from "./config_schema.ts";

/** A file that the config names outright. */
interface NamedFile {
  readonly at: ConfigPath;
  /** What it is, for the message about another one. */
  readonly what: string;
  readonly path: string;
}

/** No file is written twice, and none that is read: as far as the paths have no expressions in them. */
export function checkOutputPaths(config: Config, file: string, report: ReportProblem): void {
  const taken = new Map<string, string>([[normal(file.replace(/^.*[\\/]/, "")), "the config itself"]]);
  for (const input of inputsOf(config)) taken.set(normal(input.path), input.what);
  for (const output of outputsOf(config)) {
    const path = normal(output.path);
    const other = taken.get(path);
    if (other !== undefined) report(output.at, `${output.path} is also ${other}: write to another path`);
    taken.set(path, output.what);
  }
}

function inputsOf(config: Config): NamedFile[] {
  return Object.entries(config.tasks).flatMap(([name, { foreach }]) =>
    foreach && "path" in foreach && isStatic(foreach.path)
      ? [{
        at: ["tasks", name, "foreach", foreach.source],
        what: `the source of task "${name}"`,
        path: foreach.path,
      }]
      : []
  );
}

function outputsOf(config: Config): NamedFile[] {
  const files: NamedFile[] = [];
  const add = (at: ConfigPath, what: string, path: string | undefined) => {
    if (path !== undefined && isStatic(path)) files.push({ at, what, path });
  };
  for (const [name, { save, collect }] of Object.entries(config.tasks)) {
    add(["tasks", name, "save", "path"], `where task "${name}" saves`, save?.path);
    add(["tasks", name, "collect", "path"], `where task "${name}" collects`, collect?.path);
  }
  for (const [format, path] of Object.entries(config.report ?? {})) {
    add(["report", format], `the ${format} report`, path);
  }
  return files;
}

/** Devices and stdin may be named as often as one likes. */
function isStatic(path: string): boolean {
  return !path.includes("${{") && path !== "-" && !path.startsWith("/dev/");
}

/** `./a//b` → `a/b`. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}
