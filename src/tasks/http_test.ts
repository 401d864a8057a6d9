import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type FaultServer, startFaultServer } from "../../tests/servers/fault_server.ts";
import { attempt, type GivenTask, openTask } from "../../tests/servers/http_task.ts";
import { ExpressionError } from "../model/expression.ts";
import type { ValueMap } from "../model/json.ts";
import { DecodeError } from "./kind.ts";

let server: FaultServer;
let other: FaultServer;
let folder: string;

before(async () => {
  server = await startFaultServer();
  other = await startFaultServer();
  folder = mkdtempSync(join(tmpdir(), "fanout-http-task-"));
});

after(async () => {
  await Promise.all([server.close(), other.close()]);
  rmSync(folder, { recursive: true });
});

/** Opens a task, makes one attempt, closes it. */
async function once(given: GivenTask, item: unknown = null) {
  const performer = await openTask({ directory: folder, ...given });
  try {
    return await attempt(performer, item, given.secret === undefined ? {} : { secret: given.secret });
  } finally {
    await performer.close();
  }
}

/** What a request looked like to the server. */
interface Seen {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly bytes: number;
  readonly headers: readonly (readonly [string, string])[];
}

async function seen(
  given: GivenTask,
  item: unknown = null,
): Promise<Seen & { header(name: string): string | undefined }> {
  const verdict = await once(given, item);
  assert.ok(verdict.kind === "answer", JSON.stringify(verdict));
  const echoed = verdict.fields.json as Seen;
  const header = (name: string) => echoed.headers.find(([key]) => key.toLowerCase() === name)?.[1];
  return { ...echoed, header };
}

async function failure(given: GivenTask, item: unknown = null) {
  const verdict = await once(given, item);
  assert.ok(verdict.kind === "failed", JSON.stringify(verdict));
  return verdict;
}

test("perform() gives the answer's fields and its output", async () => {
  const performer = await openTask({ http: { url: `${server.url}/json?text={"a":[1,2]}` } });
  const verdict = await attempt(performer);
  await performer.close();
  assert.ok(verdict.kind === "answer");
  const { fields, output } = verdict;
  assert.equal(fields.status, 200);
  assert.equal(fields.bytes, 11);
  assert.equal(fields.text, '{"a":[1,2]}');
  assert.deepEqual(fields.json, { a: [1, 2] });
  assert.equal((fields.headers as ValueMap)["content-type"], "application/json");
  assert.equal(fields.url, `${server.url}/json?text={%22a%22:[1,2]}`);
  assert.ok(Number.isInteger(fields.durationMs));
  assert.deepEqual(Object.keys(output), ["status", "headers", "bytes", "sha256", "body", "truncated"]);
  assert.equal(output.body, '{"a":[1,2]}');
  assert.equal(output.truncated, false);
});

test("perform() sends what the config says, and says who it is", async () => {
  const got = await seen({
    http: {
      url: "/echo/${{ item.id }}",
      query: { q: "${{ item.q }}", list: [1, "two"] },
      headers: { "X-Mine": "${{ item.id }}" },
    },
    target: {
      baseUrl: server.url,
      headers: { Authorization: "Bearer ${{ secrets.token }}", "x-mine": "target" },
    },
  }, { id: "a/b", q: "x&y" });
  assert.equal(got.target, "/echo/a%2Fb?q=x%26y&list=1&list=two");
  assert.equal(got.header("x-mine"), "a/b");
  assert.equal(got.header("authorization"), "Bearer s3cret-token");
  assert.equal(got.header("accept"), "*/*");
  assert.match(got.header("user-agent")!, /^fanout\/\d/);
  assert.equal(got.header("accept-encoding"), "gzip, deflate");
  assert.equal(got.headers.filter(([name]) => name.toLowerCase() === "x-mine").length, 1);
});

