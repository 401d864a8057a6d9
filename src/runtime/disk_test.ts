import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "./crc.ts";
import { realDisk } from "./disk.ts";
import { sha256Hex, shortHash, startSha256 } from "./hash.ts";

const directory = mkdtempSync(join(tmpdir(), "fanout-disk-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

test("sha256Hex() and startSha256() agree with the published digest of abc", () => {
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(sha256Hex("abc"), digest);
  const hasher = startSha256();
  hasher.update("a");
  hasher.update(new TextEncoder().encode("bc"));
  assert.equal(hasher.hex(), digest);
  assert.equal(shortHash("abc"), digest.slice(0, 32));
});

test("crc32() gives the check value of the algorithm", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

test("create() makes a private file and refuses a taken path, a symlink too", () => {
  const path = join(directory, "new");
  const fd = realDisk.create(path, 0o600);
  realDisk.close(fd);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => realDisk.create(path, 0o600), { code: "EEXIST" });
  symlinkSync(join(directory, "elsewhere"), join(directory, "link"));
  assert.throws(() => realDisk.create(join(directory, "link"), 0o600), { code: "EEXIST" });
  assert.equal(existsSync(join(directory, "elsewhere")), false);
});

test("facts() tells a file, a directory, a symlink and nothing apart", () => {
  symlinkSync(directory, join(directory, "to-directory"));
  assert.equal(realDisk.facts(directory, "follow")?.kind, "directory");
  assert.equal(realDisk.facts(join(directory, "to-directory"), "show")?.kind, "symlink");
  assert.equal(realDisk.facts(join(directory, "to-directory"), "follow")?.kind, "directory");
  assert.equal(realDisk.facts("/dev/null", "follow")?.kind, "device");
  assert.equal(realDisk.facts(join(directory, "nothing"), "follow"), null);
});

test("openThrough() and writeThrough() reach the reader of a FIFO", async () => {
  const path = join(directory, "fifo");
  execFileSync("mkfifo", [path]);
  const reader = spawn("wc", ["-c", path], { stdio: ["ignore", "pipe", "inherit"] });
  let counted = "";
  reader.stdout.on("data", (chunk) => counted += chunk);
  const ended = new Promise<void>((resolve) => reader.on("close", () => resolve()));
  const fd = await realDisk.openThrough(path);
  await realDisk.writeThrough(fd, new Uint8Array(300_000));
  realDisk.close(fd);
  await ended;
  assert.match(counted, /^300000 /);
});

test("tryLock() gives null while another holds it, and leaves no file behind", async () => {
  const path = join(directory, "run.lock");
  const lock = await realDisk.tryLock(path);
  assert.notEqual(lock, null);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(await realDisk.tryLock(path), null);
  assert.equal(await realDisk.tryLock(path), null);
  lock!.release();
  lock!.release();
  assert.equal(existsSync(path), false);
  const again = await realDisk.tryLock(path);
  assert.notEqual(again, null);
  again!.release();
});
