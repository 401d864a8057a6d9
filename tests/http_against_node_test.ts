import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { request } from "node:http";
import { createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { realHttp } from "../src/runtime/http.ts";
import type { HttpClient } from "../src/runtime/http_port.ts";
import { exchange, patientOptions } from "./servers/exchange.ts";

/** How an answer is understood: the same bytes for both. */
interface Understood {
  readonly ending: "ok" | "reset" | "truncated" | "protocol" | "headers_too_large" | string;
  readonly status: number | undefined;
  readonly body: string;
}

let server: Server;
let url: string;
let client: HttpClient;
/** What the server sends next, then it ends the connection. */
let answer = "";

before(async () => {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.from(answer, "latin1")));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  client = await realHttp.open(patientOptions);
});

after(() => {
  client.close();
  server.close();
});

async function ours(): Promise<Understood> {
  const { head, body, failure } = await exchange(client, url, { repeatable: false });
  return { ending: failure?.reason ?? "ok", status: head?.status, body };
}

function theirs(): Promise<Understood> {
  return new Promise((resolve) => {
    let status: number | undefined;
    let body = "";
    const settle = (ending: string) => resolve({ ending, status, body });
    const failed = (error: Error & { code?: string }) => {
      if (error.code === "HPE_HEADER_OVERFLOW") settle("headers_too_large");
      else if (error.code?.startsWith("HPE_")) {
        settle(error.code === "HPE_INVALID_EOF_STATE" ? "reset" : "protocol");
      } else settle(status === undefined ? "reset" : "truncated");
    };
    const sent = request(url, { agent: false, maxHeaderSize: patientOptions.maxHeaderBytes }, (response) => {
      status = response.statusCode;
      response.on("data", (chunk) => (body += chunk.toString("latin1")));
      response.on("end", () => settle("ok"));
      response.on("error", failed);
    });
    sent.on("error", failed);
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      settle("protocol");
    });
    sent.end();
  });
}

/** What RFC 9112 leaves to the reader, or lets us refuse: here the two may differ. */
function mayDiffer(text: string): boolean {
  return [
    // We refuse what is not terminated by both characters, a list of lengths, other codings and 101; node takes some of it.
    /[^\r]\n|\r[^\n]/,
    /^\r\n/,
    /transfer-encoding: (?!chunked\r\n)/i,
    /transfer-encoding:[^]*transfer-encoding:/i,
    /HTTP\/1\.1 101/,
    // HTTP/0.9 and odd versions.
    /^HTTP\/(?!1\.[01] )/,
    /^HTTP\/1\.[01] (?![1-9]\d\d[ \r])/,
    // Folded lines are joined by us and refused by node.
    /\r\n[ \t]/,
    // Control and other odd characters in values, where both are free.
    // deno-lint-ignore no-control-regex
    /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/,
    // A blank before the first extension, and what may stand in extensions and trailers.
    /\r\n[0-9a-fA-F]+[ \t;]/,
    /\r\n0+\r\n(?!\r\n)/,
  ].some((pattern) => pattern.test(text));
}

/** Bytes stand behind the answer whose body is this. */
function hasMore(whole: string, body: string): boolean {
  const [, , rest = ""] = /^((?:HTTP\/1\.1 1[^]*?\r\n\r\n)*[^]*?\r\n\r\n)([^]*)$/.exec(whole) ?? [];
  const isChunked = /transfer-encoding: chunked/i.test(whole) && !/ (?:204|304) /.test(whole);
  return isChunked
    ? !rest.endsWith("0\r\n\r\n") || rest.indexOf("0\r\n\r\n") < rest.length - 5
    : rest.length > body.length;
}

const statusLines = [
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 404 Not Found\r\n",
  "HTTP/1.0 200 OK\r\n",
  "HTTP/1.1 204 No Content\r\n",
  "HTTP/1.1 304 Not Modified\r\n",
  "HTTP/1.1 200\r\n",
  "HTTP/1.1 20\r\n",
  "SSH-2.0\r\n",
];
const headerLines = [
  "Content-Length: 5\r\n",
  "content-length:5\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 12\r\n",
  "Content-Length: 5, 5\r\n",
  "Content-Length: five\r\n",
  "Content-Length: -5\r\n",
  "Content-Length:\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: Chunked\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "X: y\r\n",
  "X:\r\n",
  "X : y\r\n",
  "X\r\n",
  'Set-Cookie: a=b; c="d"\r\n',
  "HTTP/1.1 100 Continue\r\n\r\n",
];
const bodyPieces = [
  "hello",
  "5\r\nhello\r\n",
  "A\r\n0123456789\r\n",
  "0\r\n\r\n",
  "zz\r\n",
  "5\r\nhel",
  "\r\n",
  "",
  "0x5\r\nhello\r\n",
  "-1\r\n",
];

test("exchange() understands an answer as node:http does", async () => {
  const text = fc.record({
    early: fc.constantFrom(
      "",
      "",
      "",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n",
    ),
    status: fc.constantFrom(...statusLines.slice(0, 3), ...statusLines),
    headers: fc.array(fc.constantFrom(...headerLines), { maxLength: 3 }),
    body: fc.array(fc.constantFrom(...bodyPieces), { maxLength: 4 }),
    cut: fc.option(fc.nat(120)),
  }).map(({ early, status, headers, body, cut }) => {
    const whole = `${early}${status}${headers.join("")}\r\n${body.join("")}`;
    return cut === null ? whole : whole.slice(0, cut);
  }).filter((whole) => whole !== "" && !mayDiffer(whole));
  await fc.assert(
    fc.asyncProperty(text, async (whole) => {
      answer = whole;
      const [mine, other] = [await ours(), await theirs()];
      // What follows a whole answer is node's business at once, ours with the connection: it is not used again.
      if (mine.ending === "ok" && other.ending === "protocol" && hasMore(whole, mine.body)) return;
      // A head that breaks off is judged by us as that, by node line by line.
      if (mine.ending === "reset" && other.ending === "protocol") return;
      // Bytes of a body that turns out wrong may have been shown or not.
      const isWhole = mine.ending === "ok" && other.ending === "ok";
      const known = ({ ending, status, body }: Understood) => isWhole ? { ending, status, body } : { ending };
      assert.deepEqual(known(mine), known(other), JSON.stringify(whole));
    }),
    { numRuns: 300 },
  );
});
