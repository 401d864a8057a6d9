import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../model/json.ts";
import { errorText } from "./http_error_text.ts";

const page = "<html>\n<head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>";

const table: readonly (readonly [Value | undefined, type: string | undefined, said: string | undefined])[] = [
  ['{"error": "no such user"}\n', "application/json", '{"error": "no such user"}'],
  ["a\n  b\t c", undefined, "a b c"],
  [page, "text/html; charset=utf-8", "502 Bad Gateway"],
  [page, "application/xhtml+xml", "502 Bad Gateway"],
  ["<html><body>oops</body></html>", "text/html", undefined],
  ["<title></title>", "text/html", undefined],
  ["x".repeat(1_000), "text/plain", `${"x".repeat(200)}…`],
  ["  \n", "text/plain", undefined],
  ["", "text/plain", undefined],
  [undefined, "text/plain", undefined],
];

for (const [body, type, said] of table) {
  test(`errorText() of ${String(body).slice(0, 20).trim()} (${type}) is ${said?.slice(0, 20)}`, () => {
    assert.equal(errorText(body, type), said);
  });
}
