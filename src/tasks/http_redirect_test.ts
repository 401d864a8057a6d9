import assert from "node:assert/strict";
import { test } from "node:test";
import { followRedirect, isRedirect } from "./http_redirect.ts";

const from = "https://api.example.com/v1/users?page=1";

/** method, status, location; the next method and URL, and what comes along. */
const rows: readonly (readonly [string, number, string, string, string, string])[] = [
  ["GET", 301, "/v2", "GET", "https://api.example.com/v2", "headers body"],
  ["GET", 302, "other?x=1#part", "GET", "https://api.example.com/v1/other?x=1", "headers body"],
  ["POST", 301, "/v2", "GET", "https://api.example.com/v2", "headers"],
  ["POST", 302, "/v2", "GET", "https://api.example.com/v2", "headers"],
  ["POST", 303, "/v2", "GET", "https://api.example.com/v2", "headers"],
  ["POST", 307, "/v2", "POST", "https://api.example.com/v2", "headers body"],
  ["POST", 308, "/v2", "POST", "https://api.example.com/v2", "headers body"],
  ["PUT", 302, "/v2", "PUT", "https://api.example.com/v2", "headers body"],
  ["PUT", 303, "/v2", "GET", "https://api.example.com/v2", "headers"],
  ["DELETE", 301, "/v2", "DELETE", "https://api.example.com/v2", "headers body"],
  ["HEAD", 303, "/v2", "HEAD", "https://api.example.com/v2", "headers body"],
  ["GET", 302, "https://api.example.com:443/x", "GET", "https://api.example.com/x", "headers body"],
  ["GET", 302, "https://api.example.com:8443/x", "GET", "https://api.example.com:8443/x", ""],
  ["GET", 302, "http://api.example.com/x", "GET", "http://api.example.com/x", ""],
  ["GET", 302, "https://www.example.com/x", "GET", "https://www.example.com/x", ""],
  ["POST", 307, "https://www.example.com/x", "POST", "https://www.example.com/x", ""],
  ["GET", 302, "//evil.example/x", "GET", "https://evil.example/x", ""],
  ["GET", 302, "/\\evil.example/x", "GET", "https://evil.example/x", ""],
  ["GET", 302, "https://user:pass@api.example.com/x", "GET", "https://api.example.com/x", "headers body"],
  ["GET", 302, "/caf\u00c3\u00a9", "GET", "https://api.example.com/caf%C3%A9", "headers body"],
  ["GET", 302, "/caf\u00e9", "GET", "https://api.example.com/caf%C3%A9", "headers body"],
  ["GET", 302, "http://2130706433/", "GET", "http://127.0.0.1/", ""],
];

for (const [method, status, location, nextMethod, nextUrl, along] of rows) {
  test(`followRedirect() of ${method} ${status} to ${location}`, () => {
    const next = followRedirect({ method, url: new URL(from) }, status, location);
    assert.ok(typeof next !== "string", String(next));
    const kept = [next.keepsHeaders && "headers", next.keepsBody && "body"].filter(Boolean).join(" ");
    assert.deepEqual([next.method, next.url.href, kept], [nextMethod, nextUrl, along]);
  });
}

for (
  const location of [
    "file:///etc/passwd",
    "ftp://example.com/",
    "javascript:alert(1)",
    "data:,x",
    "http://",
    "http://[::1",
  ]
) {
  test(`followRedirect() refuses ${location}`, () => {
    const next = followRedirect({ method: "GET", url: new URL(from) }, 302, location);
    assert.equal(typeof next, "string");
  });
}

test("isRedirect() wants a location and a status that has a use for it", () => {
  const seen = [
    isRedirect(302, "/x"),
    isRedirect(308, "/x"),
    isRedirect(302, undefined),
    isRedirect(302, ""),
    isRedirect(304, "/x"),
    isRedirect(300, "/x"),
    isRedirect(201, "/x"),
  ];
  assert.deepEqual(seen, [true, true, false, false, false, false, false]);
});
