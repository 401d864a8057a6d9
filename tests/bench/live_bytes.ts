import { fileURLToPath } from "node:url";
import type { Workshop } from "./workshop.ts";

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * What a run holds in memory once everything that can be given back is given back: the last look of `watch_heap.ts`, which
 * the same program, run by Bun from its sources, loads first. Null when Bun is not installed or the run was too short.
 */
export async function liveBytes(config: string, { directory, run }: Workshop): Promise<number | null> {
  const figures = `${directory}/live.txt`;
  await Deno.writeTextFile(figures, "");
  const [, ...args] = run(config);
  const preload = ["--preload", source("tests/bench/watch_heap.ts")];
  try {
    await new Deno.Command(source("node_modules/bun/bin/bun.exe"), {
      args: [...preload, source("src/main.ts"), ...args],
      cwd: directory,
      env: { WATCH_HEAP: figures },
    }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const said = (await Deno.readTextFile(figures)).trim();
  return said === "" ? null : Number(said);
}