test("perform() keeps the target's headers and sign-in from other origins", async () => {
  const target = { baseUrl: server.url, headers: { "x-key": "k" }, auth: { bearer: "${{ secrets.token }}" } };
  const away = await seen(
    { http: { url: "${{ item }}", headers: { "x-own": "o" } }, target },
    `${other.url}/echo`,
  );
  assert.deepEqual([away.header("x-key"), away.header("authorization"), away.header("x-own")], [
    undefined,
    undefined,
    "o",
  ]);
  const home = await seen({ http: { url: "${{ item }}" }, target }, `${server.url}/echo`);
  assert.deepEqual([home.header("x-key"), home.header("authorization")], ["k", "Bearer s3cret-token"]);
});

test("perform() gives a target's headers without a baseUrl to the host that the url writes out", async () => {
  const target = { headers: { "x-key": "k" }, auth: { bearer: "${{ secrets.token }}" } };
  const home = await seen({ http: { url: `${server.url}/\${{ item }}` }, target }, "echo");
  assert.deepEqual([home.header("x-key"), home.header("authorization")], ["k", "Bearer s3cret-token"]);
  const away = await seen({ http: { url: "${{ item }}" }, target }, `${server.url}/echo`);
  assert.deepEqual([away.header("x-key"), away.header("authorization")], [undefined, undefined]);
});

const bodies: readonly {
  readonly name: string;
  readonly http: ValueMap;
  readonly body: string | RegExp;
  readonly type: string | RegExp | undefined;
}[] = [
  {
    name: "json, whose expressions keep their types",
    http: { json: { id: "${{ item.n }}", text: "n=${{ item.n }}", list: ["${{ item.s }}", null, 1.5] } },
    body: '{"id":7,"text":"n=7","list":["é",null,1.5]}',
    type: "application/json",
  },
  {
    name: "form",
    http: { form: { a: "1 2", b: "${{ item.s }}" } },
    body: "a=1+2&b=%C3%A9",
    type: "application/x-www-form-urlencoded",
  },
  { name: "text", http: { body: "n=${{ item.n }}" }, body: "n=7", type: "text/plain; charset=utf-8" },
  {
    name: "file",
    http: { body: { file: "upload.txt" } },
    body: "from a file",
    type: "application/octet-stream",
  },
  {
    name: "multipart",
    http: { form: { a: "1", 'f"x': { file: "${{ item.f }}" } } },
    body:
      /^--fanout-(\w+)\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--fanout-\1\r\ncontent-disposition: form-data; name="f%22x"; filename="upload.txt"\r\ncontent-type: application\/octet-stream\r\n\r\nfrom a file\r\n--fanout-\1--\r\n$/,
    type: /^multipart\/form-data; boundary=fanout-\w{32}$/,
  },
  { name: "nothing", http: {}, body: "", type: undefined },
];

for (const { name, http, body, type } of bodies) {
  test(`perform() sends a body: ${name}`, async () => {
    writeFileSync(join(folder, "upload.txt"), "from a file");
    const got = await seen({ http: { url: `${server.url}/echo`, method: "post", ...http } }, {
      n: 7,
      s: "é",
      f: "upload.txt",
    });
    const sent = new TextDecoder().decode(Uint8Array.from(got.body, (character) => character.charCodeAt(0)));
    assert.equal(got.method, "POST");
    if (typeof body === "string") assert.equal(sent, body);
    else assert.match(sent, body);
    if (type instanceof RegExp) assert.match(got.header("content-type")!, type);
    else assert.equal(got.header("content-type"), type);
    assert.equal(got.header("content-length"), String(got.bytes));
  });
}

test("perform() lets the config say what the body is", async () => {
  const got = await seen({
    http: {
      url: `${server.url}/echo`,
      method: "PUT",
      json: [1],
      headers: { "Content-Type": "application/x-mine" },
    },
  });
  assert.deepEqual(got.headers.filter(([name]) => /content-type/i.test(name)), [[
    "Content-Type",
    "application/x-mine",
  ]]);
});

