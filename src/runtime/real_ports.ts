import { realClock } from "./clock.ts";
import { realDatabases } from "./databases.ts";
import { realDisk } from "./disk.ts";
import { realHost } from "./host.ts";
import { realHttp } from "./http.ts";
import type { Ports } from "./ports.ts";
import { realProcesses } from "./processes.ts";
import { realRandom } from "./random.ts";
import { realReadFiles } from "./read_files.ts";
import { realSaveFiles } from "./save_files.ts";
import { realSourceFiles } from "./source_files.ts";

/** The machine as it is. */
export function realPorts(): Ports {
  return {
    clock: realClock,
    random: realRandom,
    host: realHost,
    databases: realDatabases,
    sources: realSourceFiles,
    files: realReadFiles,
    saves: realSaveFiles,
    http: realHttp,
    disk: realDisk,
    processes: realProcesses,
  };
}
