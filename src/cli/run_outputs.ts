import type { Plan } from "../model/plan.ts";
import { type DestinationProblem, type NamedFile, probeDestinations } from "../report/probe_destinations.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";

/** Where a run's reports go: those that the plan names, and the JSON report in any case. */
export interface RunOutputs {
  /** Absolute. */
  readonly json: string;
}

/** Tries every place before anything runs. */
export function probeOutputs(
  plan: Plan,
  outputs: RunOutputs,
  paramsFiles: readonly string[],
  ports: Ports,
): DestinationProblem[] {
  return probeDestinations(
    [{ what: "the report", path: outputs.json }],
    inputFiles(plan, paramsFiles, ports),
    ports,
  );
}

/** Files that are read: no report may take their place. */
function inputFiles(plan: Plan, paramsFiles: readonly string[], ports: Ports): NamedFile[] {
  const cwd = ports.host.cwd();
  const { directory } = plan.config;
  const files: NamedFile[] = [{ what: "the config", path: resolvePath(cwd, plan.config.path) }];
  for (const path of paramsFiles) files.push({ what: "the params file", path: resolvePath(cwd, path) });
  for (const [name, source] of Object.entries(plan.secrets)) {
    if ("file" in source) files.push({ what: `the secret ${name}`, path: source.file });
  }
  for (const { name, foreach } of plan.tasks) {
    if (foreach === null || !("path" in foreach) || foreach.path === "-" || foreach.path.includes("${{")) {
      continue;
    }
    files.push({ what: `the input of "${name}"`, path: resolvePath(directory, foreach.path) });
  }
  return files;
}
