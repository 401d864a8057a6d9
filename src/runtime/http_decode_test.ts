import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { joined } from "../../tests/servers/raw_http_server.ts";
import { knowsCoding, makeDecoder } from "./http_decode.ts";

const small = new TextEncoder().encode("compressed text ".repeat(100));
/** Larger than what is kept, when compressed. */
const large = new TextEncoder().encode(randomBytes(150_000).toString("base64"));

interface Decoded {
  readonly ending: string;
  readonly bytes: Uint8Array;
}

/** Feeds a body in pieces, waiting when told to, and stops when `maxBytes` have come. */
function decode(
  names: readonly string[],
  body: Uint8Array,
  maxBytes = 1_000_000,
  piece = 10_000,
): Promise<Decoded> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let total = 0;
    let at = 0;
    const settle = (ending: string) => resolve({ ending, bytes: joined(chunks) });
    const decoder = makeDecoder(names, maxBytes, {
      decoded(chunk) {
        chunks.push(chunk.slice());
        total += chunk.length;
        if (total > maxBytes) {
          decoder.close();
          settle("too much");
        }
      },
      decodingEnded: () => settle("ended"),
      decodingFailed: (message) => settle(`failed: ${message}`),
      decodedTooMuch: () => settle("too much"),
      decoderDrained: feed,
    });
    function feed(): void {
      while (at < body.length) {
        const chunk = body.subarray(at, at + piece);
        at += chunk.length;
        if (!decoder.write(chunk)) return;
      }
      decoder.end();
    }
    feed();
  });
}

for (const [size, content] of [["small", small], ["large", large]] as const) {
  const bodies: readonly (readonly [string, readonly string[], Uint8Array])[] = [
    ["gzip", ["gzip"], gzipSync(content)],
    ["x-gzip", ["x-gzip"], gzipSync(content)],
    ["deflate", ["deflate"], deflateSync(content)],
    ["bare deflate", ["deflate"], deflateRawSync(content)],
    ["br", ["br"], brotliCompressSync(content)],
    ["gzip inside br", ["gzip", "br"], brotliCompressSync(gzipSync(content))],
  ];
  for (const [name, codings, body] of bodies) {
    test(`makeDecoder() undoes ${name} of a ${size} body`, async () => {
      const decoded = await decode(codings, body);
      assert.equal(decoded.ending, "ended");
      assert.deepEqual(decoded.bytes, new Uint8Array(content));
    });
  }

  test(`makeDecoder() joins gzip members of a ${size} body`, async () => {
    const { ending, bytes } = await decode(["gzip"], joined([gzipSync(content), gzipSync(small)]));
    assert.deepEqual([ending, bytes.length], ["ended", content.length + small.length]);
  });

  test(`makeDecoder() finds a truncated ${size} body`, async () => {
    const { ending } = await decode(["gzip"], gzipSync(content).subarray(0, -12));
    assert.equal(ending, "failed: unexpected end of file");
  });

  test(`makeDecoder() finds a damaged ${size} body`, async () => {
    const { ending } = await decode(
      ["gzip"],
      gzipSync(content).map((byte, i) => i === 30 ? byte ^ 0xff : byte),
    );
    assert.match(ending, /^failed: /);
  });
}

test("makeDecoder() stops a bomb that is small and one that is large", async () => {
  const bomb = gzipSync(new Uint8Array(30 << 20));
  assert.ok(bomb.length < 65_536);
  assert.equal((await decode(["gzip"], bomb)).ending, "too much");
  const large = joined([bomb, bomb, bomb]);
  const { ending, bytes } = await decode(["gzip"], large);
  assert.equal(ending, "too much");
  assert.ok(bytes.length < 1_500_000, `${bytes.length} bytes were held`);
});

test("makeDecoder() of an empty body fails: a coding has a beginning and an end", async () => {
  assert.match((await decode(["gzip"], new Uint8Array())).ending, /^failed: /);
});

test("makeDecoder() says nothing after close()", async () => {
  const heard: string[] = [];
  const note = (word: string) => () => void heard.push(word);
  const decoder = makeDecoder(["gzip"], 1_000_000, {
    decoded: note("decoded"),
    decodingEnded: note("ended"),
    decodingFailed: note("failed"),
    decodedTooMuch: note("too much"),
    decoderDrained: note("drained"),
  });
  decoder.write(gzipSync(large));
  decoder.close();
  decoder.write(gzipSync(large));
  decoder.end();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, []);
});

test("knowsCoding() knows what makeDecoder() undoes", () => {
  assert.deepEqual(["gzip", "x-gzip", "deflate", "br", "zstd", "constructor"].map(knowsCoding), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
