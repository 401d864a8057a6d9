import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, type GivenTask, openTask } from "../../tests/servers/http_task.ts";
import { type Scripted, scriptedNetwork } from "../../tests/servers/scripted_network.ts";
import { stringifyJson, type ValueMap } from "../model/json.ts";
import { ExpressionError, type Vars } from "../model/expression.ts";

const text = (body: string, status = 200): Scripted => ({ status, chunks: [new TextEncoder().encode(body)] });
const page = (value: unknown) => text(JSON.stringify(value));

/** A task whose pages are scripted. */
async function pages(script: readonly Scripted[], paginate: ValueMap, more: Partial<GivenTask> = {}) {
  const network = scriptedNetwork(script);
  const http = { url: "https://a.test/v1/users?q=x%20y&cursor=0", paginate, ...more.http };
  const performer = await openTask({ network, ...more, http });
  const vars: Vars = { item: null, params: {}, secrets: {} };
  return {
    performer,
    network,
    once: () => attempt(performer, null, { vars }),
    asked: () => network.requests.map(({ method, route, path }) => `${method} ${route.host}${path}`),
  };
}

const byLink = { items: "json.data", next: "json.?next.orValue(null)" };

test("paginate follows links, relative ones too, and joins the lists", async () => {
  const { once, asked } = await pages([
    page({ data: [1, 2], next: "?cursor=a" }),
    page({ data: [], next: "/v2/users?cursor=b" }),
    page({ data: [3], next: "https://a.test/v2/last#there" }),
    page({ data: [4], next: null }),
  ], byLink);
  const verdict = await once();
  assert.ok(verdict.kind === "answer");
  assert.deepEqual(verdict.fields["json"], [1, 2, 3, 4]);
  assert.equal(verdict.fields["text"], "[1,2,3,4]");
  assert.deepEqual([verdict.output["body"], verdict.output["bytes"]], ["[1,2,3,4]", 9]);
  assert.deepEqual(asked(), [
    "GET a.test/v1/users?q=x%20y&cursor=0",
    "GET a.test/v1/users?cursor=a",
    "GET a.test/v2/users?cursor=b",
    "GET a.test/v2/last",
  ]);
});

test("paginate follows a link header", async () => {
  const linked = (body: string, link: string): Scripted => ({ ...text(body), headers: ["Link", link] });
  const { once, asked } = await pages([
    linked(
      "[1]",
      '<https://a.test/v1/users?page=2>; rel="next", <https://a.test/v1/users?page=2>; rel="last"',
    ),
    linked("[2]", '<https://a.test/v1/users>; rel="first"'),
  ], { items: "json", next: "linkTo(headers, 'next')" });
  const verdict = await once();
  assert.deepEqual(verdict.kind === "answer" && verdict.fields["json"], [1, 2]);
  assert.equal(asked()[1], "GET a.test/v1/users?page=2");
});

test("paginate puts query values in place of those of the first page", async () => {
  const { once, asked } = await pages([page([1, 2]), page([3, 4]), page([5])], {
    items: "json",
    next: "json.size() == 2 ? {'cursor': pageNumber * 2, 'tag': ['a b', 'c'], 'gone': null} : null",
  });
  const verdict = await once();
  assert.ok(verdict.kind === "answer");
  assert.deepEqual(verdict.fields["json"], [1, 2, 3, 4, 5]);
  assert.deepEqual(asked().slice(1), [
    "GET a.test/v1/users?q=x%20y&cursor=2&tag=a%20b&tag=c",
    "GET a.test/v1/users?q=x%20y&cursor=4&tag=a%20b&tag=c",
  ]);
});

test("paginate keeps 64-bit numbers exact", async () => {
  const { once } = await pages([text('{"data":[9007199254740993]}')], byLink);
  const verdict = await once();
  assert.ok(verdict.kind === "answer");
  assert.equal(stringifyJson(verdict.fields["json"]), "[9007199254740993]");
  assert.equal(verdict.output["body"], "[9007199254740993]");
});

