import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { exchange, patientOptions, routeTo } from "../../tests/servers/exchange.ts";
import { type FaultServer, startFaultServer } from "../../tests/servers/fault_server.ts";
import { makeTestCertificates, type TestCertificates } from "../../tests/servers/test_certificates.ts";
import { startTestProxy } from "../../tests/servers/test_proxy.ts";
import { realHttp } from "./http.ts";
import { connectFirst } from "./http_connect.ts";
import type { HttpOptions, HttpProxy, HttpTls } from "./http_port.ts";
import { DialError, discard } from "./http_stage.ts";

let made: TestCertificates;
let plain: FaultServer;
let secure: FaultServer;
const others: FaultServer[] = [];

before(async () => {
  made = makeTestCertificates();
  plain = await startFaultServer();
  secure = await startFaultServer({ tls: made.server });
});

after(async () => {
  await Promise.all([plain, secure, ...others].map((server) => server.close()));
});

const noTls = patientOptions.tls;

/** One exchange with a client of its own. */
async function get(
  url: string,
  { tls = {}, proxy, options = {} }: {
    readonly tls?: Partial<HttpTls>;
    readonly proxy?: HttpProxy;
    readonly options?: Partial<HttpOptions>;
  } = {},
) {
  const client = await realHttp.open({ ...patientOptions, ...options, tls: { ...noTls, ...tls } });
  try {
    return await exchange(client, url, proxy ? { route: routeTo(url, { proxy }) } : {});
  } finally {
    client.close();
  }
}

async function failing(...given: Parameters<typeof get>) {
  const { failure } = await get(...given);
  assert.ok(failure !== undefined, "it did not fail");
  return failure;
}

function reach(port: number, more: Partial<HttpProxy> = {}): HttpProxy {
  return { secure: false, host: "127.0.0.1", port, authorization: null, ...more };
}

test("dial() speaks TLS with a server whose authority is known", async () => {
  for (const url of [secure.url, secure.url.replace("127.0.0.1", "localhost")]) {
    const got = await get(`${url}/bytes/70000`, { tls: { ca: made.ca } });
    assert.deepEqual([got.body.length, got.failure, got.head?.address], [70_000, undefined, "127.0.0.1"]);
  }
});

test("dial() refuses a certificate of an unknown authority", async () => {
  const { reason, sent } = await failing(`${secure.url}/bytes/1`);
  assert.deepEqual([reason, sent], ["tls", false]);
});

test("dial() takes any certificate when told to", async () => {
  const got = await get(`${secure.url}/bytes/1`, { tls: { insecure: true } });
  assert.equal(got.body, "x");
});

test("dial() refuses expired certificates and those of other names", async () => {
  for (const pair of [made.expired, made.otherName]) {
    const server = await startFaultServer({ tls: pair });
    others.push(server);
    const { reason, sent } = await failing(`${server.url}/bytes/1`, { tls: { ca: made.ca } });
    assert.deepEqual([reason, sent], ["tls", false]);
  }
});

test("dial() checks serverName in place of the host", async () => {
  const server = await startFaultServer({ tls: made.otherName });
  others.push(server);
  const got = await get(`${server.url}/bytes/1`, { tls: { ca: made.ca, serverName: "other.test" } });
  assert.equal(got.body, "x");
});

test("dial() shows the client's certificate to a server that asks for it", async () => {
  const server = await startFaultServer({ tls: { ...made.server, clientCa: made.ca } });
  others.push(server);
  const got = await get(`${server.url}/bytes/1`, { tls: { ca: made.ca, ...made.client } });
  assert.equal(got.body, "x");
  const without = await failing(`${server.url}/bytes/1`, { tls: { ca: made.ca } });
  // TLS 1.3 lets a client believe that it is connected before the server has judged its certificate.
  assert.ok(["tls", "reset", "connect"].includes(without.reason), without.reason);
});