test("perform() signs in: basic, bearer, and by the URL", async () => {
  const basic = await seen({
    http: { url: `${server.url}/echo`, auth: { basic: { username: "me", password: "${{ item }}" } } },
  }, "pä");
  assert.equal(basic.header("authorization"), "Basic bWU6cMOk");
  const bearer = await seen({ http: { url: `${server.url}/echo`, auth: { bearer: "t" } } });
  assert.equal(bearer.header("authorization"), "Bearer t");
  const url = await seen({ http: { url: server.url.replace("//", "//me:p%40ss@") + "/echo" } });
  assert.equal(url.header("authorization"), "Basic bWU6cEBzcw==");
});

test("perform() sends an idempotency key, the same each time, and may then repeat a POST", async () => {
  const given = {
    http: { url: `${server.url}/status/500`, method: "POST", idempotencyKey: "k-${{ item }}" },
  };
  assert.equal((await failure(given, 1)).error.retryable, true);
  const echoed = { http: { ...given.http, url: `${server.url}/echo` } };
  assert.equal((await seen(echoed, 1)).header("idempotency-key"), "k-1");
});

for (
  const [name, http] of [
    ["header", { url: "http://127.0.0.1:1/", headers: { "x-a": "${{ item }}" } }],
    ["idempotency key", { url: "http://127.0.0.1:1/", idempotencyKey: "${{ item }}" }],
    ["bearer token", { url: "http://127.0.0.1:1/", auth: { bearer: "${{ item }}" } }],
    ["method", { url: "http://127.0.0.1:1/", method: "${{ item }}" }],
    ["url", { url: "${{ item }}" }],
  ] as const
) {
  test(`perform() refuses a ${name} that would end its line`, async () => {
    for (const item of ["a\r\nx-evil: 1", "a\nb", "a\0b"]) {
      await assert.rejects(once({ http }, item), ExpressionError);
    }
  });
}

const statuses: readonly (readonly [string, string, boolean])[] = [
  ["GET", "/status/500", true],
  ["PUT", "/status/503", true],
  ["POST", "/status/500", false],
  ["POST", "/status/503?retryAfter=1", true],
  ["PATCH", "/status/429?retryAfter=0", true],
  ["POST", "/status/429", false],
  ["GET", "/status/404", false],
  ["GET", "/status/501", false],
];

for (const [method, path, retryable] of statuses) {
  test(`perform() of ${method} ${path} fails with http_status, ${retryable ? "" : "not "}to be repeated`, async () => {
    const verdict = await failure({ http: { url: server.url + path, method } });
    assert.deepEqual([verdict.error.code, verdict.error.retryable], ["http_status", retryable]);
    assert.equal(verdict.output?.fields.body, `status ${path.slice(8, 11)}`);
    assert.ok(verdict.error.message.endsWith(` answered ${path.slice(8, 11)}: status ${path.slice(8, 11)}`));
    assert.equal(verdict.output?.fields.status, Number(path.slice(8, 11)));
  });
}

test("perform() passes Retry-After on, a date being read against the answer's own", async () => {
  const date = "Sat, 21 Nov 2026 12:00:00 GMT";
  const until = "Sat, 21 Nov 2026 12:00:07 GMT";
  const path = `/status/503?retryAfter=${encodeURIComponent(until)}&date=${encodeURIComponent(date)}`;
  const verdict = await failure({ http: { url: server.url + path } });
  assert.deepEqual([verdict.retryAfterMs, verdict.throttled, verdict.unhealthy], [7_000, true, true]);
});

test("perform() ignores a Retry-After that makes no sense, and says so", async () => {
  for (const nonsense of ["soon", "-5", "5, 7", "Sat, 31 Feb"]) {
    const url = `${server.url}/status/503?retryAfter=${encodeURIComponent(nonsense)}`;
    const verdict = await failure({ http: { url } });
    assert.equal(verdict.retryAfterMs, undefined);
    assert.ok(
      verdict.error.message.includes(`retry-after, "${nonsense}", is neither`),
      verdict.error.message,
    );
  }
});

