import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, type GivenTask, openTask } from "../../tests/servers/http_task.ts";
import { type Scripted, scriptedNetwork } from "../../tests/servers/scripted_network.ts";
import { manualClock } from "../../tests/support/manual_clock.ts";
import type { CancelReason } from "../model/verdict.ts";

const json = (value: unknown, status = 200): Scripted => ({
  status,
  headers: ["content-type", "application/json"],
  chunks: [new TextEncoder().encode(JSON.stringify(value))],
});
const token = (name: string, life: number | null = 3600) =>
  json({ access_token: name, token_type: "Bearer", ...(life === null ? {} : { expires_in: life }) });
const status = (code: number): Scripted => ({ status: code });

const oauth2 = {
  tokenUrl: "https://id.test/token?tenant=1",
  clientId: "me",
  clientSecret: "s3cret&client",
  scope: "read write",
};

/** A task whose target signs in; it gets these answers in turn. */
async function signedIn(script: readonly Scripted[], more: Partial<GivenTask> = {}) {
  const network = scriptedNetwork(script);
  const learned: string[] = [];
  const clock = manualClock();
  const performer = await openTask({
    http: { url: "/x", method: "POST" },
    target: { baseUrl: "https://api.test", auth: { oauth2 } },
    network,
    clock,
    learnSecret: (text) => void learned.push(text),
    ...more,
  });
  /** What was asked, and with which sign-in. */
  const asked = () =>
    network.requests.map(({ method, route, path, headers }) =>
      `${method} ${route.host}${path} ${/^authorization: (.*)\r$/m.exec(headers)?.[1] ?? "-"}`
    );
  return { performer, network, learned, clock, asked };
}

const client = `Basic ${btoa("me:s3cret%26client")}`;

test("oauth2 fetches a token once, as the client, and learns it", async () => {
  const { performer, network, learned, asked } = await signedIn([
    token("t-one-123"),
    status(200),
    status(200),
  ]);
  assert.equal((await attempt(performer)).kind, "answer");
  assert.equal((await attempt(performer)).kind, "answer");
  assert.deepEqual(asked(), [
    `POST id.test/token?tenant=1 ${client}`,
    "POST api.test/x Bearer t-one-123",
    "POST api.test/x Bearer t-one-123",
  ]);
  const [body] = network.requests[0]!.body!;
  assert.equal(
    new TextDecoder().decode(body as Uint8Array),
    "grant_type=client_credentials&scope=read+write",
  );
  assert.deepEqual(learned, ["s3cret&client", "t-one-123"]);
});

test("oauth2 renews a token before it expires", async () => {
  const script = [token("first-token", 600), status(200), status(200), token("second-token"), status(200)];
  const { performer, clock, asked } = await signedIn(script);
  await attempt(performer);
  clock.advance(569_000);
  await attempt(performer);
  clock.advance(2_000);
  await attempt(performer);
  assert.deepEqual(asked().slice(2), [
    "POST api.test/x Bearer first-token",
    `POST id.test/token?tenant=1 ${client}`,
    "POST api.test/x Bearer second-token",
  ]);
});

test("oauth2 keeps a token of which nobody says when it expires", async () => {
  const { performer, clock, asked } = await signedIn([token("forever-1", null), status(200), status(200)]);
  await attempt(performer);
  clock.advance(1e9);
  await attempt(performer);
  assert.equal(asked().length, 3);
});

test("oauth2 takes another token once on 401, within the attempt", async () => {
  const script = [token("revoked-1"), status(401), token("fresh-123"), status(200)];
  const { performer, asked } = await signedIn(script);
  assert.equal((await attempt(performer)).kind, "answer");
  assert.deepEqual(asked().slice(1), [
    "POST api.test/x Bearer revoked-1",
    `POST id.test/token?tenant=1 ${client}`,
    "POST api.test/x Bearer fresh-123",
  ]);
});

