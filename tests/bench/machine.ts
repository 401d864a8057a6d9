import { cpus, totalmem } from "node:os";

/** The place of a program in the PATH; null when it is not installed. */
export function findTool(name: string): string | null {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = name.includes("/") ? name : `${directory}/${name}`;
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** What was measured on, and with which programs: lines of a list. */
export async function describeMachine(): Promise<string[]> {
  const all = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  const load = Deno.loadavg()[0]!.toFixed(2);
  const lines = [
    `${all.length} × ${
      all[0]?.model ?? "CPU"
    }, ${memory}, Linux ${Deno.osRelease()}, load ${load} before the start`,
  ];
  const versions: string[] = [];
  for (const [name, args] of versionCommands) {
    const said = await firstLine(name, args);
    versions.push(said ?? `${name}: not installed`);
  }
  return [...lines, versions.join("; ")];
}

const root = new URL("../../", import.meta.url).pathname;

const versionCommands: readonly (readonly [string, readonly string[]])[] = [
  [`${root}dist/fanout`, ["--version"]],
  [`${root}node_modules/bun/bin/bun.exe`, ["--print", "`Bun ${Bun.version} (compiled into it)`"]],
  ["deno", ["eval", "console.log(`Deno ${Deno.version.deno}`)"]],
  ["nginx", ["-v"]],
  ["curl", ["--version"]],
  ["wrk", ["--version"]],
  ["xargs", ["--version"]],
  ["parallel", ["--version"]],
  ["python3", ["--version"]],
];

async function firstLine(name: string, args: readonly string[]): Promise<string | null> {
  const program = findTool(name);
  if (program === null) return null;
  const { stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  const decoder = new TextDecoder();
  const [line = ""] = (decoder.decode(stdout) || decoder.decode(stderr)).trim().split("\n");
  return line.replace(/ \(.*?\) (?:libcurl|Copyright).*| Copyright.*|^nginx version: /g, "").trim();
}