test("perform() takes the statuses of okStatus for good", async () => {
  const verdict = await once({ http: { url: `${server.url}/status/404`, okStatus: ["200-299", 404] } });
  assert.ok(verdict.kind === "answer" && verdict.fields.status === 404);
  const strict = await failure({ http: { url: `${server.url}/status/302`, okStatus: ["200-299"] } });
  assert.equal(strict.error.code, "http_status");
});

const faults: readonly (readonly [string, string, boolean])[] = [
  ["/reset-before", "reset", true],
  ["/reset-body", "reset", true],
  ["/close-before", "reset", true],
  ["/short", "truncated", true],
  ["/chunk-open", "truncated", true],
  ["/chunk-bad", "protocol", false],
  ["/garbage", "protocol", false],
  ["/headers?bytes=100000", "too_large", false],
  ["/gzip-corrupt", "decode", false],
  ["/gzip-truncated", "decode", false],
  ["/unknown-encoding", "decode", false],
  ["/redirect?to=file:///etc/passwd", "redirect", false],
  ["/redirect-loop", "redirect", false],
  ["/redirect/11", "redirect", false],
];

for (const [path, code, retryable] of faults) {
  test(`perform() of ${path} fails with ${code}`, async () => {
    const got = await failure({ http: { url: server.url + path } });
    assert.deepEqual([got.error.code, got.error.retryable], [code, retryable], got.error.message);
    const post = await failure({ http: { url: server.url + path, method: "POST" } });
    assert.equal(post.error.retryable, false);
  });
}

for (const path of ["/gzip", "/deflate", "/raw-deflate", "/br", "/gzip-br"]) {
  test(`perform() decompresses ${path}`, async () => {
    const verdict = await once({ http: { url: server.url + path } });
    assert.ok(verdict.kind === "answer");
    assert.equal(verdict.fields.text, "compressed text ".repeat(100));
  });
}

for (
  const [path, maxBytes] of [["/bytes/1001", 1_000], ["/chunked?parts=500", 1_000], [
    "/gzip-bomb?mb=20",
    1_000_000,
  ], ["/endless", 1_000_000]] as const
) {
  test(`perform() of ${path} ends at maxBytes`, async () => {
    const { error } = await failure({ http: { url: server.url + path, maxBytes } });
    assert.deepEqual([error.code, error.retryable], ["too_large", false]);
  });
}

test("perform() takes exactly maxBytes", async () => {
  const verdict = await once({ http: { url: `${server.url}/bytes/1000`, maxBytes: 1_000 } });
  assert.ok(verdict.kind === "answer");
});

test("perform() keeps what came before a failure, for the report", async () => {
  const { output } = await failure({ http: { url: `${server.url}/short` } });
  assert.deepEqual([output?.fields.body, output?.fields.truncated, output?.fields.status], [
    "begin",
    true,
    200,
  ]);
});

test("perform() follows redirects, and tells where it ended", async () => {
  const verdict = await once({ http: { url: `${server.url}/redirect/10` } });
  assert.ok(verdict.kind === "answer");
  assert.equal(verdict.fields.url, `${server.url}/echo`);
  const kept = await once({ http: { url: `${server.url}/redirect/1`, redirects: false } });
  assert.ok(kept.kind === "answer" && kept.fields.status === 302);
});