test("oauth2 does not fetch tokens for ever when 401 is not their fault", async () => {
  const script = [token("one-12345"), status(401), token("two-12345"), status(401), status(401), status(401)];
  const { performer, asked } = await signedIn(script);
  for (let i = 0; i < 3; i++) {
    const verdict = await attempt(performer);
    assert.ok(verdict.kind === "failed" && verdict.error.code === "http_status" && !verdict.error.retryable);
  }
  assert.equal(asked().filter((line) => line.includes("id.test")).length, 2);
});

test("oauth2 shares one fetch among attempts", async () => {
  const { performer, asked } = await signedIn([token("shared-1"), status(200), status(200), status(200)]);
  await Promise.all([attempt(performer), attempt(performer), attempt(performer)]);
  assert.equal(asked().filter((line) => line.includes("id.test")).length, 1);
});

const timeout: CancelReason = { code: "timeout", message: "the attempt was ended after 1s" };

test("oauth2 ends a fetch only when the last attempt that waits for it is cancelled", async () => {
  const { performer, network } = await signedIn([{ hangs: true }, token("second-try"), status(200)]);
  const cancels: ((reason: CancelReason) => void)[] = [];
  const waiting = [1, 2].map(() =>
    attempt(performer, null, { begun: (cancel) => void cancels.push(cancel) })
  );
  cancels[0]!(timeout);
  const first = await waiting[0]!;
  assert.deepEqual(first, { kind: "failed", error: { ...timeout, retryable: true } });
  assert.equal(network.cancelled, 0);
  cancels[1]!(timeout);
  await waiting[1]!;
  assert.equal(network.cancelled, 1);
  assert.equal((await attempt(performer)).kind, "answer");
});

const refusals: readonly (readonly [name: string, answer: Scripted, error: RegExp, code: string])[] = [
  [
    "a refusal",
    json({ error: "invalid_client", error_description: "no such client" }, 401),
    /^Cannot get a token from https:\/\/id\.test\/token: it answered 401: invalid_client, no such client$/,
    "auth",
  ],
  ["a page", { chunks: [new TextEncoder().encode("<html>")] }, /its answer is no JSON$/, "auth"],
  ["another thing", json({ token: "x" }), /its answer has no access_token$/, "auth"],
  ["a list", json([]), /has no access_token$/, "auth"],
  ["a token that would break a header", json({ access_token: "a\r\nb: c" }), /has no access_token$/, "auth"],
  ["another type", json({ access_token: "abcdefgh", token_type: "mac" }), /of the type "mac"/, "auth"],
  ["a redirect", { status: 302, headers: ["location", "https://elsewhere.test/"] }, /answered 302$/, "auth"],
];

for (const [name, answer, message, code] of refusals) {
  test(`oauth2 takes ${name} for final and asks nobody again`, async () => {
    const { performer, asked } = await signedIn([answer]);
    for (let i = 0; i < 3; i++) {
      const verdict = await attempt(performer);
      assert.ok(verdict.kind === "failed");
      assert.match(verdict.error.message, message);
      assert.deepEqual([verdict.error.code, verdict.error.retryable], [code, false]);
    }
    assert.equal(asked().length, 1);
  });
}

test("oauth2 takes a server in trouble for something that passes: nothing was sent to the target", async () => {
  const script: Scripted[] = [
    status(503),
    { status: 0, failure: { reason: "reset", code: "ECONNRESET", message: "reset", sent: true } },
    token("at-last-1"),
    status(200),
  ];
  const { performer } = await signedIn(script);
  for (const code of ["http_status", "reset"]) {
    const verdict = await attempt(performer);
    assert.ok(verdict.kind === "failed" && verdict.error.retryable && !verdict.unhealthy);
    assert.equal(verdict.error.code, code);
  }
  assert.equal((await attempt(performer)).kind, "answer");
});

test("oauth2 sends the token to the origin of the target's baseUrl only", async () => {
  const { performer, asked } = await signedIn([token("not-yours"), status(200)], {
    http: { url: "https://other.test/x" },
  });
  await attempt(performer);
  assert.equal(asked()[1], "GET other.test/x -");
});
