import type { Disk } from "../runtime/disk.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import { nameBeside, parentOf, type ReportPorts, resolvePlace } from "./destination.ts";

/** A file that the run is going to write, or reads. `what` names it in messages: `report.json`, `the config`. */
export interface NamedFile {
  readonly what: string;
  /** Absolute. */
  readonly path: string;
}

/** A destination that cannot be used. */
export interface DestinationProblem {
  /** `taken`: it is the config, an input or another output (exit 2). `unwritable`: exit 3. */
  readonly code: "taken" | "unwritable";
  readonly message: string;
}

/**
 * Tries the places of all reports before anything runs: each can be written, and is neither something that is read nor
 * the place of another report. Makes missing directories (mode 0700); leaves nothing else behind.
 */
export function probeDestinations(
  outputs: readonly NamedFile[],
  inputs: readonly NamedFile[],
  ports: Pick<ReportPorts, "disk" | "random">,
): DestinationProblem[] {
  const { disk } = ports;
  const problems: DestinationProblem[] = [];
  const seen = new Map(inputs.map((input) => [identityOf(input.path, disk), input.what]));
  for (const output of outputs) {
    const trouble = whyUnwritable(output.path, ports);
    if (trouble !== null) {
      const message = `cannot write ${output.what} to ${output.path}: ${trouble}`;
      problems.push({ code: "unwritable", message });
      continue;
    }
    const identity = identityOf(output.path, disk);
    const other = seen.get(identity);
    if (other !== undefined) {
      const message = `${output.what} would overwrite ${other}, ${output.path}: give it another path`;
      problems.push({ code: "taken", message });
    }
    // What goes to a terminal is looked at, what goes to /dev/null is not.
    if (!identity.startsWith("device")) seen.set(identity, output.what);
  }
  return problems;
}

function whyUnwritable(path: string, { disk, random }: Pick<ReportPorts, "disk" | "random">): string | null {
  try {
    const place = resolvePlace(path, disk);
    // Opening a FIFO would wait for its reader.
    if (place.kind !== "file") return null;
    const directory = parentOf(place.path);
    disk.makeDirectory(directory);
    const trial = nameBeside(place.path, random);
    disk.close(disk.create(trial, 0o600));
    disk.remove(trial);
    return null;
  } catch (error) {
    return describeSystemError(error);
  }
}

/** Equal for two paths of one file, also when only one of them exists by that name. */
function identityOf(path: string, disk: Disk): string {
  try {
    const place = resolvePlace(path, disk);
    const facts = disk.facts(path, "follow");
    if (facts?.kind === "device") return `device ${facts.identity}`;
    if (facts !== null) return facts.identity;
    if (place.kind !== "file") return `through ${path}`;
    const directory = parentOf(place.path);
    return `${disk.realPath(directory)}/${place.path.slice(directory.length).replace(/^\//, "")}`;
  } catch {
    return path;
  }
}