test("paginate goes on from the page that failed", async () => {
  const { once, asked } = await pages([
    page({ data: [1], next: "?p=2" }),
    text("", 503),
    page({ data: [2], next: "?p=3" }),
    page({ data: [3] }),
    page({ data: [4] }),
  ], byLink);
  const failure = await once();
  assert.ok(failure.kind === "failed" && failure.error.retryable);
  assert.equal(failure.error.message, "page 2: GET https://a.test/v1/users?p=2 answered 503");
  const verdict = await once();
  assert.ok(verdict.kind === "answer");
  assert.deepEqual(verdict.fields["json"], [1, 2, 3]);
  assert.deepEqual(asked().slice(1, 3), ["GET a.test/v1/users?p=2", "GET a.test/v1/users?p=2"]);
  // Whoever polls begins again.
  const again = await once();
  assert.deepEqual(again.kind === "answer" && again.fields["json"], [4]);
});

const wrongTurns: readonly (readonly [name: string, next: string, message: RegExp])[] = [
  ["another origin", "https://evil.test/?c=1", /^the next page is on another origin, https:\/\/evil\.test/],
  ["another port", "https://a.test:8443/", /another origin/],
  ["no encryption", "http://a.test/v1/users", /another origin/],
  ["another scheme", "file:///etc/passwd", /another origin, null/],
  ["no URL", "https://[", /is no URL$/],
  ["the same page", "https://joe:pw@a.test/v1/users?q=x%20y&cursor=0#x", /is this page again/],
];

for (const [name, next, message] of wrongTurns) {
  test(`paginate does not follow a link to ${name}`, async () => {
    const { once, asked } = await pages([page({ data: [1], next })], byLink);
    const verdict = await once();
    assert.ok(verdict.kind === "failed" && !verdict.error.retryable);
    assert.equal(verdict.error.code, "redirect");
    assert.match(verdict.error.message, message);
    assert.equal(asked().length, 1);
  });
}

test("paginate ends a way that has no end", async () => {
  const many = Array.from({ length: 5 }, (_, at) => page({ data: [at], next: `?p=${at + 2}` }));
  const { once, asked } = await pages(many, { ...byLink, maxPages: 3 });
  const verdict = await once();
  assert.ok(verdict.kind === "failed");
  assert.deepEqual([verdict.error.code, asked().length], ["too_large", 3]);
  assert.match(verdict.error.message, /^There are more than 3 pages \(maxPages\); the next is https:/);
});

test("paginate holds all pages together to maxBytes", async () => {
  const many = Array.from({ length: 5 }, (_, at) => page({ data: ["x".repeat(60)], next: `?p=${at + 2}` }));
  const { once, asked } = await pages(many, byLink, { http: { maxBytes: 200 } });
  const verdict = await once();
  assert.ok(verdict.kind === "failed" && verdict.error.code === "too_large");
  assert.equal(asked().length, 3);
});

const nonsense: readonly (readonly [name: string, paginate: ValueMap, message: RegExp])[] = [
  ["items that are no list", { items: "json", next: "null" }, /^items "json" gave no list on page 1$/],
  ["a next that is a number", { items: "json.data", next: "json.n" }, /^next gave 7, which is no URL/],
  [
    "a query value that is a map",
    { items: "json.data", next: "{'a': json}" },
    /^query parameter "a" holds a map/,
  ],
];

for (const [name, paginate, message] of nonsense) {
  test(`paginate refuses ${name}`, async () => {
    const { once } = await pages([page({ data: [1], n: 7 })], paginate);
    await assert.rejects(once(), (error) => error instanceof ExpressionError && message.test(error.message));
  });
}

test("paginate carries a renewed token to the next page", async () => {
  const token = (name: string) => page({ access_token: name });
  const { once, network } = await pages(
    [
      token("first-one"),
      page({ data: [1], next: "?p=2" }),
      text("", 401),
      token("second-one"),
      page({ data: [2] }),
    ],
    byLink,
    {
      http: { url: "/v1/users" },
      target: {
        baseUrl: "https://a.test",
        auth: { oauth2: { tokenUrl: "https://id.test/", clientId: "me", clientSecret: "s3cret-client" } },
      },
    },
  );
  const verdict = await once();
  assert.deepEqual(verdict.kind === "answer" && verdict.fields["json"], [1, 2]);
  assert.match(network.requests[2]!.headers, /authorization: Bearer first-one/);
  assert.match(network.requests[4]!.headers, /authorization: Bearer second-one/);
});
