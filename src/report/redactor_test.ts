import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blotUserinfo, makeRedactor } from "./redactor.ts";

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const url64 = (text: string) => base64(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const unicode = (text: string) =>
  text.replace(/[^A-Za-z0-9]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
const json = (text: string) => JSON.stringify(text).slice(1, -1);

/** Every way in which a program that was given a secret commonly writes it back. */
const spellings: readonly (readonly [name: string, write: (secret: string) => string])[] = [
  ["as it is", (s) => s],
  ["percent-encoded", (s) => encodeURIComponent(s)],
  ["percent-encoded, small hex", (s) => encodeURIComponent(s).replace(/%../g, (h) => h.toLowerCase())],
  ["as a form", (s) => new URLSearchParams([["", s]]).toString().slice(1)],
  ["JSON", json],
  ["JSON in JSON", (s) => json(json(s))],
  ["JSON in JSON in JSON", (s) => json(json(json(s)))],
  ["JSON with slashes escaped", (s) => json(s).replaceAll("/", "\\/")],
  ["JSON with everything escaped", unicode],
  [
    "JSON with everything escaped, great hex",
    (s) => unicode(s).replace(/\\u.{4}/g, (h) => "\\u" + h.slice(2).toUpperCase()),
  ],
];

const awkward = [
  "tok_live_9a8b7c",
  'p@ss word/with+"quotes"',
  "back\\slash\\\\and\ttab",
  "Grüße, 世界 😀!",
  "a.b*c(d)[e]{f}|g^h$i?",
  "secret",
];

for (const [name, write] of spellings) {
  test(`mask() finds a secret written ${name}`, () => {
    for (const secret of awkward) {
      const masked = makeRedactor(new Map([["s", secret]])).mask(`before ${write(secret)} after`);
      assert.equal(masked, "before *** after", secret);
    }
  });
}

test("mask() finds a secret in base64 at every alignment, in both alphabets, without padding", () => {
  for (const secret of [...awkward, "\u00ff\u00fe??>>>~~~"]) {
    const redactor = makeRedactor(new Map([["s", secret]]));
    for (const before of ["", "u", "us", "user:"]) {
      for (const after of ["", "x", "xy", "xyz"]) {
        for (const write of [base64, url64]) {
          const masked = redactor.mask(`Basic ${write(before + secret + after)}!`);
          assert.match(masked, /\*\*\*/, `${before}${secret}${after}`);
          const left = masked.replace("Basic ", "").replace("!", "").split("***");
          assert.ok(left.join("").length <= 12, `${masked} still shows ${left}`);
          assert.ok(left[0]!.length * 6 <= before.length * 8, masked);
        }
      }
    }
  }
});

test("mask() hides each line of a secret, and each text of one that is JSON", () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADAN\r\nBgkqhkiG9w0B\n-----END KEY-----";
  assert.equal(makeRedactor(new Map([["k", key]])).mask("x BgkqhkiG9w0B y"), "x *** y");
  const account = JSON.stringify({ id: "nobody-special", key: { text: "AbCdEf123456" } });
  assert.equal(makeRedactor(new Map([["a", account]])).mask("AbCdEf123456"), "***");
});

test("mask() hides all of what overlapping secrets cover", () => {
  const redactor = makeRedactor(new Map([["a", "abcdefgh"], ["b", "efghijkl"], ["c", "cdefgh"]]));
  assert.equal(redactor.mask("<abcdefghijkl>"), "<***>");
  assert.equal(redactor.mask("<abcdefgh>"), "<***>");
  assert.equal(makeRedactor(new Map([["a", "abcabc"]])).mask("<abcabcabc>"), "<***>");
});

test("blotUserinfo() keeps every column", () => {
  assert.equal(blotUserinfo("url: http://me:pé𝒳@h/ # x"), "url: http://******@h/ # x");
  assert.equal(blotUserinfo("to=http%3A%2F%2Fme%3Ap%40h"), "to=http%3A%2F%2F******%40h");
  assert.equal(blotUserinfo("me@example.com"), "me@example.com");
});

const userinfos: readonly (readonly [text: string, masked: string])[] = [
  ["postgres://joe:pw@db/x", "postgres://***@db/x"],
  ["see https://joe@host:80/a?b=c@d.", "see https://***@host:80/a?b=c@d."],
  ["http://a:b@c@host", "http://***@host"],
  ["postgres://joe:p%2Fw%3F%40x@db/x", "postgres://***@db/x"],
  [String.raw`{"u":"https:\/\/joe:pw@host\/"}`, String.raw`{"u":"https:\/\/***@host\/"}`],
  ["?to=https%3A%2F%2Fjoe%3Apw%40host%2Fa%40b", "?to=https%3A%2F%2F***%40host%2Fa%40b"],
  ["https://host/path@2x.png", "https://host/path@2x.png"],
  ["https://host?mail=a@b.c", "https://host?mail=a@b.c"],
  ["mail joe@example.com", "mail joe@example.com"],
  ["https://***@host", "https://***@host"],
];

test("mask() hides the userinfo of URLs, without any secret", () => {
  const redactor = makeRedactor(new Map());
  for (const [text, masked] of userinfos) assert.equal(redactor.mask(text), masked);
});

test("learn() makes the redactor find a secret in each of its spellings", () => {
  for (const secret of [...awkward, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN", "a-b-c-d-e-f"]) {
    const redactor = makeRedactor(new Map([["first", "something-else"]]));
    assert.equal(redactor.findsSecret(`before ${secret} after`), false);
    redactor.learn(secret);
    for (const [name, write] of spellings) {
      assert.equal(redactor.mask(`before ${write(secret)} after`), "before *** after", `${name}: ${secret}`);
      assert.equal(redactor.findsSecret(write(secret)), true);
    }
    for (const write of [base64, url64]) assert.match(redactor.mask(write(`user:${secret}`)), /\*\*\*/);
    assert.ok(redactor.margin >= new TextEncoder().encode(json(json(secret))).length);
  }
});

test("learn() of many secrets keeps the search quick", () => {
  const redactor = makeRedactor(new Map());
  const token = (n: number) => `tok_${(n * 7919).toString(36).padStart(8, "0")}_live`;
  for (let n = 0; n < 10_000; n++) redactor.learn(token(n));
  const innocent = "the quick brown fox jumps over the lazy dog ".repeat(50);
  const start = performance.now();
  for (let i = 0; i < 1_000; i++) assert.equal(redactor.finds(innocent), false);
  assert.ok(performance.now() - start < 2_000);
  assert.equal(redactor.mask(`a ${token(1)} b ${token(9_999)} c`), "a *** b *** c");
});

test("mask() leaves no spelling of any secret in any text", () => {
  const secret = fc.string({ unit: "grapheme", minLength: 6, maxLength: 30 }).filter((s) =>
    s.trim().length >= 6
  );
  const pieces = fc.array(fc.tuple(fc.string(), fc.nat(1), fc.nat(spellings.length - 1)), { maxLength: 6 });
  fc.assert(fc.property(secret, secret, pieces, (one, other, parts) => {
    const redactor = makeRedactor(new Map([["one", one]]));
    redactor.learn(other);
    const text = parts.map(([noise, which, how]) => noise + spellings[how]![1](which ? one : other)).join("");
    const masked = redactor.mask(text);
    for (const s of [one, other]) {
      if ("***".includes(s)) continue;
      for (const [name, write] of spellings) assert.ok(!masked.includes(write(s)), `${name}: ${masked}`);
    }
  }));
});

test("mask() stays quick on text made to slow a search down", () => {
  const redactor = makeRedactor(new Map([["a", '\\\\\\"\\\\\\"\\\\\\"'], ["b", "      \\\\\\\\\\\\\\\\"]]));
  for (const unit of ["\\", '\\"', " ", "://", "a:", "://x", "@", "%5c"]) {
    const start = performance.now();
    redactor.mask(unit.repeat(200_000));
    assert.ok(performance.now() - start < 2000, unit);
  }
});

test("margin reaches over the longest spelling", () => {
  const secret = "Grüße, 世界 😀!".repeat(20);
  const { margin } = makeRedactor(new Map([["s", secret]]));
  for (const [name, write] of spellings) {
    if (name.startsWith("JSON in JSON in")) continue;
    assert.ok(new TextEncoder().encode(write(secret)).length <= margin, name);
  }
});
