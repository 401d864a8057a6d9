import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpressionError } from "../model/expression.ts";
import { basicAuthorization, compileHeaders, headerLine } from "./http_headers.ts";

test("compileHeaders() merges by name without regard to case; the last layer writes the name", () => {
  const headers = compileHeaders(
    [{ name: "Accept", value: "*/*" }, { name: "user-agent", value: "x" }],
    [{ name: "X-Key", value: "target" }, { name: "x-gone", value: "1" }],
    [{ name: "ACCEPT", value: "text/plain" }, { name: "X-Gone", value: null }, {
      name: "x-key",
      value: () => "task",
    }],
  );
  assert.equal(headers.render({}), "ACCEPT: text/plain\r\nuser-agent: x\r\nx-key: task\r\n");
  assert.deepEqual(["accept", "x-key", "x-gone"].map((name) => headers.has(name)), [true, true, false]);
});

test("compileHeaders() keeps lines of the body apart", () => {
  const headers = compileHeaders([
    { name: "Content-Type", value: "a/b" },
    { name: "content-language", value: () => "de" },
    { name: "x", value: "y" },
  ]);
  assert.equal(headers.render({}), "x: y\r\n");
  assert.equal(headers.renderBody({}), "Content-Type: a/b\r\ncontent-language: de\r\n");
});

test("headerLine() takes blanks off, keeps tabs and Latin-1", () => {
  assert.equal(headerLine("x", " a\tb \u00e9 "), "x: a\tb \u00e9\r\n");
  assert.equal(headerLine("x", ""), "x: \r\n");
});

for (const value of ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\u0100b", "\ud83d\ude00", "\n"]) {
  test(`headerLine() refuses ${JSON.stringify(value)}`, () => {
    assert.throws(() => headerLine("x", value), (error: Error) => {
      assert.ok(error instanceof ExpressionError);
      assert.match(error.message, /header "x" would hold the character U\+[0-9A-F]{4,5}/);
      return true;
    });
  });
}

test("basicAuthorization() is UTF-8 in base64", () => {
  assert.equal(basicAuthorization("Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  assert.equal(basicAuthorization("ü:ß"), "Basic w7w6w58=");
});