test("perform() drops headers, sign-in and body on the way to another origin", async () => {
  const to = encodeURIComponent(`${other.url}/echo`);
  const got = await seen({
    http: {
      url: `/redirect?to=${to}&status=307`,
      method: "POST",
      json: { secret: 1 },
      headers: { "x-own": "o", "user-agent": "mine" },
    },
    target: { baseUrl: server.url, headers: { "x-api-key": "k" }, auth: { bearer: "t" } },
  });
  assert.deepEqual([got.method, got.body], ["POST", ""]);
  const names = got.headers.map(([name]) => name.toLowerCase()).sort();
  assert.deepEqual(names, ["accept", "accept-encoding", "content-length", "host", "user-agent"]);
  assert.match(got.header("user-agent")!, /^fanout/);
  assert.equal(got.header("host"), new URL(other.url).host);
});

test("perform() repeats the body on 307 within an origin, and drops it on 303", async () => {
  const http = { method: "POST", body: "once more", headers: { "x-own": "o" } };
  const kept = await seen({ http: { ...http, url: `${server.url}/redirect?to=/echo&status=307` } });
  assert.deepEqual([kept.method, kept.body, kept.header("x-own")], ["POST", "once more", "o"]);
  const dropped = await seen({ http: { ...http, url: `${server.url}/redirect?to=/echo&status=303` } });
  assert.deepEqual([dropped.method, dropped.body, dropped.header("x-own")], ["GET", "", "o"]);
  assert.deepEqual([dropped.header("content-type"), dropped.header("content-length")], [
    undefined,
    undefined,
  ]);
});

test("perform() does not take a POST that was redirected for never sent", async () => {
  const gone = await startFaultServer();
  await gone.close();
  const to = encodeURIComponent(`${gone.url}/`);
  const { error } = await failure({
    http: { url: `${server.url}/redirect?to=${to}&status=303`, method: "POST" },
  });
  assert.deepEqual([error.code, error.retryable], ["connect", false]);
  const fresh = await failure({ http: { url: `${gone.url}/`, method: "POST" } });
  assert.deepEqual([fresh.error.code, fresh.error.retryable], ["connect", true]);
});

