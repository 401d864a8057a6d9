/**
 * `deno task demo`: builds the program, starts the examples' server, runs the quickstart against it and says where to go on.
 * It is the first thing a stranger sees, so every step says what it does, and whatever goes wrong says why and exits 1.
 */
import { spawn, type SpawnOptions } from "node:child_process";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startServer } from "./server/server.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const program = join(root, "dist", process.platform === "win32" ? "fanout.exe" : "fanout");
const config = "examples/quickstart.yaml";

const isPlain = !process.stderr.isTTY || Boolean(process.env.NO_COLOR);
const paint = (code: number, text: string) => isPlain ? text : `\x1b[${code}m${text}\x1b[0m`;
const bold = (text: string) => paint(1, text);
const dim = (text: string) => paint(2, text);
const say = (text = "") => process.stderr.write(`${text}\n`);

process.exitCode = await demo();

async function demo(): Promise<number> {
  say(
    `\n${bold("fanout")} ${
      dim("— a slow call over many inputs, a few at a time, and what happened to each")
    }\n`,
  );
  say(`${bold("1")}  build ${relative(root, program)} ${dim("(deno task build)")}`);
  const built = await run("deno", ["task", "build"], { stdio: ["ignore", "pipe", "pipe"] });
  if (built.code !== 0) return fail(`the build failed:\n${built.output}`);

  const server = await startServer();
  say(
    `${bold("2")}  start a small server on ${server.url} ${dim("(some of its answers fail, as answers do)")}`,
  );
  const args = ["run", config, "--set", `baseUrl=${server.url}`];
  say(`${bold("3")}  dist/fanout ${args.join(" ")}\n`);
  const { code } = await run(program, args, { stdio: "inherit" });
  await server.close();
  if (code !== 0) return fail(`the run ended with exit code ${code}; its summary above says why`);

  say(`\n${bold("What next?")}`);
  const next = [
    [`less ${config}`, "what it ran: 8 tasks of four kinds"],
    [`dist/fanout plan ${config}`, "what it would do, each limit and where it came from"],
    ["less examples/out/quickstart.json", "the report: every input, every attempt"],
    ["open examples/out/quickstart.html", "the same as a page"],
    ["dist/fanout init", "a config of your own, ready to run"],
  ] as const;
  const width = Math.max(...next.map(([command]) => command.length));
  for (const [command, what] of next) say(`   ${command.padEnd(width)}  ${dim(what)}`);
  say();
  return 0;
}

function fail(message: string): number {
  say(`\n${paint(31, "The demo failed:")} ${message}`);
  return 1;
}

/** Runs a program in the repository's root. `output` is what it wrote, unless that went to the terminal. */
function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    let output = "";
    // The very Deno that runs this: with `npx deno` there may be none on PATH.
    const child = spawn(command === "deno" ? process.execPath : command, args, { cwd: root, ...options });
    const take = (chunk: Uint8Array) => output += new TextDecoder().decode(chunk);
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}
