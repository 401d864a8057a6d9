import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../model/json.ts";
import { checkHttp } from "./http_check.ts";

const url = "https://a.test/";

/** The task's section, the connection, and where something is wrong. */
const rows: readonly (readonly [string, ValueMap, ValueMap, readonly string[]])[] = [
  ["nothing", { url }, {}, []],
  ["a url without a base", { url: "/users" }, {}, ["url"]],
  ["a url without a scheme", { url: "localhost:8080/x" }, {}, ["url"]],
  ["a url with a base", { url: "/users" }, { baseUrl: url }, []],
  ["a url that data gives", { url: "${{ item }}" }, {}, []],
  ["headers for a host that the url names", { url: `${url}\${{ item }}` }, { headers: { a: "b" } }, []],
  ["headers for a host that data names", { url: "${{ item }}" }, { headers: { a: "b" } }, ["url"]],
  ["headers for a host that data is part of", { url: "https://a.${{ item }}" }, { headers: { a: "b" } }, [
    "url",
  ]],
  ["headers for a user that data names", { url: "https://${{ item }}@a.test/" }, { headers: { a: "b" } }, [
    "url",
  ]],
  ["auth for a host that data names", { url: "${{ item }}" }, { auth: { bearer: "t" } }, ["url"]],
  ["auth for a host that data names, by its base", { url: "${{ item }}" }, {
    baseUrl: url,
    auth: { bearer: "t" },
  }, []],
  ["another scheme", { url: "file:///etc/passwd" }, {}, ["url"]],
  ["a host taken for a scheme", { url: "localhost:80/x" }, {}, ["url"]],
  ["a method with a blank", { url, method: "GET /" }, {}, ["method"]],
  ["CONNECT", { url, method: "connect" }, {}, ["method"]],
  ["a method that data gives", { url, method: "${{ item }}" }, {}, []],
  ["signing in twice", { url, auth: { bearer: "t" }, headers: { AUTHORIZATION: "x" } }, {}, ["auth"]],
  ["signing in once", { url, auth: { bearer: "t" }, headers: { authorization: null } }, {}, []],
  ["a header of two lines", { url, headers: { a: "b\nc" } }, {}, ["headers.a"]],
  ["a header with a line end", { url, headers: { a: "b\n" } }, {}, ["headers.a"]],
  ["a header in another script", { url, headers: { a: "日本", b: "é", c: "${{ item }}日" } }, {}, [
    "headers.a",
  ]],
  ["network: public through a proxy", { url, network: "public", proxy: "http://p:1" }, {}, ["proxy"]],
  ["network: public through the target's proxy", { url, network: "public" }, { proxy: "http://p:1" }, [""]],
  ["the target's network: public through a proxy", { url, proxy: "http://p:1" }, { network: "public" }, [
    "proxy",
  ]],
  ["network: public without a proxy", { url, network: "public", proxy: "none" }, { proxy: "http://p:1" }, []],
  ["network: any through a proxy", { url, network: "any", proxy: "http://p:1" }, { network: "public" }, []],
  ["a certificate without key", { url, tls: { cert: "c.pem" } }, {}, ["tls"]],
  ["a key without certificate", { url }, { tls: { key: "k.pem" } }, [""]],
  ["a certificate with key", { url, tls: { cert: "c.pem", key: "k.pem" } }, {}, []],
];

for (const [name, spec, connection, expected] of rows) {
  test(`checkHttp() of ${name} finds ${expected.length === 0 ? "nothing" : `something at "${expected}"`}`, () => {
    const found: string[] = [];
    checkHttp(spec, (path) => void found.push(path.join(".")), connection);
    assert.deepEqual(found, expected);
  });
}