/** A server that does one thing to every connection. */
async function withServer(
  act: (socket: Socket) => void,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    act(socket);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    await use((server.address() as { port: number }).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test("dial() takes no plain server for a TLS one", async () => {
  const act = (socket: Socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await withServer(act, async (port) => {
    const { reason, sent } = await failing(`https://127.0.0.1:${port}/`);
    assert.deepEqual([reason, sent], ["tls", false]);
  });
});

test("dial() takes a connection that ends during the handshake for one that never stood", async () => {
  for (const act of ["end", "resetAndDestroy"] as const) {
    await withServer((socket) => socket.once("data", () => socket[act]()), async (port) => {
      const { reason, sent } = await failing(`https://127.0.0.1:${port}/`);
      assert.deepEqual([reason, sent], ["connect", false]);
    });
  }
});

test("dial() that hangs in a handshake ends at the connect limit, and nothing was sent", async () => {
  await withServer(() => {}, async (port) => {
    const { reason, sent } = await failing(`https://127.0.0.1:${port}/`, { options: { connectMs: 60 } });
    assert.deepEqual([reason, sent], ["timeout", false]);
  });
});

test("dial() goes through a proxy: the absolute form for http, a tunnel for https", async () => {
  const proxy = await startTestProxy(plain.port);
  const authorization = "Basic eDp5";
  const got = await get("http://far.test/bytes/3?x=1", { proxy: reach(proxy.port, { authorization }) });
  assert.deepEqual([got.body, got.head?.address], ["xxx", null]);
  assert.deepEqual(proxy.asked, ["GET http://far.test:80/bytes/3?x=1 HTTP/1.1"]);
  assert.deepEqual(proxy.authorizations, [authorization]);
  await proxy.close();

  const tunnel = await startTestProxy(secure.port);
  const far = `https://localhost:1/echo`;
  const through = await get(far, { proxy: reach(tunnel.port, { authorization }), tls: { ca: made.ca } });
  assert.deepEqual(tunnel.asked, ["CONNECT localhost:1 HTTP/1.1"]);
  assert.deepEqual(tunnel.authorizations, [authorization]);
  assert.ok(!through.body.includes("proxy-authorization"));
  assert.equal(JSON.parse(through.body).target, "/echo");
  await tunnel.close();
});

test("dial() goes through a proxy that speaks TLS itself", async () => {
  const proxy = await startTestProxy(secure.port, { tls: made.server });
  const got = await get("https://localhost:1/bytes/3", {
    proxy: reach(proxy.port, { secure: true }),
    tls: { ca: made.ca },
  });
  assert.deepEqual([got.failure, got.body], [undefined, "xxx"]);
  await proxy.close();
});

const refusals: readonly (readonly [string, string])[] = [
  ["HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "HTTP_407"],
  ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "HTTP_502"],
  ["SSH-2.0\r\n\r\n", "PROTOCOL"],
  ["HTTP/1.1 200 OK\r\n\r\nnot TLS yet", "PROTOCOL"],
  [`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}`, "PROTOCOL"],
  ["", "ECONNRESET"],
];

for (const [answer, code] of refusals) {
  test(`dial() through a proxy that says ${JSON.stringify(answer.slice(0, 30))} fails with ${code}`, async () => {
    const proxy = await startTestProxy(secure.port, { answer });
    const failure = await failing("https://far.test/", { proxy: reach(proxy.port) });
    assert.deepEqual([failure.reason, failure.code, failure.sent], ["proxy", code, false]);
    await proxy.close();
  });
}

test("dial() tells a proxy that is not there from a server that is not", async () => {
  const proxy = await startTestProxy(1);
  await proxy.close();
  const failure = await failing("http://far.test/", { proxy: reach(proxy.port) });
  assert.deepEqual([failure.reason, failure.code, failure.sent], ["proxy", "ECONNREFUSED", false]);
});

/** Connects to the first of these on a port. */
function connectTo(addresses: readonly string[], port: number): Promise<string> {
  return new Promise((resolve) => {
    connectFirst(addresses, { host: "far.test", port }, (result) => {
      if (result instanceof DialError) return resolve(`${result.reason} ${result.message}`);
      discard(result.socket);
      resolve(result.address!);
    });
  });
}

test("connectFirst() goes on to the next address when one refuses", async () => {
  assert.equal(await connectTo(["127.0.0.2", "127.0.0.3", "127.0.0.1"], plain.port), "127.0.0.1");
});

test("connectFirst() fails with what the last address said", async () => {
  const gone = await startFaultServer();
  await gone.close();
  const said = await connectTo(["127.0.0.2", "127.0.0.1"], gone.port);
  assert.equal(
    said,
    `connect Cannot connect to far.test port ${gone.port} (127.0.0.1): connection refused (ECONNREFUSED)`,
  );
});

test("open() says which PEM file cannot be used", async () => {
  await assert.rejects(
    get("https://x/", { tls: { ca: "/nowhere/ca.pem" } }),
    /Cannot read tls\.ca: .*nowhere/,
  );
  await assert.rejects(
    get("https://x/", { tls: { key: "/etc/hostname" } }),
    /Cannot use tls\.key: \/etc\/hostname is no PEM file/,
  );
});
