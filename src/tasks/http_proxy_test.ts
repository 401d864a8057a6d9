import assert from "node:assert/strict";
import { test } from "node:test";
import { originOf } from "./http_origin.ts";
import { type Environment, parseProxy, proxyFor } from "./http_proxy.ts";

const both = { https_proxy: "http://secure.proxy:1", http_proxy: "plain.proxy:2" };

/** URL, setting of the config, environment; host and port of the proxy, or null. */
const rows: readonly (readonly [string, string | null, Environment, string | null])[] = [
  ["http://a.test/", null, {}, null],
  ["http://a.test/", null, both, "plain.proxy:2"],
  ["https://a.test/", null, both, "secure.proxy:1"],
  ["https://a.test/", "http://mine:3128", both, "mine:3128"],
  ["https://a.test/", "none", both, null],
  ["http://localhost/", "http://mine:3128", {}, "mine:3128"],
  ["https://a.test/", null, { HTTPS_PROXY: "http://upper:3" }, "upper:3"],
  ["https://a.test/", null, { HTTPS_PROXY: "http://upper:3", https_proxy: "http://lower:4" }, "lower:4"],
  ["https://a.test/", null, { ALL_PROXY: "http://all:5" }, "all:5"],
  ["http://a.test/", null, { HTTP_PROXY: "http://upper:3" }, "upper:3"],
  ["http://a.test/", null, { HTTP_PROXY: "http://forged:3", REQUEST_METHOD: "GET" }, null],
  ["http://a.test/", null, { http_proxy: "" }, null],
  ["http://localhost/", null, both, null],
  ["http://127.0.0.2/", null, both, null],
  ["http://[::1]/", null, both, null],
  ["http://a.test/", null, { ...both, no_proxy: "*" }, null],
  ["http://a.test/", null, { ...both, no_proxy: "b.test, a.test" }, null],
  ["http://x.a.test/", null, { ...both, no_proxy: ".a.test" }, null],
  ["http://x.a.test/", null, { ...both, no_proxy: "a.test" }, null],
  ["http://x.a.test/", null, { ...both, NO_PROXY: "*.a.test" }, null],
  ["http://xa.test/", null, { ...both, no_proxy: "a.test" }, "plain.proxy:2"],
  ["http://a.test:8080/", null, { ...both, no_proxy: "a.test:8080" }, null],
  ["http://a.test/", null, { ...both, no_proxy: "a.test:8080" }, "plain.proxy:2"],
  ["http://10.1.2.3/", null, { ...both, no_proxy: "10.0.0.0/8" }, null],
  ["http://11.1.2.3/", null, { ...both, no_proxy: "10.0.0.0/8" }, "plain.proxy:2"],
  ["http://10.1.2.3/", null, { ...both, no_proxy: "2.3" }, "plain.proxy:2"],
  ["http://[fd00::1]/", null, { ...both, no_proxy: "[fd00::1]" }, null],
  ["http://[fd00::1]/", null, { ...both, no_proxy: "fd00::1" }, null],
];

for (const [url, setting, environment, expected] of rows) {
  test(`proxyFor() ${url} with ${setting ?? "nothing"} and ${JSON.stringify(environment)}`, () => {
    const found = proxyFor(originOf(new URL(url)), setting, environment);
    assert.ok(found === null || !("wrong" in found));
    assert.equal(found && `${found.host}:${found.port}`, expected);
  });
}

test("parseProxy() reads user and password, and the usual ports", () => {
  assert.deepEqual(parseProxy("https://me:p%40ss@proxy"), {
    secure: true,
    host: "proxy",
    port: 443,
    authorization: "Basic bWU6cEBzcw==",
  });
  assert.deepEqual(parseProxy("http://[::1]:3128"), {
    secure: false,
    host: "::1",
    port: 3128,
    authorization: null,
  });
});

for (const text of ["socks5://proxy:1080", "http://", "http://a b/", "ftp://x"]) {
  test(`parseProxy() says what is wrong with ${text}`, () => {
    assert.ok("wrong" in parseProxy(text));
  });
}
