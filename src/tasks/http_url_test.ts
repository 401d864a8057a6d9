import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileTemplate } from "../expr/compile_template.ts";
import { ExpressionError } from "../model/expression.ts";
import { Origins } from "./http_origin.ts";
import { compileUrl } from "./http_url.ts";

function render(source: string, base: string | null, item: unknown): string {
  const template = compileTemplate(source, { item: "dyn" });
  assert.ok(template.ok);
  const { origin, path } = compileUrl(template.value, base === null ? null : new URL(base), new Origins())
    .render({ item });
  return origin.href + path;
}

const base = "https://api.example.com/v1";

/** url, base, item; where it goes. */
const rows: readonly (readonly [string, string | null, unknown, string])[] = [
  ["/users", base, null, "https://api.example.com/v1/users"],
  ["users", base, null, "https://api.example.com/v1/users"],
  ["/users", `${base}/`, null, "https://api.example.com/v1/users"],
  ["/users", "https://api.example.com", null, "https://api.example.com/users"],
  ["", base, null, "https://api.example.com/v1"],
  ["?a=1", base, null, "https://api.example.com/v1?a=1"],
  ["/x?a=1", `${base}?key=k`, null, "https://api.example.com/v1/x?key=k&a=1"],
  ["//evil.example/x", base, null, "https://api.example.com/v1//evil.example/x"],
  ["@evil.example/x", base, null, "https://api.example.com/v1/@evil.example/x"],
  ["https://other.example/x", base, null, "https://other.example/x"],
  ["/a b/ä?q=ä b#part", base, null, "https://api.example.com/v1/a%20b/%C3%A4?q=%C3%A4%20b"],
  ["/users/${{ item }}", base, "a/b?c#d", "https://api.example.com/v1/users/a%2Fb%3Fc%23d"],
  ["/users/${{ item }}", base, "%2e%2e", "https://api.example.com/v1/users/%252e%252e"],
  ["/users/${{ item }}", base, "..\\x", "https://api.example.com/v1/users/..%5Cx"],
  ["/users/${{ item }}", base, "", "https://api.example.com/v1/users/"],
  ["/users/${{ item }}", base, 17, "https://api.example.com/v1/users/17"],
  ["/users/${{ item }}", base, "ä😀", "https://api.example.com/v1/users/%C3%A4%F0%9F%98%80"],
  ["/v${{ item }}.0/x", base, ".", "https://api.example.com/v1/v..0/x"],
  ["/s?q=${{ item }}&r=1", base, "a&b=c+d", "https://api.example.com/v1/s?q=a%26b%3Dc%2Bd&r=1"],
  ["/s?q=${{ item }}", base, "..", "https://api.example.com/v1/s?q=.."],
  ["/a/../b/${{ item }}", base, "x", "https://api.example.com/v1/b/x"],
  ["${{ item }}", base, "/as/it?is=1", "https://api.example.com/v1/as/it?is=1"],
  ["${{ item }}", base, "https://other.example/x/../y", "https://other.example/y"],
  ["${{ item }}", null, "http://2130706433/", "http://127.0.0.1/"],
  [
    "${{ item.base }}/users/${{ item.id }}",
    null,
    { base: "http://a.test/x", id: "b/c" },
    "http://a.test/x/users/b%2Fc",
  ],
  ["${{ item.base }}/${{ item.id }}", null, { base: "http://a.test/..", id: "b" }, "http://a.test/b"],
  ["https://${{ item }}/health", null, "db-1.internal:8443", "https://db-1.internal:8443/health"],
  ["https://${{ item }}/health", null, "[::1]:81", "https://[::1]:81/health"],
  ["https://${{ item }}.example.com/", null, "eu", "https://eu.example.com/"],
  ["http://localhost:${{ item }}/", null, 8080, "http://localhost:8080/"],
  ["http://me:${{ item }}@host/x", null, "p@/:ss", "http://host/x"],
  ["/x#${{ item }}", base, "part", "https://api.example.com/v1/x"],
  ["/x0fanoutq1q/${{ item }}", base, "a", "https://api.example.com/v1/x0fanoutq1q/a"],
];

for (const [source, given, item, expected] of rows) {
  test(`compileUrl() ${JSON.stringify(source)} of ${JSON.stringify(item)} on ${given}`, () => {
    assert.equal(render(source, given, item), expected);
  });
}

/** url, base, item that must not be sent. */
const refused: readonly (readonly [string, string | null, unknown])[] = [
  ["/users/${{ item }}", base, "."],
  ["/users/${{ item }}/posts", base, ".."],
  ["/users/.${{ item }}/posts", base, "."],
  ["/users/${{ item.a }}${{ item.b }}", base, { a: ".", b: "." }],
  ["/users/${{ item.a }}.", base, { a: "." }],
  ["${{ item.base }}/${{ item.id }}", null, { base: "http://a.test", id: ".." }],
  ["https://${{ item }}/health", null, "evil.example/x?"],
  ["https://${{ item }}/health", null, "a@evil.example"],
  ["https://${{ item }}/health", null, ""],
  ["https://${{ item }}/health", null, "a\\b"],
  ["https://${{ item }}.example.com/", null, "evil.example#"],
  ["${{ item }}", null, "/no/host"],
  ["${{ item }}", null, "file:///etc/passwd"],
  ["${{ item }}", null, "gopher://x/"],
  ["${{ item }}", base, "ftp://x/"],
  ["${{ item }}", base, "/a\r\nx"],
  ["${{ item }}", null, "http://a b/"],
  ["/users/${{ item }}", base, "\ud800"],
  ["/users/${{ item }}", base, ["a"]],
];

for (const [source, given, item] of refused) {
  test(`compileUrl() refuses ${JSON.stringify(source)} of ${JSON.stringify(item)}`, () => {
    assert.throws(() => render(source, given, item), ExpressionError);
  });
}

test("compileUrl() keeps any text within its segment or value", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.string(), (id, q) => {
    fc.pre(!/^\.{1,2}$/.test(id));
    const url = new URL(render("/users/${{ item.id }}/x?q=${{ item.q }}&r=1", base, { id, q }));
    assert.equal(url.origin, "https://api.example.com");
    const segments = url.pathname.split("/");
    assert.equal(segments.length, 5);
    assert.equal(decodeURIComponent(segments[3]!), id);
    assert.deepEqual([...url.searchParams], [["q", q], ["r", "1"]]);
  }));
});

test("compileUrl() tells the user and password of a URL, decoded", () => {
  const template = compileTemplate("http://me:${{ item }}@host/x", { item: "dyn" });
  assert.ok(template.ok);
  const url = compileUrl(template.value, null, new Origins()).render({ item: "p@/:ss" });
  assert.equal(url.userinfo, "me:p@/:ss");
});
