import { configDirectory, type StateDirectory, stateDirectory } from "../journal/state_directory.ts";
import type { Plan } from "../model/plan.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { ParsedArguments } from "./command.ts";

/** Where the runs of a plan's config keep their journals and their lock, or why they cannot (exit 3). */
export function runDirectory(args: ParsedArguments, plan: Plan, { host, disk }: Ports): StateDirectory {
  const given = args.value("state-dir");
  const absolute = given === undefined ? null : resolvePath(host.cwd(), given);
  const state = stateDirectory(absolute, host.environment, disk);
  if (!state.ok) return state;
  const path = configDirectory(state.path, plan.name, resolvePath(host.cwd(), plan.config.path));
  return { ok: true, path };
}
