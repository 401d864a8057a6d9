import { configDirectory, type StateDirectory, stateDirectory } from "../journal/state_directory.ts";
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

/** The directory of all journals: `--state-dir`, or where they are by default. */
export function stateRoot(args: ParsedArguments, { host, disk }: Ports): StateDirectory {
  const given = args.value("state-dir");
  const absolute = given === undefined ? null : resolvePath(host.cwd(), given);
  return stateDirectory(absolute, host.environment, disk);
}
