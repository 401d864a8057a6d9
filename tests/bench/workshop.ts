import { fileURLToPath } from "node:url";
import { startPostgres } from "../servers/postgres.ts";
import { findTool } from "./machine.ts";

/** What the measurements work with: servers, files, configs. */
export interface Workshop {
  readonly directory: string;
  /** The compiled program. */
  readonly fanout: string;
  /** The interpreter itself: what stands in the PATH may be a script that looks for one. */
  readonly python: string;
  /** How much of the work is done: 1 for all. */
  readonly share: number;
  /** A local nginx that serves 1 KiB at `/f`; null when nginx is not installed. */
  readonly nginx: string | null;
  /** The URL of a local PostgreSQL; null when it is not installed. */
  readonly postgres: string | null;
  /** A server that answers every request after 100 ms. */
  readonly slow: string;
  /** Writes a config, gives its path. */
  config(name: string, yaml: string): string;
  /** The command that runs a config to a report. */
  run(config: string): string[];
  /** The path of a program beside this file. */
  script(name: string): string;
  close(): Promise<void>;
}

/** How many files of 4 KiB lie in `files/`. */
export const fileCount = 20_000;

/** Makes a temporary directory with everything in it and starts the servers. */
export async function openWorkshop(share: number): Promise<Workshop> {
  const directory = await Deno.makeTempDir({ prefix: "fanout_bench_" });
  const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const fanout = script("../../dist/fanout");
  const files = Math.round(fileCount * share);
  await makeFiles(`${directory}/files`, files);
  const nginx = await startNginx(directory);
  const postgres = findTool("postgres") === null ? null : await startPostgres();
  const slow = await startSlowServer(script);
  return {
    directory,
    fanout,
    python: await findPython(),
    share,
    nginx: nginx?.url ?? null,
    postgres: postgres?.url("sslmode=disable") ?? null,
    slow: slow.url,
    config(name, yaml) {
      const path = `${directory}/${name}.yaml`;
      Deno.writeTextFileSync(path, `version: 1\n${yaml}\n`);
      return path;
    },
    run: (config) => [
      fanout,
      "run",
      config,
      "--quiet",
      ...["--report", `${directory}/report.json`],
      ...["--state-dir", `${directory}/state`],
    ],
    script,
    async close() {
      for (const child of [nginx?.child, slow.child]) {
        child?.kill("SIGKILL");
        await child?.status;
      }
      await postgres?.remove();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function findPython(): Promise<string> {
  if (findTool("python3") === null) return "python3";
  const args = ["-c", "import sys; print(sys.executable)"];
  return new TextDecoder().decode((await new Deno.Command("python3", { args }).output()).stdout).trim();
}

async function makeFiles(directory: string, count: number): Promise<void> {
  await Deno.mkdir(directory);
  const content = new Uint8Array(4096);
  for (let i = 0; i < count; i++) {
    crypto.getRandomValues(content);
    Deno.writeFileSync(`${directory}/${String(i).padStart(6, "0")}`, content);
  }
}

interface Server {
  readonly url: string;
  readonly child: Deno.ChildProcess;
}

async function startNginx(directory: string): Promise<Server | null> {
  const port = freePort();
  const own = `${directory}/nginx`;
  await Deno.mkdir(`${own}/www`, { recursive: true });
  await Deno.writeTextFile(`${own}/www/f`, "x".repeat(1024));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${own}/${name};`).join(" ");
  await Deno.writeTextFile(
    `${own}/nginx.conf`,
    `daemon off; master_process off; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; ${temporary} server { listen 127.0.0.1:${port}; root ${own}/www; } }
`,
  );
  try {
    const child = new Deno.Command("nginx", {
      args: ["-p", own, "-e", `${own}/error.log`, "-c", `${own}/nginx.conf`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const url = `http://127.0.0.1:${port}`;
    await whenUp(url);
    return { url, child };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function startSlowServer(script: Workshop["script"]): Promise<Server> {
  const port = freePort();
  const child = new Deno.Command(script("../../node_modules/bun/bin/bun.exe"), {
    args: [script("slow_server.ts"), String(port)],
    stdout: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  await whenUp(url);
  return { url, child };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function whenUp(url: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await (await fetch(`${url}/f`)).body?.cancel();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
