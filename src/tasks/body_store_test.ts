import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { Redactor } from "../model/redactor.ts";
import { type BodyOptions, makeBody } from "./body_store.ts";

const secret = "s3cr3t-ключ-value";
const redactor: Redactor = {
  mask: (text) => text.replaceAll(secret, "***"),
  margin: new TextEncoder().encode(secret).length,
};
const size = (bytes: number) => ({ mode: "size", bytes }) as const;
const encode = (text: string) => new TextEncoder().encode(text);

function store(chunks: readonly (Uint8Array | string)[], options: Partial<BodyOptions> = {}) {
  const body = makeBody({
    maxBytes: 1e6,
    capture: size(64),
    keepContent: false,
    save: null,
    redactor,
    ...options,
  });
  const fits = chunks.map((chunk) => body.write(typeof chunk === "string" ? encode(chunk) : chunk));
  return { body, fits, finished: body.finish() };
}

test("makeBody() counts, hashes and captures a small text as it is", () => {
  const { body, finished } = store(["hello ", "", "wörld"]);
  assert.equal(finished.bytes, 12);
  assert.equal(finished.sha256, createHash("sha256").update("hello wörld").digest("hex"));
  assert.deepEqual(finished.captured("body"), { fields: { body: "hello wörld" }, truncated: false });
  assert.equal(finished.content, undefined);
  assert.equal(body.finish(), finished, "finish() may be called again");
});

test("makeBody() keeps an empty body as an empty text", () => {
  const { finished } = store([], { keepContent: true });
  assert.deepEqual(finished.captured("body"), { fields: { body: "" }, truncated: false });
  assert.equal(finished.content?.length, 0);
});

test("makeBody() copies what it keeps, so that a caller may reuse its buffer", () => {
  const buffer = encode("first");
  const body = makeBody({ maxBytes: 100, capture: size(64), keepContent: true, save: null, redactor });
  body.write(buffer);
  buffer.fill(0);
  assert.deepEqual(body.finish().content, encode("first"));
});

test("makeBody() keeps the first and last half of a long text with a mark between", () => {
  const text = "a".repeat(40) + "m".repeat(1000) + "z".repeat(40);
  const { finished } = store([text], { capture: size(20) });
  const { fields, truncated } = finished.captured("stdout");
  assert.equal(fields["stdout"], `${"a".repeat(10)}\n[… cut: 1080 bytes in all …]\n${"z".repeat(10)}`);
  assert.equal(truncated, true);
});

test("makeBody() captures nothing with `none`, all with `all`", () => {
  const text = "x".repeat(50_000);
  assert.deepEqual(store([text], { capture: { mode: "none" } }).finished.captured("body").fields, {});
  assert.deepEqual(store([text], { capture: { mode: "all" } }).finished.captured("body").fields, {
    body: text,
  });
});

test("makeBody() says when a body goes over maxBytes, and gives its content up", () => {
  const { fits, finished } = store(["12345", "67890", "x", "y"], { maxBytes: 10, keepContent: true });
  assert.deepEqual(fits, [true, true, false, false]);
  assert.equal(finished.content, undefined);
  assert.equal(finished.bytes, 12);
  assert.deepEqual(finished.captured("body").fields, { body: "1234567890xy" });
});

test("makeBody() drains far over maxBytes and captures the true end", () => {
  const body = makeBody({
    maxBytes: 1000,
    capture: size(20),
    keepContent: true,
    save: null,
    redactor,
    hash: false,
  });
  for (let line = 0; line < 100_000; line++) body.write(encode(`line ${line}\n`));
  const finished = body.finish();
  assert.equal(finished.sha256, "");
  assert.match(finished.captured("stdout").fields["stdout"]!, /^line 0\nlin\n.*\nine 99999\n$/s);
});

test("makeBody() gives bytes that are not UTF-8 as base64 of their beginning", () => {
  const bytes = Uint8Array.of(0xff, 0xfe, 0, 1, 2, 3);
  assert.deepEqual(store([bytes]).finished.captured("body"), {
    fields: { bodyBase64: Buffer.from(bytes).toString("base64") },
    truncated: false,
  });
  const long = new Uint8Array(5000).fill(0x80);
  const cut = store([long]).finished.captured("body");
  assert.equal(Buffer.from(cut.fields["bodyBase64"]!, "base64").length, 64);
  assert.equal(cut.truncated, true);
});

test("makeBody() masks secrets in bytes that are not UTF-8", () => {
  const ascii: Redactor = { mask: (text) => text.replaceAll("hunter22", "***"), margin: 8 };
  const { finished } = store([Uint8Array.of(0xff), "hunter22"], { redactor: ascii });
  const base64 = finished.captured("body").fields["bodyBase64"]!;
  assert.deepEqual(Buffer.from(base64, "base64"), Buffer.from([0xff, 0x2a, 0x2a, 0x2a]));
});

test("makeBody() passes every byte to what saves it, and drops it when the body is too large", () => {
  const log: string[] = [];
  const save = {
    write: (chunk: Uint8Array) => log.push(new TextDecoder().decode(chunk)),
    discard: () => log.push("discard"),
  };
  store(["ab", "cd", "ef", "gh"], { save, maxBytes: 5 });
  assert.deepEqual(log, ["ab", "cd", "discard"]);
});

test("makeBody() never shows a part of a secret, never splits a character, however the bytes are cut", () => {
  const piece = fc.oneof(
    fc.constant(secret),
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom("ö", "日本", "🙂"),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      (pieces, step, limit, keepContent) => {
        const text = pieces.join("").toWellFormed();
        const bytes = encode(text);
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.slice(at, at + step));
        const { finished } = store(chunks, { capture: size(limit), keepContent });
        if (keepContent) assert.deepEqual(finished.content, bytes);
        const { fields, truncated } = finished.captured("body");
        const kept = fields["body"]!;
        assert.equal(typeof kept, "string");
        assert.ok(kept.isWellFormed());
        const masked = redactor.mask(text);
        if (!truncated) return assert.equal(kept, masked);
        const [head, tail] = kept.split(/\n\[… cut: \d+ bytes in all …\]\n/) as [string, string];
        assert.ok(masked.startsWith(head), "the head is the beginning of the masked text");
        assert.ok(masked.endsWith(tail), "the tail is the end of the masked text");
        assert.ok(encode(head).length <= limit / 2 && encode(tail).length <= limit / 2);
      },
    ),
    { numRuns: 500 },
  );
});

test("makeBody() hashes every byte, however they come and whatever is kept of them", () => {
  const chunk = fc.uint8Array({ maxLength: 200 });
  const keeping = fc.record({
    capture: fc.constantFrom(size(0), size(64), size(4096)),
    keepContent: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(chunk, { maxLength: 6 }), keeping, (chunks, options) => {
    const expected = createHash("sha256");
    for (const one of chunks) expected.update(one);
    assert.equal(store(chunks, options).finished.sha256, expected.digest("hex"));
  }));
});
