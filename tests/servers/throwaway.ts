import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A server that a test started for itself, in a directory of its own. */
export interface Throwaway {
  readonly port: number;
  readonly directory: string;
  /** Its main process. */
  readonly pid: number;
  /** Stops all of its processes where they are; they still hold their connections. */
  pause(): void;
  resume(): void;
  /** Kills the main process; the server's own clients notice. */
  kill(): Promise<void>;
  /** Starts it again on what is in its directory. */
  restart(): Promise<void>;
  /** Kills what is left and removes the directory. */
  remove(): Promise<void>;
}

/** How a server is started, again and again. */
export interface ServerProgram {
  readonly command: readonly string[];
  /** True once it takes connections. */
  isReady(): boolean | Promise<boolean>;
}

/** Where servers are looked for beside `PATH`. */
const places = ["/usr/lib/postgresql/15/bin", "/usr/sbin", "/usr/local/sbin"];

/** The full path of a program; undefined when it is not on this machine. */
export function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? "").split(delimiter), ...places]
    .map((place) => join(place, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Options of a test that needs these programs: it is reported by name as left out where one is missing. On a CI machine
 * it runs nevertheless, and fails.
 */
export function needs(...programs: readonly string[]): { readonly skip?: string } {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  return missing.length === 0 || process.env.CI === "true"
    ? {}
    : { skip: `${missing.join(", ")} is not installed` };
}

/** A user that a server takes, where it refuses to run as root: name, and the beginning of a command that becomes it. */
export function unprivileged(
  name: string,
): { readonly uid: number; readonly gid: number; readonly as: readonly string[] } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout)
  );
  if (!uid || !gid) throw new Error(`there is no user ${name} to run the server as`);
  return { uid, gid, as: ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"] };
}

/** A directory for a server, which its user may write to. */
export function serverDirectory(
  name: string,
  owner?: { readonly uid: number; readonly gid: number },
): string {
  const directory = mkdtempSync(join(tmpdir(), `fanout-${name}-`));
  if (owner !== undefined) chownSync(directory, owner.uid, owner.gid);
  return directory;
}

/** A port of the loopback interface that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server and waits until it is ready, 20 s at most. */
export async function startServer(
  port: number,
  directory: string,
  program: ServerProgram,
): Promise<Throwaway> {
  let child = await launch(program);
  const signal = (name: NodeJS.Signals) => {
    for (const pid of [child.pid!, ...childrenOf(child.pid!)]) {
      try {
        process.kill(pid, name);
      } catch {
        // It ended by itself just now.
      }
    }
  };
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    port,
    directory,
    get pid() {
      return child.pid!;
    },
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    kill,
    async restart() {
      await kill();
      child = await launch(program);
    },
    async remove() {
      await kill();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  async function kill(): Promise<void> {
    if (!isRunning()) return;
    const exited = once(child, "exit");
    signal("SIGKILL");
    await exited;
  }
}

async function launch({ command, isReady }: ServerProgram): Promise<ChildProcess> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => log = (log + chunk).slice(-4_000));
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    if (child.exitCode !== null) break;
    if (await isReady()) return child;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  child.kill("SIGKILL");
  throw new Error(`${program} did not start:\n${log}`);
}

/** Processes that a server keeps for its connections; they may have sessions of their own. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((name) => {
    try {
      // The name before the state may hold anything, brackets too.
      const [, parent] = readFileSync(`/proc/${name}/stat`, "utf8").split(")").at(-1)!.trim().split(" ");
      return Number(parent) === pid;
    } catch {
      return false;
    }
  }).map(Number);
}
