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
  checkPlaces(config, report);
  for (const output of outputsOf(config)) {
    const path = normal(output.path);
    const other = taken.get(path);
    if (other !== undefined) report(output.at, `${output.path} is also ${other}: write to another path`);
    taken.set(path, output.what);
  }
}

/** What is saved stays below one directory, unless an absolute path says that it is meant to leave it. */
function checkPlaces(config: Config, report: ReportProblem): void {
  for (const { at, path } of writtenByTasks(config)) {
    // Of the segment that an expression is part of, nothing is known.
    const known = path.includes("${{") ? path.split("${{", 1)[0]!.replace(/[^/]*$/, "") : path;
    if (path.startsWith("~/")) {
      report(at, `"~" is no home directory here: write the path from / on, or below the config's directory`);
    } else if (normal(known).startsWith("..")) {
      const message =
        `${path} leaves the config's directory, below which everything is saved: write an absolute path if this is meant`;
      report(at, message);
    }
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
  const reports = Object.entries(config.report ?? {}).map(([format, path]): NamedFile => ({
    at: ["report", format],
    what: `the ${format} report`,
    path,
  }));
  return [...writtenByTasks(config), ...reports].filter(({ path }) => isStatic(path));
}

function writtenByTasks(config: Config): NamedFile[] {
  const files: NamedFile[] = [];
  for (const [name, { save, collect }] of Object.entries(config.tasks)) {
    if (save) {
      files.push({
        at: ["tasks", name, "save", "path"],
        what: `where task "${name}" saves`,
        path: save.path,
      });
    }
    if (collect) {
      files.push({
        at: ["tasks", name, "collect", "path"],
        what: `where task "${name}" collects`,
        path: collect.path,
      });
    }
  }
  return files;
}

/** Devices and stdin may be named as often as one likes, but two outputs on one stdout are no output. */
function isStatic(path: string): boolean {
  return !path.includes("${{") && path !== "-" && (!path.startsWith("/dev/") || path === "/dev/stdout");
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
