import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { checkReport } from "./check_report.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** The compiled program; `deno task build` makes it. */
export const binary = join(root, "dist/fanout");
if (!existsSync(binary)) throw new Error("dist/fanout is missing: run deno task build first");

/** What a run left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: { readonly [name: string]: string };
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
}

/** A fresh directory, with a state directory of its own, in which the program is run from outside. */
export class Sandbox {
  readonly directory = mkdtempSync(join(tmpdir(), "fanout-test-"));

  /** Writes a file below the directory and gives its path. */
  write(name: string, content: string | Uint8Array, mode?: number): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (mode !== undefined) chmodSync(path, mode);
    return path;
  }

  /** Runs a shell command in the directory, for what no API makes. */
  async shell(command: string): Promise<string> {
    const child = spawn("sh", ["-c", command], { cwd: this.directory, stdio: ["ignore", "pipe", "pipe"] });
    const { code, stdout, stderr } = await ended(child);
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
    return stdout;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  exists(name: string): boolean {
    return existsSync(this.path(name));
  }

  unlink(name: string): void {
    rmSync(this.path(name));
  }

  /** Everything in the directory, state too. */
  clear(): void {
    for (const name of readdirSync(this.directory)) rmSync(this.path(name), { recursive: true });
  }

  // deno-lint-ignore no-explicit-any -- a report is read as the JSON it is
  json(name: string): any {
    return JSON.parse(this.read(name));
  }

  /** Starts the program; the caller waits for it with {@link ended}. */
  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    return this.startProgram([binary, ...args], options);
  }

  /** Starts it by another program, which gets the binary and its arguments behind its own. */
  startThrough(by: readonly string[], args: readonly string[], options: RunOptions = {}): ChildProcess {
    return this.startProgram([...by, binary, ...args], options);
  }

  /** Starts any program in the sandbox's directory and environment. */
  startProgram([program, ...args]: readonly string[], options: RunOptions = {}): ChildProcess {
    const child = spawn(program!, args, {
      cwd: options.cwd ?? this.directory,
      env: {
        PATH: process.env.PATH ?? "/usr/bin:/bin",
        HOME: this.directory,
        XDG_STATE_HOME: this.path("state"),
        ...options.env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin!.on("error", () => {});
    child.stdin!.end(options.stdin ?? "");
    return child;
  }

  /** Runs the program to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return ended(this.start(args, options));
  }

  /** Writes `config` as `fanout.yaml`, runs it, and reads the report, which has to be as promised. */
  async runConfig(config: string, args: readonly string[] = [], options: RunOptions = {}) {
    return await this.finish(this.startConfig(config, args, options));
  }

  /** Writes `config` as `fanout.yaml` and starts it; {@link finish} waits for it. */
  startConfig(config: string, args: readonly string[] = [], options: RunOptions = {}): ChildProcess {
    this.write("fanout.yaml", config);
    return this.start(["run", "fanout.yaml", "--report", "report.json", ...args], options);
  }

  /** Waits for what {@link startConfig} started. `report` is undefined when none was written. */
  async finish(child: ChildProcess) {
    const end = await ended(child);
    const report = this.exists("report.json") ? this.json("report.json") : undefined;
    if (report !== undefined) checkReport(report);
    return { ...end, report };
  }

  /** Processes that inherited this sandbox's environment, whatever their parent, group or session. Linux only. */
  survivors(): { readonly pid: number; readonly command: string }[] {
    const mine = `HOME=${this.directory}`;
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
        if (!environment.includes(mine)) return [];
        return [{
          pid: Number(name),
          command: readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").join(" "),
        }];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Collects a child's output until it is gone. */
export function ended(child: ChildProcess): Promise<Ended> {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  child.stdout!.on("data", (chunk) => stdout.push(chunk));
  child.stderr!.on("data", (chunk) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(
      "close",
      (code, signal) => resolve({ code, signal, stdout: text(stdout), stderr: text(stderr) }),
    );
  });
}

/** Sends a signal. (`child.kill` of Deno takes the signal for the child's end, however it then ends.) */
export function send(child: ChildProcess, signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL"): void {
  process.kill(child.pid!, signal);
}

/** Runs a test body in a sandbox that is removed afterwards. */
export function inSandbox(body: (sandbox: Sandbox) => Promise<void>): () => Promise<void> {
  return async () => {
    const sandbox = new Sandbox();
    try {
      await body(sandbox);
    } finally {
      sandbox.remove();
    }
  };
}

/** Runs `body` for every element, four at a time. */
export async function inBatches<T>(
  list: readonly T[],
  body: (element: T) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < list.length; at += 4) await Promise.all(list.slice(at, at + 4).map(body));
}

function text(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}
