import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson, type Value } from "../model/json.ts";
import type { Result } from "../model/result.ts";
import { encodeResult } from "./encode_result.ts";
import { makeRedactor } from "./redactor.ts";

const nothingSecret = makeRedactor(new Map());

const plain: Result = {
  index: 3,
  task: "details",
  key: "17",
  item: 17,
  matrix: { size: 64 },
  target: "api",
  kind: "http",
  outcome: "failed",
  reason: null,
  queuedMs: 0.1,
  durationMs: 20.5,
  attempts: [{
    number: 1,
    startedAt: "2026-11-21T03:15:00.000Z",
    durationMs: 20.5,
    outcome: "failed",
    error: { code: "http_status", message: "503 from api", retryable: true },
  }],
  output: { status: 503, body: "no\nmore" },
  outputs: null,
  error: { code: "http_status", message: "503 from api", retryable: true },
};

test("encodeResult() writes the members of a result in the contract's order", () => {
  assert.equal(encodeResult(plain, nothingSecret), JSON.stringify(plain));
  const allowed: Result = { ...plain, allowed: true };
  assert.deepEqual(JSON.parse(encodeResult(allowed, nothingSecret)), allowed);
  const skipped: Result = {
    ...plain,
    outcome: "skipped",
    reason: "if",
    attempts: [],
    output: null,
    error: null,
  };
  assert.deepEqual(JSON.parse(encodeResult(skipped, nothingSecret)), skipped);
});

test("encodeResult() keeps 64-bit integers and writes bytes as base64", () => {
  const text = encodeResult({ ...plain, item: [2n ** 60n, new Uint8Array([1, 2])] }, nothingSecret);
  assert.deepEqual((parseJson(text) as { item: Value }).item, [2n ** 60n, "AQI="]);
});

test("encodeResult() is one line, whatever the data", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (item, body) => {
    const text = encodeResult({ ...plain, item: item as Value, output: { body } }, nothingSecret);
    assert.ok(!text.includes("\n"));
    assert.deepEqual(JSON.parse(text).output.body, body);
  }));
});

test("encodeResult() masks data wherever it stands, and nothing that is not data", () => {
  const redactor = makeRedactor(new Map([["token", "s3cr3t-token"], ["pin", "123456"]]));
  const result: Result = {
    ...plain,
    index: 123456,
    durationMs: 123456,
    key: "s3cr3t-token",
    item: { "a s3cr3t-token": 1, "b": [123456, 91234567, 123456n, true] },
    output: { body: "x s3cr3t-token", headers: { "s3cr3t-token": "1", "***": "2" } },
    error: { code: "expect", message: "got s3cr3t-token", retryable: false },
  };
  const masked = JSON.parse(encodeResult(result, redactor));
  assert.equal(masked.index, 123456);
  assert.equal(masked.durationMs, 123456);
  assert.equal(masked.key, "***");
  assert.deepEqual(masked.item, { "a ***": 1, b: ["***", "***", "***", true] });
  assert.deepEqual(masked.output, { body: "x ***", headers: { "***": "1", "***'": "2" } });
  assert.equal(masked.error.message, "got ***");
});

test("encodeResult() shows nothing of a document that holds a secret across its texts", () => {
  const redactor = makeRedactor(new Map([["weird", 'ab":"cd']]));
  assert.equal(JSON.parse(encodeResult({ ...plain, output: { xab: "cdx" } }, redactor)).output, "***");
});

test("encodeResult() is valid JSON without the secret, for any secret in any data", () => {
  const secret = fc.string({ unit: "grapheme", minLength: 6, maxLength: 20 }).filter((s) =>
    s.trim().length >= 6
  );
  fc.assert(fc.property(secret, fc.jsonValue(), fc.string(), (text, value, before) => {
    const redactor = makeRedactor(new Map([["s", text]]));
    const result = { ...plain, item: [value as Value, before + text, { [text]: text }] };
    const encoded = encodeResult(result, redactor);
    JSON.parse(encoded);
    assert.ok(
      !redactor.findsSecret(encoded.slice(encoded.indexOf('"item"'), encoded.indexOf(',"target"'))) ||
        text === "***",
    );
  }));
});

test("encodeResult() survives data nested beyond the stack", () => {
  let deep: Value = [];
  for (let depth = 0; depth < 200_000; depth++) deep = [deep];
  assert.match(JSON.parse(encodeResult({ ...plain, item: deep }, nothingSecret)).item, /nested too deeply/);
});
