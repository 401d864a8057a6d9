import { readHeader } from "../journal/peek_journal.ts";
import { runFiles } from "../journal/run_files.ts";
import { isRunId } from "../journal/run_id.ts";
import { listRuns } from "../journal/runs.ts";
import { directoriesOfConfig } from "../journal/state_directory.ts";
import type { Ports } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { type ParsedArguments, UsageError } from "./command.ts";
import { stateRoot } from "./run_directory.ts";

/** A report or a journal. */
export interface FoundSource {
  readonly path: string;
  /** Which run it is, where that was not said; null otherwise. */
  readonly note: string | null;
}

/**
 * The report or journal that a SOURCE stands for: itself, a run by its id, the latest run of a config; without any, the
 * latest run of all.
 *
 * @throws UsageError when there is no such run. Whether a path can be read is for the caller to find out.
 */
export function findSource(source: string | undefined, args: ParsedArguments, ports: Ports): FoundSource {
  const { host, disk } = ports;
  const path = source === undefined ? null : resolvePath(host.cwd(), source);
  const isThere = path !== null && disk.facts(path, "follow") !== null;
  const isConfig = isThere && /\.ya?ml$/i.test(path);
  const namesRun = !isThere && source !== undefined && isRunId(source);
  if (path !== null && !isConfig && !namesRun) return { path, note: null };

  const state = stateRoot(args, ports);
  if (!state.ok) throw new UsageError(state.message);
  const places = isConfig ? directoriesOfConfig(state.path, path, disk) : allDirectories(state.path, ports);
  const runs = places.flatMap((place) => listRuns(place, disk).map((runId) => ({ place, runId })));
  const found = namesRun
    ? runs.find(({ runId }) => runId === source)
    : runs.sort((a, b) => a.runId < b.runId ? 1 : -1)[0];
  if (found === undefined) {
    const what = namesRun ? `run ${source}` : isConfig ? `run of ${path}` : "run";
    throw new UsageError(
      `no ${what} is recorded in ${state.path}; name a report or a journal, or --state-dir if the run had one`,
    );
  }
  const { journal } = runFiles(found.place, found.runId);
  const config = readHeader(journal, disk)?.config.path ?? "an unknown config";
  return { path: journal, note: namesRun ? null : `the latest run of ${config}: ${journal}` };
}

function allDirectories(state: string, { disk }: Ports): readonly string[] {
  if (disk.facts(state, "follow") === null) return [];
  return disk.list(state).map((name) => `${state}/${name}`).filter((place) =>
    disk.facts(place, "follow")?.kind === "directory"
  );
}