test("perform() stays away from link-local addresses that data names", async () => {
  const metadata = "http://169.254.169.254/latest";
  for (
    const item of [metadata, "http://0xA9FEA9FE/", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/"]
  ) {
    const { error } = await failure({ http: { url: "${{ item }}" } }, item);
    assert.deepEqual([error.code, error.retryable], ["blocked_address", false], error.message);
  }
  const redirected = await failure({ http: { url: `${server.url}/redirect?to=${metadata}` } });
  assert.equal(redirected.error.code, "blocked_address");
});

test("perform() under network: public dials no address of this machine, whatever its spelling", async () => {
  const { port } = new URL(server.url);
  for (
    const host of [
      "127.0.0.1",
      "localhost",
      "2130706433",
      "0x7f.1",
      "0177.0.0.1",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "0",
    ]
  ) {
    const { error } = await failure({
      http: { url: `http://${host}:${port}/count?key=public`, network: "public" },
    });
    assert.equal(error.code, "blocked_address", `${host}: ${error.message}`);
  }
  assert.equal(server.count("public"), 0);
});

for (
  const [phase, timeouts, path] of [
    ["first byte", { firstByteMs: 50 }, "/hang"],
    ["idle", { idleMs: 50 }, "/hang-body"],
  ] as const
) {
  test(`perform() ends a ${phase} that takes too long`, async () => {
    const verdict = await failure({ http: { url: server.url + path }, timeouts });
    assert.deepEqual([verdict.error.code, verdict.timedOut, verdict.error.retryable], [
      "timeout",
      true,
      true,
    ]);
    const post = await failure({ http: { url: server.url + path, method: "POST" }, timeouts });
    assert.equal(post.error.retryable, false);
  });
}

test("perform() ends at once when it is cancelled, and closes its connection", async () => {
  const performer = await openTask({ http: { url: `${server.url}/hang`, method: "POST" } });
  const openBefore = server.open();
  const reason = { code: "timeout", message: "timed out after 10s" } as const;
  let cancel = (_: typeof reason) => {};
  const pending = attempt(performer, null, { begun: (way) => (cancel = way) });
  while (server.open() === openBefore) await new Promise((resolve) => setImmediate(resolve));
  cancel(reason);
  const verdict = await pending;
  assert.ok(verdict.kind === "failed");
  assert.deepEqual(verdict.error, { ...reason, retryable: false });
  while (server.open() > openBefore) await new Promise((resolve) => setImmediate(resolve));
  await performer.close();
});

test("perform() that is cancelled before it was sent may always be repeated", async () => {
  const performer = await openTask({ http: { url: `${server.url}/hang`, method: "POST" } });
  const verdict = await attempt(performer, null, {
    begun: (cancel) => cancel({ code: "timeout", message: "timed out" }),
  });
  assert.ok(verdict.kind === "failed" && verdict.error.retryable);
  await performer.close();
});

test("perform() masks what signs somebody in, and keeps it for expressions", async () => {
  const verdict = await once({ http: { url: `${server.url}/cookies` } });
  assert.ok(verdict.kind === "answer");
  assert.equal((verdict.output.headers as ValueMap)["set-cookie"], "***");
  assert.equal((verdict.output.headers as ValueMap)["x-two"], "1, 2");
  assert.equal((verdict.fields.headers as ValueMap)["set-cookie"], "a=1\nb=2");
});

test("perform() cuts long headers in the report, after secrets were taken out", async () => {
  const verdict = await once({
    http: { url: `${server.url}/headers?bytes=5000` },
    secret: "h".repeat(5_000),
  });
  assert.ok(verdict.kind === "answer");
  assert.equal((verdict.output.headers as ValueMap)["x-long"], "***…");
});

for (
  const [charset, hex, text] of [["latin1", "e9", "é"], ["utf-8", "c3a9ff", "é\ufffd"], [
    "shift_jis",
    "82a0",
    "あ",
  ], ["nonsense", "c3a9", "é"]] as const
) {
  test(`perform() reads text in ${charset}`, async () => {
    const verdict = await once({ http: { url: `${server.url}/charset?name=${charset}&hex=${hex}` } });
    assert.ok(verdict.kind === "answer");
    assert.equal(verdict.fields.text, text);
  });
}

test("perform() tells when a body is no JSON, once it is read as such", async () => {
  const verdict = await once({ http: { url: `${server.url}/json?text=<html>` } });
  assert.ok(verdict.kind === "answer");
  assert.throws(() => verdict.fields.json, (error: Error) => {
    assert.ok(error instanceof DecodeError);
    assert.match(error.message, /no JSON: it begins with "<html>"/);
    return true;
  });
});

test("perform() of HEAD has no body", async () => {
  const verdict = await once({ http: { url: `${server.url}/gzip`, method: "HEAD" } });
  assert.ok(verdict.kind === "answer");
  assert.deepEqual([verdict.fields.bytes, verdict.fields.text, verdict.output.body], [0, "", ""]);
});

test("perform() fails with what is wrong with a file it should send", async () => {
  const missing = await failure({ http: { url: server.url, method: "PUT", body: { file: "none" } } });
  assert.deepEqual([missing.error.code, missing.error.retryable], ["not_found", false]);
  const directory = await failure({ http: { url: server.url, method: "PUT", body: { file: "." } } });
  assert.equal(directory.error.code, "not_a_file");
});

test("poolKey() is the origin, its port written out", async () => {
  const performer = await openTask({ http: { url: "${{ item }}" }, perOrigin: true });
  const key = (item: string) => performer.poolKey!({ vars: { item }, body: () => assert.fail() });
  assert.deepEqual(["http://a.test/x", "https://A.test:443", "http://[::1]:81/"].map(key), [
    "http://a.test:80",
    "https://a.test:443",
    "http://[::1]:81",
  ]);
  assert.throws(() => key("nonsense"), ExpressionError);
  await performer.close();
});
