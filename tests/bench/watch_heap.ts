/**
 * Loaded before the program under Bun: writes what is alive after a full collection, again and again, to the file that
 * WATCH_HEAP names. The last figure is from near the end of the run.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";

const { Bun } = globalThis as unknown as { readonly Bun: { gc(full: boolean): void } };

setInterval(() => {
  Bun.gc(true);
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  writeFileSync(process.env["WATCH_HEAP"]!, String(heapUsed + arrayBuffers));
}, 100).unref();
