/**
 * A server that fails on purpose, for tests on both runtimes. Loopback only.
 *
 * As a program (`deno run -A tests/servers/fault_server.ts`) it prints one JSON line, `{"port":…,"url":…}`, on stdout and
 * runs until its stdin ends. As a module: {@link startFaultServer}.
 *
 * Good answers
 * - `/echo`: JSON `{ method, target, headers: [[name, value]], body, bytes, connection, onConnection }` of the request
 * - `/bytes/N`: N times `x`; `/chunked?parts=N`: `part 0;part 1;…` in chunks; `/until-close`: no length, ends with the connection
 * - `/json?text=…`: that text as `application/json`; `/charset?name=latin1&hex=e9`: those bytes as text of that charset
 * - `/continue`: 103 and 100 before the 200; `/headers?bytes=N`: a header of N bytes; `/cookies`: two `set-cookie`
 * - `/gzip` `/deflate` `/raw-deflate` `/br` `/zstd` `/gzip-br` `/gzip-two-members`: `compressed text ` 100 times
 *
 * Answers that tell the client to do something else
 * - `/status/N?retryAfter=…&date=…`: status N, with `retry-after` and `date` when given
 * - `/redirect?to=URL&status=302`; `/redirect/N`: N hops to `/echo`; `/redirect-loop`
 * - `/flaky?key=K&times=N&status=503`: N failures (`status=reset`: the connection is reset), then `{"tries":…}`
 * - `/early`: 413 before the request's body was read
 *
 * Faults
 * - `/hang`: no answer; `/hang-body`: headers, then nothing; `/slow-head?ms=N`; `/drip?bytes=N&everyMs=M`; `/endless`
 * - `/close-before` `/reset-before` `/reset-head` (half of a status line) `/reset-body` `/short` (ends before its length)
 * - `/chunk-open` (no last chunk) `/chunk-bad` (length `zz`) `/garbage` (another protocol) `/double-length`
 * - `/gzip-bomb?mb=N` `/gzip-corrupt` `/gzip-truncated` `/unknown-encoding`
 * - `/keepalive-reset`: 200, and the next request on this connection finds it reset; `/keepalive-half`: half an answer, then reset
 *
 * What it saw
 * - `/count?key=K`: counts up, gives `{"count":…}`; `/counted?key=K`: the count, unchanged
 * - `/busy?ms=N`: answers after N ms with `{"now":…,"peak":…}`: how many of these run, and ran at most, at a time
 */
import process from "node:process";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  joined,
  latin1,
  type RawRequest,
  type RawServer,
  type ServerTls,
  startRawServer,
} from "./raw_http_server.ts";

/** @see startFaultServer */
export interface FaultServer extends RawServer {
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
  /** How often `/count`, `/flaky` and any endpoint with `key=K` were asked. */
  count(key: string): number;
}

/** Starts one on a free port of `host` (127.0.0.1). */
export async function startFaultServer(
  options: { readonly tls?: ServerTls; readonly host?: string } = {},
): Promise<FaultServer> {
  const state: State = { counts: new Map(), doomed: new Map(), busy: 0, peak: 0 };
  const server = await startRawServer((request) => answer(request, state), {
    ...options,
    early(path, socket) {
      if (path !== "/early") return false;
      socket.end("HTTP/1.1 413 Content Too Large\r\ncontent-length: 7\r\nconnection: close\r\n\r\ntoo big");
      return true;
    },
  });
  return {
    ...server,
    url: `${options.tls ? "https" : "http"}://${options.host ?? "127.0.0.1"}:${server.port}`,
    count: (key) => state.counts.get(key) ?? 0,
  };
}

interface State {
  readonly counts: Map<string, number>;
  /** Connections whose next request ends them, and what is written before. */
  readonly doomed: Map<number, string>;
  busy: number;
  peak: number;
}

type Endpoint = (request: RawRequest, state: State, rest: string) => void;

function answer(request: RawRequest, state: State): void {
  const doom = state.doomed.get(request.connection);
  if (doom !== undefined) {
    if (doom === "") return void request.socket.resetAndDestroy();
    request.socket.write(doom, () => request.socket.resetAndDestroy());
    return;
  }
  const key = request.query.get("key");
  if (key !== null && request.path !== "/counted") state.counts.set(key, (state.counts.get(key) ?? 0) + 1);
  const [, name = "", rest = ""] = /^(\/[^/]*)\/?(.*)$/.exec(request.path) ?? [];
  const endpoint = endpoints[name];
  if (endpoint) endpoint(request, state, rest);
  else reply(request, 404, `no endpoint ${request.path}`);
}

