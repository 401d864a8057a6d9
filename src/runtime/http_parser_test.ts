import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { type ConnectionEnd, type ParseProblem, ResponseParser } from "./http_parser.ts";

interface Parsed {
  readonly status?: number;
  readonly body: string;
  /** `reusable`, `not reusable`, what the end of the connection makes of it, or what is wrong. */
  readonly ending: string;
}

/** Feeds an answer in pieces that end at `cuts`, then the end of the connection. */
function parse(text: string, { method = "GET", cuts = [] as readonly number[] } = {}): Parsed {
  const parser = new ResponseParser(1_000);
  let status: number | undefined;
  let body = "";
  let ending: string | undefined;
  parser.expect(method, {
    head: (code) => void (status = code),
    data: (chunk) => void (body += Buffer.from(chunk).toString("latin1")),
    end: (isReusable) => void (ending = isReusable ? "reusable" : "not reusable"),
  });
  const bytes = Buffer.from(text, "latin1");
  const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) =>
    a - b
  );
  for (let i = 1; i < places.length && ending === undefined; i++) {
    const problem: ParseProblem | undefined = parser.feed(bytes.subarray(places[i - 1]!, places[i]!));
    if (problem && ending === undefined) ending = problem.reason;
  }
  if (ending === undefined) {
    const end: ConnectionEnd = parser.finish();
    ending ??= end;
  }
  return { ...(status === undefined ? {} : { status }), body, ending };
}

const ok = "HTTP/1.1 200 OK\r\n";
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

