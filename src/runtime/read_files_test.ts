import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { realReadFiles } from "./read_files.ts";

const directory = mkdtempSync(join(tmpdir(), "fanout-read-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "file");

const sizes = [0, 1, 4096, 65_535, 65_536, 65_537, 131_072, 300_000];

for (const size of sizes) {
  test(`read() gives all of a file of ${size} bytes, then nothing`, async () => {
    writeFileSync(path, "x".repeat(size));
    assert.equal(await readAll(() => {}), size);
  });

  test(`read() gives what a file of ${size} bytes grew by before it was read`, async () => {
    writeFileSync(path, "x".repeat(size));
    assert.equal(await readAll(() => appendFileSync(path, "more")), size + 4);
  });

  test(`read() ends where a file of ${size} bytes was cut off before it was read`, async () => {
    writeFileSync(path, "x".repeat(size));
    const left = Math.floor(size / 2);
    assert.equal(await readAll(() => truncateSync(path, left)), left);
  });
}

for (const madeUp of ["/proc/self/status"].filter(existsSync)) {
  test(`read() reads ${madeUp}, whose size the system does not tell`, async () => {
    assert.ok(await readAll(() => {}, madeUp) > 100);
  });
}

/** Opens a file, does something to it, and counts its bytes. */
async function readAll(between: () => void, file = path): Promise<number> {
  const reader = await realReadFiles.open(file);
  try {
    between();
    let bytes = 0;
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      bytes += chunk.length;
    }
    assert.equal(await reader.read(), undefined);
    return bytes;
  } finally {
    reader.close();
  }
}