/** An answer as it should be. */
function reply(
  { socket, method }: RawRequest,
  status: number,
  body: string | Uint8Array,
  headers: readonly string[] = [],
): void {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const lines = [`HTTP/1.1 ${status} Said So`, `content-length: ${bytes.length}`, ...headers];
  const head = new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
  socket.write(method === "HEAD" ? head : joined([head, bytes]));
}

function json(request: RawRequest, value: unknown, status = 200): void {
  reply(request, status, JSON.stringify(value), ["content-type: application/json"]);
}

function number({ query }: RawRequest, name: string, otherwise: number): number {
  return Number(query.get(name) ?? otherwise);
}

const okHead = "HTTP/1.1 200 OK\r\n";
const text = new TextEncoder().encode("compressed text ".repeat(100));

function compressed(encoding: string, bytes: Uint8Array): Endpoint {
  return (request) =>
    reply(request, 200, bytes, [`content-encoding: ${encoding}`, "content-type: text/plain"]);
}

/** Writes, and ends the connection with FIN or RST once that is on its way. */
function cut(bytes: string, how: "end" | "reset"): Endpoint {
  return ({ socket }) => {
    if (how === "end") return void socket.end(bytes);
    if (bytes === "") return void socket.resetAndDestroy();
    // The client reads what was written before it learns of the reset only if that comes a little later.
    socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20));
  };
}