/** The answer; status, body, ending. */
const rows: readonly (readonly [string, string, number | undefined, string, string])[] = [
  ["a length", `${ok}Content-Length: 2\r\n\r\nhi`, 200, "hi", "reusable"],
  ["no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", "reusable"],
  ["an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", "reusable"],
  ["blanks around values", `${ok}content-length:\t 2 \t\r\n\r\nhi`, 200, "hi", "reusable"],
  ["connection: close", `${ok}Connection: Close\r\nContent-Length: 2\r\n\r\nhi`, 200, "hi", "not reusable"],
  [
    "options of connection",
    `${ok}Connection: x, close\r\nContent-Length: 2\r\n\r\nhi`,
    200,
    "hi",
    "not reusable",
  ],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", "not reusable"],
  [
    "HTTP/1.0 kept",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
    200,
    "hi",
    "reusable",
  ],
  ["more than the length", `${ok}Content-Length: 2\r\n\r\nhi!`, 200, "hi", "not reusable"],
  ["until the end", `${ok}\r\nhi`, 200, "hi", "not reusable"],
  ["204", "HTTP/1.1 204 No\r\n\r\n", 204, "", "reusable"],
  ["304 with a length", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", 304, "", "reusable"],
  [
    "1xx first",
    `HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`,
    200,
    "hi",
    "reusable",
  ],
  ["chunks", `${chunked}2\r\nhi\r\n3\r\n yo\r\n0\r\n\r\n`, 200, "hi yo", "reusable"],
  [
    "chunks with extensions",
    `${chunked}2;a=b\r\nhi\r\n3 ; x="y;z"\r\n yo\r\n000;e\r\n\r\n`,
    200,
    "hi yo",
    "reusable",
  ],
  [
    "chunks with trailers",
    `${chunked}A\r\n0123456789\r\n0\r\nx: y\r\nz: 1\r\n\r\n`,
    200,
    "0123456789",
    "reusable",
  ],
  ["chunks and more", `${chunked}0\r\n\r\nmore`, 200, "", "not reusable"],
  ["a folded line", `${ok}x: a\r\n b\r\nContent-Length: 2\r\n\r\nhi`, 200, "hi", "reusable"],
  ["nothing", "", undefined, "", "nothing"],
  ["half a status line", "HTTP/1.1 20", undefined, "", "head"],
  ["half a head", `${ok}Content-Le`, undefined, "", "head"],
  ["half a body", `${ok}Content-Length: 5\r\n\r\nhi`, 200, "hi", "truncated"],
  ["half a chunk", `${chunked}5\r\nhi`, 200, "hi", "truncated"],
  ["no last chunk", `${chunked}2\r\nhi\r\n`, 200, "hi", "truncated"],
  ["half a trailer", `${chunked}2\r\nhi\r\n0\r\nx: y\r\n`, 200, "hi", "truncated"],
  ["only 1xx", "HTTP/1.1 100 Continue\r\n\r\n", undefined, "", "head"],
  ["another protocol", "SSH-2.0-OpenSSH\r\n", undefined, "", "protocol"],
  ["half of another protocol", "SSH", undefined, "", "protocol"],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", undefined, "", "protocol"],
  ["a short status", "HTTP/1.1 20 OK\r\n\r\n", undefined, "", "protocol"],
  ["a long status", "HTTP/1.1 2000 OK\r\n\r\n", undefined, "", "protocol"],
  ["101", "HTTP/1.1 101 Switching\r\n\r\n", undefined, "", "protocol"],
  ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi\r\n\r\n", undefined, "", "protocol"],
  ["bare line feeds to the end", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", undefined, "", "protocol"],
  ["a bare return", `${ok}x: a\rb\r\n\r\n`, undefined, "", "protocol"],
  ["a NUL", `${ok}x: a\0b\r\n\r\n`, undefined, "", "protocol"],
  ["a blank before the colon", `${ok}Content-Length : 2\r\n\r\nhi`, undefined, "", "protocol"],
  ["a line without colon", `${ok}nonsense\r\n\r\n`, undefined, "", "protocol"],
  ["an empty name", `${ok}: x\r\n\r\n`, undefined, "", "protocol"],
  ["two lengths", `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`, undefined, "", "protocol"],
  ["a list of lengths", `${ok}Content-Length: 2, 2\r\n\r\nhi`, undefined, "", "protocol"],
  ["a negative length", `${ok}Content-Length: -1\r\n\r\nhi`, undefined, "", "protocol"],
  ["a length in hex", `${ok}Content-Length: 0x2\r\n\r\nhi`, undefined, "", "protocol"],
  ["a length with a sign", `${ok}Content-Length: +2\r\n\r\nhi`, undefined, "", "protocol"],
  ["a huge length", `${ok}Content-Length: 9999999999999999999\r\n\r\nhi`, undefined, "", "protocol"],
  [
    "a length and chunks",
    `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    undefined,
    "",
    "protocol",
  ],
  ["another coding", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, undefined, "", "protocol"],
  [
    "two codings",
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    undefined,
    "",
    "protocol",
  ],
  ["a bad chunk size", `${chunked}zz\r\n`, 200, "", "protocol"],
  ["an empty chunk size", `${chunked}\r\nhi`, 200, "", "protocol"],
  ["a chunk size with a sign", `${chunked}-2\r\nhi\r\n`, 200, "", "protocol"],
  ["a chunk size as 0x2", `${chunked}0x2\r\nhi\r\n`, 200, "", "protocol"],
  ["a huge chunk size", `${chunked}ffffffffffffffffff\r\n`, 200, "", "protocol"],
  ["a chunk longer than it says", `${chunked}2\r\nhi!\r\n0\r\n\r\n`, 200, "hi", "protocol"],
  ["a bare line feed after a size", `${chunked}2\nhi\r\n0\r\n\r\n`, 200, "", "protocol"],
  ["a bare line feed after data", `${chunked}2\r\nhi\n0\r\n\r\n`, 200, "hi", "protocol"],
  ["a bare line feed in trailers", `${chunked}0\r\nx: y\n\r\n`, 200, "", "protocol"],
  ["an extension without end", `${chunked}2;${"x".repeat(2_000)}`, 200, "", "protocol"],
  ["trailers without end", `${chunked}0\r\n${"x: y\r\n".repeat(500)}`, 200, "", "protocol"],
  ["long headers", `${ok}x: ${"x".repeat(1_000)}\r\n\r\n`, undefined, "", "headers_too_large"],
  ["headers without end", `${ok}${"x: y\r\n".repeat(300)}`, undefined, "", "headers_too_large"],
  ["1xx without end", `HTTP/1.1 103 Early\r\nx: y\r\n\r\n`.repeat(100), undefined, "", "headers_too_large"],
];

for (const [name, text, status, body, ending] of rows) {
  test(`ResponseParser reads ${name}, in one piece and byte by byte`, () => {
    const expected = { ...(status === undefined ? {} : { status }), body, ending };
    assert.deepEqual(parse(text), expected);
    const bytewise = parse(text, { cuts: Array.from(text, (_, i) => i) });
    // What follows an answer is seen only if it comes with its last bytes: else the connection is found out when idle.
    const reusable = ending === "not reusable" && bytewise.ending === "reusable";
    assert.deepEqual(bytewise, reusable ? { ...expected, ending: "reusable" } : expected);
  });
}

test("ResponseParser knows that HEAD has no body", () => {
  assert.deepEqual(parse(`${ok}Content-Length: 5\r\n\r\n`, { method: "HEAD" }), {
    status: 200,
    body: "",
    ending: "reusable",
  });
});

test("ResponseParser gives names and values as they came, in order", () => {
  const parser = new ResponseParser(1_000);
  let headers: readonly string[] = [];
  parser.expect("GET", { head: (_, found) => void (headers = found), data() {}, end() {} });
  parser.feed(Buffer.from(`${ok}X-A:  a b \r\nx-a: \r\nconstructor: \xe9\r\n\r\n`, "latin1"));
  assert.deepEqual(headers, ["X-A", "a b", "x-a", "", "constructor", "\xe9"]);
});

test("ResponseParser finds the same however the bytes are cut", () => {
  const answers = rows.map(([, text]) => text);
  fc.assert(
    fc.property(fc.constantFrom(...answers), fc.array(fc.nat(300), { maxLength: 8 }), (text, cuts) => {
      const [whole, pieces] = [parse(text), parse(text, { cuts })];
      const isSame = (ending: string) => ending.replace("not ", "");
      assert.deepEqual({ ...pieces, ending: isSame(pieces.ending) }, {
        ...whole,
        ending: isSame(whole.ending),
      });
    }),
    { numRuns: 2_000 },
  );
});

test("ResponseParser survives any bytes", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary-ascii" }),
    fc.constantFrom(
      "HTTP/1.1 200 OK\r\n",
      "\r\n",
      "\r\n\r\n",
      "Content-Length: 3\r\n",
      "Transfer-Encoding: chunked\r\n",
      "3\r\nabc\r\n",
      "0\r\n\r\n",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const known = [
        "reusable",
        "not reusable",
        "protocol",
        "headers_too_large",
        "nothing",
        "head",
        "truncated",
        "complete",
      ];
      assert.ok(known.includes(parse(pieces.join("")).ending));
    }),
    { numRuns: 2_000 },
  );
});
