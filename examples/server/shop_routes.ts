import { type Handler, type Reply, type Request, route, steady } from "./routes.ts";

/** A token is good for so long: an export takes longer, so that it has to be renewed on the way. */
const tokenSeconds = 1;
const client = "export:examples-only-secret";
const customerCount = 60;
const invoiceCount = 130;

interface Customer {
  /** Beyond 2^53, as ids of many systems are. */
  readonly id: bigint;
  readonly name: string;
}

const customers: readonly Customer[] = Array.from({ length: customerCount }, (_, at) => ({
  id: 9_007_199_254_740_993n + BigInt(at),
  name: at === 7 ? '=HYPERLINK("http://evil.example")' : `Customer ${at + 1}`,
}));

/**
 * A shop's API behind OAuth 2 client credentials, with the three ways to go from page to page, and an old billing system
 * that wants a session.
 */
export function shopRoutes(): Handler[] {
  const tokens = new Map<string, number>();
  const sessions = new Set<string>();
  let issued = 0;

  function signedIn(reply: (values: { readonly [name: string]: string }, request: Request) => Reply) {
    return (values: { readonly [name: string]: string }, request: Request): Reply => {
      const token = /^Bearer (.+)$/.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
      if ((tokens.get(token) ?? 0) < Date.now()) return { status: 401, json: { error: "invalid_token" } };
      return reply(values, request);
    };
  }

  return [
    route("POST", "/oauth/token", (_, { headers, body }) => {
      const isClient = headers["authorization"] === `Basic ${btoa(client)}`;
      const isGrant = new URLSearchParams(body).get("grant_type") === "client_credentials";
      if (!isClient || !isGrant) return { status: 401, json: { error: "invalid_client" } };
      const token = `tok_${crypto.randomUUID()}`;
      tokens.set(token, Date.now() + tokenSeconds * 1_000);
      issued++;
      return { json: { access_token: token, token_type: "Bearer", expires_in: tokenSeconds } };
    }),
    route("GET", "/oauth/issued", () => ({ json: { issued } })),

    // By a cursor.
    route(
      "GET",
      "/v1/customers",
      signedIn((_, { url }) => {
        const from = Number(url.searchParams.get("cursor") ?? 0);
        const next = from + 25;
        return exact({
          data: customers.slice(from, next),
          ...(next < customerCount ? { cursor: String(next) } : {}),
        });
      }),
    ),
    // By a link.
    route(
      "GET",
      "/v1/customers/:id/orders",
      signedIn(({ id }, { url }) => {
        const day = url.searchParams.get("day") ?? "";
        const count = Math.floor(40 * steady(`orders ${id}`));
        const from = Number(url.searchParams.get("from") ?? 0);
        const orders = Array.from({ length: Math.min(15, count - from) }, (_, at) => ({
          id: BigInt(id!) * 100n + BigInt(from + at),
          customer: BigInt(id!),
          day,
          cents: Math.floor(20_000 * steady(`${id} ${from + at}`)),
        }));
        const next = from + 15 < count ? `/v1/customers/${id}/orders?day=${day}&from=${from + 15}` : null;
        return { ...exact({ orders, links: { next } }), delayMs: 10 + Math.floor(140 * steady(id!)) };
      }),
    ),
    // By a page number: nothing but a list, and a short one is the last.
    route(
      "GET",
      "/v1/invoices",
      signedIn((_, { url }) => {
        const from = (Number(url.searchParams.get("page") ?? 1) - 1) * 50;
        const length = Math.min(50, Math.max(0, invoiceCount - from));
        return {
          json: Array.from({ length }, (_, at) => ({ number: from + at + 1, paid: (from + at) % 3 > 0 })),
        };
      }),
    ),

    route("POST", "/billing/login", (_, { body }) => {
      const { user } = JSON.parse(body);
      const session = `sess-${crypto.randomUUID()}`;
      sessions.add(session);
      return { json: { session, welcome: user } };
    }),
    route("GET", "/billing/balance/:id", ({ id }, { headers }) => {
      if (!sessions.has(headers["x-session"] ?? "")) return { status: 403, text: "no session" };
      return { json: { cents: Math.floor(100_000 * steady(`balance ${id}`)) } };
    }),
  ];
}

/** JSON with whole numbers as they are, beyond 2^53 too. */
function exact(value: unknown): Reply {
  const json = JSON as unknown as { rawJSON(text: string): unknown };
  const write = (_: string, part: unknown) => typeof part === "bigint" ? json.rawJSON(String(part)) : part;
  return { text: JSON.stringify(value, write), headers: { "content-type": "application/json" } };
}