const endpoints: { readonly [path: string]: Endpoint } = {
  "/echo": (request) =>
    json(request, {
      method: request.method,
      target: request.target,
      headers: request.headers.flatMap((name, i) => i % 2 === 0 ? [[name, request.headers[i + 1]]] : []),
      body: latin1(request.body.subarray(0, 100_000)),
      bytes: request.body.length,
      connection: request.connection,
      onConnection: request.onConnection,
    }),
  "/bytes": (request, _, rest) => reply(request, 200, new Uint8Array(Number(rest)).fill(120)),
  "/chunked": (request) => {
    let body = "";
    for (let i = 0; i < number(request, "parts", 3); i++) {
      body += `${`part ${i};`.length.toString(16)}\r\npart ${i};\r\n`;
    }
    request.socket.write(`${okHead}transfer-encoding: chunked\r\n\r\n${body}0\r\ntrailer: x\r\n\r\n`);
  },
  "/until-close": cut(`${okHead}connection: close\r\n\r\nall of it`, "end"),
  "/json": (request) =>
    reply(request, 200, request.query.get("text") ?? "{}", ["content-type: application/json"]),
  "/charset": ({ query, ...request }) =>
    reply(
      { query, ...request },
      200,
      Uint8Array.from(query.get("hex")!.match(/../g)!, (hex) => parseInt(hex, 16)),
      [
        `content-type: text/plain; charset=${query.get("name")}`,
      ],
    ),
  "/continue": ({ socket }) =>
    socket.write(
      "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
        `${okHead}content-length: 2\r\n\r\nhi`,
    ),
  "/headers": (request) =>
    reply(request, 200, "hi", [`x-long: ${"h".repeat(number(request, "bytes", 100))}`]),
  "/cookies": (request) =>
    reply(request, 200, "hi", ["Set-Cookie: a=1", "set-cookie: b=2", "X-Two: 1", "x-two: 2"]),
  "/gzip": compressed("gzip", gzipSync(text)),
  "/deflate": compressed("deflate", deflateSync(text)),
  "/raw-deflate": compressed("deflate", deflateRawSync(text)),
  "/br": compressed("br", brotliCompressSync(text)),
  "/zstd": compressed("zstd", zstdCompressSync(text)),
  "/gzip-br": compressed("gzip, br", brotliCompressSync(gzipSync(text))),
  "/gzip-two-members": compressed("gzip", joined([gzipSync(text), gzipSync(text)])),
  "/gzip-bomb": (request, state) =>
    compressed("gzip", gzipSync(new Uint8Array(number(request, "mb", 50) << 20)))(request, state, ""),
  "/gzip-corrupt": compressed("gzip", gzipSync(text).map((byte, i) => i === 30 ? byte ^ 0xff : byte)),
  "/gzip-truncated": compressed("gzip", gzipSync(text).subarray(0, -12)),
  "/unknown-encoding": compressed("rot13", text),
  "/status": (request, _, rest) => {
    const headers = ["retry-after", "date"].flatMap((name) => {
      const value = request.query.get(name === "date" ? "date" : "retryAfter");
      return value === null ? [] : [`${name}: ${value}`];
    });
    const status = Number(rest);
    if (status === 204 || status === 304) {
      request.socket.write(
        `HTTP/1.1 ${status} Nothing\r\n${headers.map((line) => line + "\r\n").join("")}\r\n`,
      );
    } else reply(request, status, `status ${status}`, headers);
  },
  "/redirect": (request, _, rest) => {
    const hops = Number(rest);
    const to = rest === "" ? request.query.get("to")! : hops <= 1 ? "/echo" : `/redirect/${hops - 1}`;
    reply(request, number(request, "status", 302), "over there", [`location: ${to}`]);
  },
  "/redirect-loop": (request) => reply(request, 302, "", ["location: /redirect-loop"]),
  "/flaky": (request, { counts }) => {
    const tries = counts.get(request.query.get("key") ?? "")!;
    if (tries > number(request, "times", 1)) return json(request, { tries });
    if (request.query.get("status") === "reset") return void request.socket.resetAndDestroy();
    json(request, { tries }, number(request, "status", 503));
  },
  "/early": (request) => reply(request, 413, "too big", ["connection: close"]),
  "/hang": () => {},
  "/hang-body": ({ socket }) => socket.write(`${okHead}content-length: 100\r\n\r\nbegin`),
  "/slow-head": (request) => void setTimeout(() => reply(request, 200, "late"), number(request, "ms", 100)),
  "/drip": (request) => {
    let left = number(request, "bytes", 10);
    request.socket.write(`${okHead}content-length: ${left}\r\n\r\n`);
    const timer = setInterval(() => {
      if (left-- > 0 && !request.socket.destroyed) request.socket.write(".");
      else clearInterval(timer);
    }, number(request, "everyMs", 20));
  },
  "/endless": ({ socket }) => {
    socket.write(`${okHead}transfer-encoding: chunked\r\n\r\n`);
    const chunk = `4000\r\n${"e".repeat(0x4000)}\r\n`;
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk)) { /* Until the buffer is full. */ }
    };
    socket.on("drain", pour);
    pour();
  },
  "/close-before": cut("", "end"),
  "/reset-before": cut("", "reset"),
  "/reset-head": cut("HTTP/1.1 20", "reset"),
  "/reset-body": cut(`${okHead}content-length: 100\r\n\r\nbegin`, "reset"),
  "/short": cut(`${okHead}content-length: 100\r\n\r\nbegin`, "end"),
  "/chunk-open": cut(`${okHead}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`, "end"),
  "/chunk-bad": cut(`${okHead}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`, "end"),
  "/garbage": cut("SSH-2.0-OpenSSH_9.2\r\n", "end"),
  "/double-length": cut(`${okHead}content-length: 2\r\ncontent-length: 3\r\n\r\nhi!`, "end"),
  "/keepalive-reset": (request, { doomed }) => {
    doomed.set(request.connection, "");
    reply(request, 200, "once");
  },
  "/keepalive-half": (request, { doomed }) => {
    doomed.set(request.connection, "HTTP/1.1 20");
    reply(request, 200, "once");
  },
  "/count": (request, { counts }) =>
    json(request, { count: counts.get(request.query.get("key") ?? "") ?? 0 }),
  "/counted": (request, { counts }) =>
    json(request, { count: counts.get(request.query.get("key") ?? "") ?? 0 }),
  "/busy": (request, state) => {
    state.peak = Math.max(state.peak, ++state.busy);
    setTimeout(() => {
      json(request, { now: state.busy--, peak: state.peak });
    }, number(request, "ms", 50));
  },
};

if (import.meta.main) {
  const server = await startFaultServer();
  process.stdout.write(JSON.stringify({ port: server.port, url: server.url }) + "\n");
  process.stdin.on("end", () => void server.close());
  process.stdin.resume();
}
