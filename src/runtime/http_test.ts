import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exchange, patientOptions, routeTo } from "../../tests/servers/exchange.ts";
import { type FaultServer, startFaultServer } from "../../tests/servers/fault_server.ts";
import { realHttp } from "./http.ts";
import type { HttpClient } from "./http_port.ts";

let server: FaultServer;
let client: HttpClient;
let folder: string;

before(async () => {
  server = await startFaultServer();
  client = await realHttp.open(patientOptions);
  folder = mkdtempSync(join(tmpdir(), "fanout-http-"));
});

after(async () => {
  client.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

/** A connection is free again some turns of the loop after its answer has ended. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const answers: readonly { readonly path: string; readonly status?: number; readonly body: string }[] = [
  { path: "/bytes/3", body: "xxx" },
  { path: "/bytes/0", body: "" },
  { path: "/bytes/300000", body: "x".repeat(300_000) },
  { path: "/chunked?parts=3", body: "part 0;part 1;part 2;" },
  { path: "/until-close", body: "all of it" },
  { path: "/continue", body: "hi" },
  { path: "/status/404", status: 404, body: "status 404" },
  { path: "/status/204", status: 204, body: "" },
  { path: "/status/304", status: 304, body: "" },
  { path: "/redirect/2", status: 302, body: "over there" },
  { path: "/headers?bytes=60000", body: "hi" },
  { path: "/slow-head?ms=30", body: "late" },
];

for (const { path, status = 200, body } of answers) {
  test(`exchange() brings the answer of ${path}`, async () => {
    const got = await exchange(client, server.url + path);
    assert.deepEqual([got.head?.status, got.body, got.failure], [status, body, undefined]);
  });
}

const faults: readonly { readonly path: string; readonly reason: string; readonly head?: true }[] = [
  { path: "/close-before", reason: "reset" },
  { path: "/reset-before", reason: "reset" },
  { path: "/reset-head", reason: "reset" },
  { path: "/reset-body", reason: "reset", head: true },
  { path: "/short", reason: "truncated", head: true },
  { path: "/chunk-open", reason: "truncated", head: true },
  { path: "/chunk-bad", reason: "protocol", head: true },
  { path: "/garbage", reason: "protocol" },
  { path: "/double-length", reason: "protocol" },
  { path: "/headers?bytes=200000", reason: "headers_too_large" },
];

for (const { path, reason, head = false } of faults) {
  test(`exchange() of ${path} fails with ${reason}`, async () => {
    const got = await exchange(client, server.url + path);
    assert.deepEqual(
      [got.failure?.reason, got.failure?.sent, got.head !== undefined],
      [reason, true, head],
      JSON.stringify(got),
    );
  });
}

test("exchange() sends method, path, headers and body as they are", async () => {
  const got = await exchange(client, `${server.url}/echo?a=%20b`, {
    method: "POST",
    headers: ["X-Mine", "1", "content-type", "text/plain"],
    body: [new TextEncoder().encode("hello "), new TextEncoder().encode("world")],
  });
  const seen = JSON.parse(got.body);
  assert.deepEqual([seen.method, seen.target, seen.body], ["POST", "/echo?a=%20b", "hello world"]);
  const headers = new Map<string, string>(seen.headers);
  assert.equal(headers.get("X-Mine"), "1");
  assert.equal(headers.get("content-length"), "11");
  assert.equal(headers.get("host"), new URL(server.url).host);
});

test("exchange() streams files between bytes and knows their length", async () => {
  const file = join(folder, "part.txt");
  writeFileSync(file, "f".repeat(200_000));
  const got = await exchange(client, `${server.url}/echo`, {
    method: "PUT",
    body: [new TextEncoder().encode("<"), { file }, new TextEncoder().encode(">")],
  });
  const seen = JSON.parse(got.body);
  assert.equal(seen.bytes, 200_002);
  assert.equal(seen.body.slice(0, 3), "<ff");
});

test("exchange() fails before it connects when a file of the body is not there", async () => {
  const connections = server.connections();
  const got = await exchange(client, `${server.url}/echo`, {
    method: "PUT",
    body: [{ file: join(folder, "none") }],
  });
  assert.deepEqual([got.failure?.reason, got.failure?.code, got.failure?.sent], ["source", "ENOENT", false]);
  assert.equal(server.connections(), connections);
});

test("exchange() of a HEAD request has no body, whatever its length says", async () => {
  const got = await exchange(client, `${server.url}/bytes/10`, { method: "HEAD" });
  assert.deepEqual([got.head?.status, got.body, got.failure], [200, "", undefined]);
});

test("exchange() brings an answer that came before the body was sent", async () => {
  const got = await exchange(client, `${server.url}/early`, {
    method: "POST",
    body: [new Uint8Array(3_000_000)],
  });
  assert.deepEqual([got.head?.status, got.body, got.failure?.message], [413, "too big", undefined]);
});

test("exchange() keeps connections alive and tells which address it used", async () => {
  const own = await realHttp.open(patientOptions);
  const before = server.connections();
  for (let i = 0; i < 3; i++) {
    const got = await exchange(own, `${server.url}/bytes/1`);
    assert.equal(got.head?.address, "127.0.0.1");
  }
  assert.equal(server.connections(), before + 1);
  own.close();
});

test("exchange() replaces a kept connection that ends before the answer, if the request may be repeated", async () => {
  const own = await realHttp.open(patientOptions);
  await exchange(own, `${server.url}/keepalive-reset`);
  await settled();
  const got = await exchange(own, `${server.url}/count?key=replaced`);
  assert.deepEqual([got.body, got.failure], ['{"count":1}', undefined]);
  own.close();
});

test("exchange() does not repeat a request that may not be", async () => {
  const own = await realHttp.open(patientOptions);
  await exchange(own, `${server.url}/keepalive-reset`);
  await settled();
  const got = await exchange(own, `${server.url}/echo`, { method: "POST", body: [new Uint8Array(1)] });
  assert.deepEqual([got.failure?.reason, got.failure?.sent], ["reset", true]);
  own.close();
});

test("exchange() does not repeat a request of whose answer a byte has come", async () => {
  const own = await realHttp.open(patientOptions);
  await exchange(own, `${server.url}/keepalive-half`);
  await settled();
  const got = await exchange(own, `${server.url}/bytes/1`);
  assert.deepEqual([got.failure?.reason, got.failure?.sent], ["reset", true]);
  own.close();
});

test("exchange() never sends to an address that the route refuses", async () => {
  const before = server.connections();
  const url = server.url.replace("127.0.0.1", "localhost");
  for (const target of [server.url, url]) {
    const route = routeTo(target, { refuses: (address) => `${address} is refused here` });
    const got = await exchange(client, `${target}/bytes/1`, { route: { ...route, key: "refusing" } });
    assert.deepEqual([got.failure?.reason, got.failure?.sent], ["blocked_address", false]);
  }
  assert.equal(server.connections(), before);
});

test("exchange() tells refused connections and unknown hosts from each other", async () => {
  const gone = await startFaultServer();
  await gone.close();
  const refused = await exchange(client, `${gone.url}/`);
  assert.deepEqual([refused.failure?.reason, refused.failure?.code, refused.failure?.sent], [
    "connect",
    "ECONNREFUSED",
    false,
  ]);
  const unknown = await exchange(client, "http://no-such-host.invalid/");
  assert.deepEqual([unknown.failure?.reason, unknown.failure?.sent], ["dns", false]);
});

const limits = [
  { path: "/hang", limit: { firstByteMs: 60 }, sent: true },
  { path: "/hang-body", limit: { idleMs: 60 }, sent: true },
] as const;

for (const { path, limit, sent } of limits) {
  test(`exchange() of ${path} ends at ${JSON.stringify(limit)}`, async () => {
    const own = await realHttp.open({ ...patientOptions, ...limit });
    const got = await exchange(own, server.url + path);
    assert.deepEqual([got.failure?.reason, got.failure?.sent], ["timeout", sent]);
    own.close();
  });
}

test("exchange() lets a slow answer be slow while something comes", async () => {
  const own = await realHttp.open({ ...patientOptions, idleMs: 100 });
  const got = await exchange(own, `${server.url}/drip?bytes=15&everyMs=20`);
  assert.equal(got.body.length, 15);
  own.close();
});
