import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, type GivenTask, openTask } from "../../tests/servers/http_task.ts";
import { type Scripted, scriptedNetwork } from "../../tests/servers/scripted_network.ts";
import type { CancelReason } from "../model/verdict.ts";

/** One attempt on a scripted network. */
async function run(
  script: readonly Scripted[],
  http: GivenTask["http"] = { url: "https://a.test/x" },
  more: Partial<GivenTask> = {},
) {
  const network = scriptedNetwork(script);
  const performer = await openTask({ http, network, ...more });
  const verdict = await attempt(performer);
  const lines = network.requests.map(({ route, method, path, headers, body }) => ({
    to: `${method} ${route.secure ? "https" : "http"}://${route.host}:${route.port}${path}`,
    headers,
    hasBody: body !== null && body.length > 0,
  }));
  return { verdict, lines, network };
}

const redirect = (location: string, more: Scripted = {}): Scripted => ({
  status: 302,
  headers: ["location", location],
  ...more,
});

test("HttpAttempt goes from a public server to public ones only", async () => {
  const publicly = await run([redirect("http://b.test/"), { address: "8.8.8.8" }]);
  assert.equal(publicly.verdict.kind, "answer");
  for (const address of ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "169.254.169.254"]) {
    const { verdict } = await run([redirect("http://b.test/"), { address }]);
    assert.ok(verdict.kind === "failed");
    assert.deepEqual([verdict.error.code, verdict.error.retryable], ["blocked_address", false]);
  }
});

test("HttpAttempt goes to a link-local address that the config names, and not where a name leads to one", async () => {
  const address = "169.254.169.254";
  const meant = await run([{ address }], { url: `http://${address}/latest` });
  assert.equal(meant.verdict.kind, "answer");
  assert.equal(meant.lines[0]!.to, `GET http://${address}:80/latest`);
  const { verdict } = await run([{ address }], { url: "http://a.test/latest" });
  assert.ok(verdict.kind === "failed" && verdict.error.code === "blocked_address");
});

test("HttpAttempt does not forget on the way that it has been to a public server", async () => {
  const { verdict } = await run([
    redirect("http://b.test/", { address: "10.0.0.1" }),
    redirect("http://c.test/", { address: "8.8.8.8" }),
    redirect("http://d.test/", { address: "8.8.4.4" }),
    { address: "10.0.0.2" },
  ]);
  assert.ok(verdict.kind === "failed" && verdict.error.code === "blocked_address");
  const inside = await run([redirect("http://b.test/", { address: "10.0.0.1" }), { address: "127.0.0.1" }]);
  assert.equal(inside.verdict.kind, "answer");
});

test("HttpAttempt under network: any goes wherever a redirect leads", async () => {
  const { verdict } = await run([redirect("http://b.test/"), { address: "169.254.169.254" }], {
    url: "https://a.test/",
    network: "any",
  });
  assert.equal(verdict.kind, "answer");
});

test("HttpAttempt takes headers of the config back to no origin once it has left it", async () => {
  const { lines } = await run(
    [redirect("https://b.test/y"), redirect("https://a.test/z"), {}],
    { url: "https://a.test/x", headers: { "x-secret": "s" } },
  );
  assert.deepEqual(lines.map(({ to, headers }) => [to, headers.includes("x-secret")]), [
    ["GET https://a.test:443/x", true],
    ["GET https://b.test:443/y", false],
    ["GET https://a.test:443/z", false],
  ]);
});

test("HttpAttempt counts http to https on one host as another origin", async () => {
  const { lines } = await run([redirect("https://a.test/x"), {}], {
    url: "http://a.test/x",
    auth: { bearer: "t" },
  });
  assert.deepEqual(lines.map(({ headers }) => headers.includes("authorization")), [true, false]);
});

test("HttpAttempt keeps the body out of everything after it was dropped", async () => {
  const { lines } = await run(
    [
      redirect("/b", { status: 303, headers: ["location", "/b"] }),
      redirect("/c", { status: 307, headers: ["location", "/c"] }),
      {},
    ],
    { url: "https://a.test/a", method: "POST", json: { a: 1 } },
  );
  assert.deepEqual(
    lines.map(({ to, hasBody, headers }) => [to.split(" ")[0], hasBody, headers.includes("content-type")]),
    [
      ["POST", true, true],
      ["GET", false, false],
      ["GET", false, false],
    ],
  );
});

