import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { realSourceFiles as sources } from "./source_files.ts";

const directory = mkdtempSync(join(tmpdir(), "fanout-sources-"));
after(() => rmSync(directory, { recursive: true }));
const at = (path: string) => join(directory, path);

mkdirSync(at("in/deep/er"), { recursive: true });
mkdirSync(at("in/folder.csv"));
mkdirSync(at("out"));
for (const path of ["in/a.csv", "in/b.csv", "in/.hidden.csv", "in/deep/er/c.csv", "out/o.csv"]) {
  writeFileSync(at(path), "x".repeat(100_000));
}
execFileSync("mkfifo", [at("in/fifo.csv")]);
symlinkSync("a.csv", at("in/link.csv"));
symlinkSync("nowhere", at("in/dangling.csv"));
symlinkSync("fifo.csv", at("in/link_to_fifo.csv"));
symlinkSync("../out", at("in/outside"));
symlinkSync("..", at("in/deep/loop"));

const globs: readonly (readonly [string, readonly string[]])[] = [
  ["in/*.csv", ["in/a.csv", "in/b.csv", "in/link.csv"]],
  ["in/**/*.csv", ["in/a.csv", "in/b.csv", "in/deep/er/c.csv", "in/link.csv"]],
  ["in/.*.csv", ["in/.hidden.csv"]],
  ["in/{a,b}.csv", ["in/a.csv", "in/b.csv"]],
  ["in/outside/*", ["in/outside/o.csv"]],
  ["nowhere/*", []],
  ["in", []],
  [at("out/*"), [at("out/o.csv")]],
  ["out/../in/[ab].csv", ["in/a.csv", "in/b.csv"]],
];
for (const [pattern, expected] of globs) {
  const name = pattern.replace(directory, "");
  test(`glob("${name}") lists regular files and goes round no loop`, async () => {
    assert.deepEqual((await sources.glob(pattern, directory)).sort(), expected);
  });
}

const probes: readonly (readonly [string, RegExp])[] = [
  ["nothing", /no such file/],
  ["in", /a directory, not a regular file/],
  ["in/fifo.csv", /a FIFO/],
  ["in/a.csv/x", /part of its path/],
  ["/dev/zero", /a device/],
];
for (const [path, expected] of probes) {
  test(`probe("${path}") says why it cannot be a source`, async () => {
    const facts = await sources.probe(path.startsWith("/") ? path : at(path));
    assert.ok(!facts.readable);
    assert.match(facts.why, expected);
  });
}

test("probe() gives size and age of a regular file", async () => {
  const facts = await sources.probe(at("in/link.csv"));
  assert.ok(facts.readable);
  assert.equal(facts.bytes, 100_000);
  assert.ok(facts.modifiedMs > 1.7e12);
});

test("open() reads a file to its end, and nothing once it is closed", async () => {
  const reader = sources.open(at("in/a.csv"));
  let bytes = 0;
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) bytes += chunk.length;
  assert.equal(bytes, 100_000);
  reader.close();
  const other = sources.open(at("in/a.csv"));
  const pending = other.read();
  other.close();
  other.close();
  assert.equal(await pending, null);
  assert.equal(await other.read(), null);
  await assert.rejects(sources.open(at("nothing")).read(), /^Error: there is no such file$/);
});

test("stdin() gives what comes, and closing it lets the program end while the pipe is open", async () => {
  const child = spawn(process.execPath, runtimeArguments(), { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stdin.on("error", () => {});
  child.stdin.write("hello");
  assert.equal(await ended, 0);
  assert.equal(output, "hello|null");
});

/** A program that reads one chunk of stdin, closes it and has nothing else to do. */
function runtimeArguments(): string[] {
  const script = at("read_one.ts");
  const module = new URL("./stdin.ts", import.meta.url).href;
  writeFileSync(
    script,
    `import { readStdin } from ${JSON.stringify(module)};
    const reader = readStdin();
    const chunk = await reader.read();
    reader.close();
    process.stdout.write(new TextDecoder().decode(chunk) + "|" + await reader.read());`,
  );
  return typeof Deno === "undefined" ? [script] : ["run", "-A", "--no-check", script];
}
