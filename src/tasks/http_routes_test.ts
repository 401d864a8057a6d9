import assert from "node:assert/strict";
import { test } from "node:test";
import { originOf } from "./http_origin.ts";
import { isNoRoute, isPublicHop, literalHosts, type RouteRules, Routes } from "./http_routes.ts";

const rules: RouteRules = { network: "default", literalHosts: new Set(), proxy: null, environment: {} };

/** Whether a connection to an address would be refused on the way to a host. */
function isRefused(given: Partial<RouteRules>, host: string, address: string, fromPublic = false): boolean {
  const route = new Routes({ ...rules, ...given }).to(originOf(new URL(`http://${host}/`)), fromPublic);
  assert.ok(!isNoRoute(route));
  return route.refuses(address) !== null;
}

const publicAddress = "93.184.215.14";
const privateAddress = "10.0.0.1";
const metadata = "169.254.169.254";

/** Rules, from a public server, and which of a public, a private and a metadata address are refused. */
const rows: readonly (readonly [string, Partial<RouteRules>, boolean, readonly boolean[]])[] = [
  ["by default", {}, false, [false, false, true]],
  ["by default, sent by a public server", {}, true, [false, true, true]],
  ["network: public", { network: "public" }, false, [false, true, true]],
  ["network: public, written out", { network: "public", literalHosts: new Set(["a.test"]) }, false, [
    false,
    true,
    true,
  ]],
  ["network: any", { network: "any" }, false, [false, false, false]],
  ["network: any, sent by a public server", { network: "any" }, true, [false, false, false]],
  ["written out in the config", { literalHosts: new Set(["a.test"]) }, false, [false, false, false]],
  ["written out, sent by a public server", { literalHosts: new Set(["a.test"]) }, true, [false, true, true]],
];

for (const [name, given, fromPublic, expected] of rows) {
  test(`Routes.to() ${name} refuses ${expected.filter(Boolean).length} of three addresses`, () => {
    const seen = [publicAddress, privateAddress, metadata].map((address) =>
      isRefused(given, "a.test", address, fromPublic)
    );
    assert.deepEqual(seen, expected);
  });
}

test("Routes.to() keeps connections that were checked by other rules apart", () => {
  const routes = new Routes(rules);
  const origin = originOf(new URL("http://a.test/"));
  const [one, again, other] = [routes.to(origin, false), routes.to(origin, false), routes.to(origin, true)];
  assert.ok(!isNoRoute(one) && !isNoRoute(again) && !isNoRoute(other));
  assert.equal(one, again);
  assert.notEqual(one.key, other.key);
});

test("Routes.to() through a proxy refuses addresses that stand in the URL, and network: public altogether", () => {
  const proxied = { proxy: "http://proxy.test:3128" };
  const code = (given: Partial<RouteRules>, url: string, fromPublic = false) => {
    const route = new Routes({ ...rules, ...proxied, ...given }).to(originOf(new URL(url)), fromPublic);
    return isNoRoute(route) ? route.code : "taken";
  };
  assert.equal(code({}, "http://a.test/"), "taken");
  assert.equal(code({}, "http://10.0.0.1/"), "taken");
  assert.equal(code({}, "http://10.0.0.1/", true), "blocked_address");
  assert.equal(code({}, `http://${metadata}/`), "blocked_address");
  assert.equal(code({ network: "public" }, "http://a.test/"), "blocked_address");
  assert.equal(code({ proxy: "socks5://proxy.test" }, "http://a.test/"), "proxy");
  assert.equal(
    code(
      { network: "public", proxy: "none", environment: { http_proxy: "http://p.test" } },
      "http://a.test/",
    ),
    "taken",
  );
});

test("literalHosts() takes addresses that the config's text names, in any spelling", () => {
  const hosts = literalHosts([
    "http://169.254.169.254/latest/${{ item }}",
    "https://[fe80::1]:8443",
    "http://0xA9FEA9FE/",
    "http://metadata.google.internal/x",
    "http://api.example.com/",
    "http://${{ item }}/169.254.169.254",
    "http://169.254.169.${{ item }}/",
    "/169.254.169.254",
  ]);
  assert.deepEqual([...hosts].sort(), ["169.254.169.254", "fe80::1", "metadata.google.internal"]);
});

test("isPublicHop() takes a name behind a proxy for public", () => {
  const seen = [
    isPublicHop("a.test", publicAddress),
    isPublicHop("a.test", privateAddress),
    isPublicHop("a.test", null),
    isPublicHop(privateAddress, null),
  ];
  assert.deepEqual(seen, [true, false, true, false]);
});
