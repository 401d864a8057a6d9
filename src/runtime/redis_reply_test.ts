import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type RedisReply, ReplyReader } from "./redis_reply.ts";

const values: readonly (readonly [string, unknown])[] = [
  ["+OK\r\n", "OK"],
  [":9223372036854775807\r\n", 9223372036854775807n],
  [":-3\r\n", -3],
  ["$-1\r\n", null],
  ["*-1\r\n", null],
  ["$0\r\n\r\n", ""],
  ["$5\r\na\r\nbc\r\n", "a\r\nbc"],
  ["$4\r\nüx1\r\n", "üx1"],
  ["*0\r\n", []],
  ["*3\r\n:1\r\n*2\r\n$-1\r\n*1\r\n+x\r\n-WRONGTYPE no\r\n", [1, [null, ["x"]], { error: "WRONGTYPE no" }]],
];

test("ReplyReader gives each reply as what it is, however it arrives", () => {
  const all = new TextEncoder().encode(values.map(([text]) => text).join(""));
  const expected = values.map(([, value]) => ({ kind: "value", value }));
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
    assert.deepEqual(read(all, sizes), expected);
  }));
});

test("ReplyReader gives bytes that are no text as bytes", () => {
  const bytes = new Uint8Array([36, 50, 13, 10, 0xff, 0, 13, 10]);
  assert.deepEqual(read(bytes, [1]), [{ kind: "value", value: new Uint8Array([0xff, 0]) }]);
});

const broken: readonly (readonly [string, number, string])[] = [
  ["HTTP/1.1 400 Bad Request\r\n", 1000, "PROTOCOL"],
  [":1x\r\n", 1000, "PROTOCOL"],
  ["$-2\r\n", 1000, "PROTOCOL"],
  ["+OK\n", 1000, "PROTOCOL"],
  ["+".padEnd(70_000, "x"), Infinity, "PROTOCOL"],
  ["*1\r\n".repeat(40), 1000, "PROTOCOL"],
  ["$1001\r\n", 1000, "TOO_LARGE"],
  ["*300\r\n", 1000, "TOO_LARGE"],
  ["*2\r\n$600\r\n" + "x".repeat(600) + "\r\n$600\r\n", 1000, "TOO_LARGE"],
];

test("ReplyReader refuses what is no reply and what is too large, and stops there", () => {
  for (const [text, maxBytes, code] of broken) {
    const replies = read(new TextEncoder().encode(text + "+OK\r\n"), [3], maxBytes);
    assert.deepEqual(replies.map((reply) => "code" in reply && reply.code), [code], text.slice(0, 40));
  }
});

test("ReplyReader never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    read(bytes, [7], 100);
  }));
});

/** Reads in pieces of these sizes, over and over. */
function read(bytes: Uint8Array, sizes: readonly number[], maxBytes = Infinity): RedisReply[] {
  const replies: RedisReply[] = [];
  const reader = new ReplyReader((reply) => replies.push(reply));
  reader.maxBytes = maxBytes;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  return replies;
}
