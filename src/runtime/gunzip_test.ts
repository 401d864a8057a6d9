import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { gunzip } from "./gunzip.ts";
import type { ByteReader } from "./ports.ts";

const text = new TextDecoder();

test("gunzip() joins members that follow each other, however the bytes are cut", async () => {
  const bytes = Buffer.concat([gzipSync("one\n"), gzipSync("two\n")]);
  for (const size of [1, 7, bytes.length]) {
    assert.deepEqual(await readAll(gunzip(readerOf(bytes, size))), { text: "one\ntwo\n", error: null });
  }
});

test("gunzip() gives everything before the place where the data is cut off", async () => {
  const whole = Buffer.concat([gzipSync("a".repeat(500_000)), gzipSync("tail")]);
  const { text, error } = await readAll(gunzip(readerOf(whole.subarray(0, -6), 65_536)));
  assert.equal(text.length, 500_004);
  assert.match(error!, /ends too early/);
});

test("gunzip() refuses what is no gzip data, an empty file too", async () => {
  assert.match((await readAll(gunzip(readerOf(Buffer.from("id,name\n"), 100)))).error!, /damaged or is none/);
  assert.match((await readAll(gunzip(readerOf(Buffer.alloc(0), 100)))).error!, /ends too early/);
});

test("gunzip() unpacks no more than is asked for", async () => {
  let bytesRead = 0;
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const reader = gunzip(readerOf(bomb, 1_000, (count) => bytesRead += count));
  const first = await reader.read();
  assert.ok(first!.length > 0);
  assert.ok(bytesRead < bomb.length / 10, `read ${bytesRead} of ${bomb.length} bytes`);
  reader.close();
});

test("gunzip() passes on why the compressed file cannot be read", async () => {
  const failing: ByteReader = { read: () => Promise.reject(new Error("permission denied")), close() {} };
  assert.equal((await readAll(gunzip(failing))).error, "permission denied");
});

test("gunzip() settles a pending read when it is closed", async () => {
  let release = () => {};
  const stuck: ByteReader = {
    read: () => new Promise((resolve) => release = () => resolve(null)),
    close: () => release(),
  };
  const reader = gunzip(stuck);
  const pending = reader.read();
  reader.close();
  reader.close();
  assert.equal(await pending, null);
  assert.equal(await reader.read(), null);
});

function readerOf(bytes: Uint8Array, size: number, onRead: (count: number) => void = () => {}): ByteReader {
  let at = 0;
  return {
    read() {
      const chunk = bytes.subarray(at, at += size);
      onRead(chunk.length);
      return Promise.resolve(chunk.length > 0 ? chunk : null);
    },
    close() {},
  };
}

async function readAll(reader: ByteReader): Promise<{ text: string; error: string | null }> {
  let result = "";
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      result += text.decode(chunk, { stream: true });
    }
    return { text: result, error: null };
  } catch (error) {
    return { text: result, error: (error as Error).message };
  }
}
