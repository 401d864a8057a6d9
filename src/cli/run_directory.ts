import { isRunId } from "../journal/run_id.ts";
import { listRuns } from "../journal/runs.ts";
import {
  configDirectory,
  directoriesOfConfig,
  type StateDirectory,
  stateDirectory,
} from "../journal/state_directory.ts";
import type { Plan } from "../model/plan.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { ParsedArguments } from "./command.ts";

/** Where the runs of a plan's config keep their journals and their lock, or why they cannot (exit 3). */
export function runDirectory(args: ParsedArguments, plan: Plan, ports: Ports): StateDirectory {
  const state = stateRoot(args, ports);
  if (!state.ok) return state;
  const path = configDirectory(state.path, plan.name, resolvePath(ports.host.cwd(), plan.config.path));
  return { ok: true, path };
}

/** The newest of a config's runs, under whatever names it had; null without any, and where state cannot be read. */
export function lastRunId(config: string, args: ParsedArguments, ports: Ports): string | null {
  const { host, disk } = ports;
  try {
    const state = stateRoot(args, ports);
    if (!state.ok) return null;
    const places = directoriesOfConfig(state.path, resolvePath(host.cwd(), config), disk);
    return places.flatMap((place) => listRuns(place, disk)).filter(isRunId).sort().at(-1) ?? null;
  } catch {
    // It is said when the journal is to be written there.
    return null;
  }
}

/** The directory of all journals: `--state-dir`, or where they are by default. */
export function stateRoot(args: ParsedArguments, { host, disk }: Ports): StateDirectory {
  const given = args.value("state-dir");
  const absolute = given === undefined ? null : resolvePath(host.cwd(), given);
  return stateDirectory(absolute, host.environment, disk);
}