test("HttpAttempt does not read a long body of a redirect", async () => {
  const announced = await run([{
    status: 302,
    headers: ["location", "/b", "content-length", "999999999"],
    chunks: [new Uint8Array(10)],
  }, {}]);
  assert.deepEqual([announced.verdict.kind, announced.network.cancelled], ["answer", 1]);
  const poured = await run([
    redirect("/b", { chunks: Array.from({ length: 100 }, () => new Uint8Array(10_000)) }),
    {},
  ]);
  assert.deepEqual([poured.verdict.kind, poured.network.cancelled], ["answer", 1]);
  const short = await run([redirect("/b", { chunks: [new Uint8Array(100)] }), {}]);
  assert.deepEqual([short.verdict.kind, short.network.cancelled], ["answer", 0]);
});

test("HttpAttempt of a redirect without a location is an answer", async () => {
  const { verdict } = await run([{ status: 302 }]);
  assert.ok(verdict.kind === "answer" && verdict.fields.status === 302);
});

test("HttpAttempt stops at maxRedirects, and follows none at 0", async () => {
  const two = await run([redirect("/b"), redirect("/c"), redirect("/d")], {
    url: "https://a.test/",
    maxRedirects: 2,
  });
  assert.ok(two.verdict.kind === "failed" && two.verdict.error.code === "redirect");
  assert.equal(two.network.requests.length, 3);
  const none = await run([redirect("/b")], { url: "https://a.test/", maxRedirects: 0 });
  assert.ok(none.verdict.kind === "failed" && none.verdict.error.code === "redirect");
});

test("HttpAttempt refuses an answer whose length is over maxBytes before it reads it", async () => {
  const { verdict, network } = await run(
    [{ headers: ["content-length", "1001"], chunks: [new Uint8Array(10)] }],
    { url: "https://a.test/", maxBytes: 1_000 },
  );
  assert.ok(verdict.kind === "failed" && verdict.error.code === "too_large");
  assert.equal(verdict.output?.fields.bytes, 0);
  assert.equal(network.cancelled, 1);
});

test("HttpAttempt gives a failed status its code, however long its page is", async () => {
  const { verdict } = await run(
    [{ status: 500, chunks: Array.from({ length: 50 }, () => new Uint8Array(100).fill(120)) }],
    { url: "https://a.test/", maxBytes: 1_000 },
  );
  assert.ok(verdict.kind === "failed");
  assert.deepEqual([verdict.error.code, verdict.output?.fields.truncated], ["http_status", true]);
});

test("HttpAttempt passes a want of descriptors on as back-pressure", async () => {
  const failure = { reason: "descriptors", code: "EMFILE", message: "none left", sent: false } as const;
  const { verdict } = await run([{ status: 0, failure }]);
  assert.deepEqual(verdict, { kind: "backpressure", message: "none left" });
});

test("HttpAttempt settles once when it is cancelled, and hears nothing more", async () => {
  const network = scriptedNetwork([{ hangs: true }]);
  const performer = await openTask({ http: { url: "https://a.test/" }, network });
  let cancel = (_: CancelReason) => {};
  const pending = attempt(performer, null, { begun: (way) => (cancel = way) });
  cancel({ code: "interrupted", message: "stopped by SIGINT" });
  cancel({ code: "timeout", message: "again" });
  const verdict = await pending;
  assert.ok(verdict.kind === "failed");
  assert.equal(verdict.error.message, "stopped by SIGINT");
  assert.equal(network.cancelled, 1);
});

test("HttpAttempt sends nothing when it is cancelled already", async () => {
  const network = scriptedNetwork([]);
  const performer = await openTask({ http: { url: "https://a.test/" }, network });
  const reason: CancelReason = { code: "timeout", message: "too late" };
  const call = {
    signal: new AbortController().signal,
    cancelled: reason,
    onCancel: undefined,
    attempt: 1,
    limit: 1,
  };
  const verdict = await performer.perform({ vars: {}, body: () => assert.fail() }, call);
  assert.ok(verdict.kind === "failed" && verdict.error.retryable);
  assert.equal(network.requests.length, 0);
});
