import { counter, type Handler, type Reply, type Request, steady } from "./routes.ts";

/** An answer says "starting" so often before the application is ready. */
const startingAnswers = 2;

/**
 * A web application that has just been deployed: it takes a moment to become ready, some pages want a sign-in, and the
 * staging one says which stage it is.
 */
export function appRoutes(): Handler[] {
  const calls = counter();
  return [
    (request) => {
      const path = /^\/app(\/.*)$/.exec(request.url.pathname)?.[1];
      if (path === undefined) return undefined;
      if (path === "/health") return calls("health") > startingAnswers ? ready : starting;
      return { ...answer(path, request), delayMs: 5 + Math.floor(30 * steady(path)) };
    },
  ];
}

const ready: Reply = { json: { status: "ready", database: "up" } };
const starting: Reply = { json: { status: "starting", database: "up" } };

function answer(path: string, { method, headers, body }: Request): Reply {
  const [, first = "", second] = path.split("/");
  switch (first) {
    case "":
    case "about":
    case "help":
    case "terms":
      return html(`<h1>${first || "Welcome"}</h1>`);
    case "login":
      return method === "POST" ? login(body) : html("<form>Sign in</form>");
    case "account":
      return headers["authorization"] === `Basic ${btoa("smoke:examples-only-password")}`
        ? { json: { user: "smoke", plan: "free" } }
        : { status: 401, headers: { "www-authenticate": "Basic" }, text: "Sign in" };
    case "old":
      return { status: 301, headers: { location: "/app/about" } };
    case "products":
      return second === undefined || Number(second) <= 12 ? html(`Product ${second ?? "list"}`) : missing;
    case "static":
      return {
        text: `/* ${second} */`,
        headers: { "content-type": "text/css", "cache-control": "max-age=60" },
      };
    case "upload":
      return { json: { bytes: body.length, type: (headers["content-type"] ?? "").split(";")[0] } };
    default:
      return missing;
  }
}

const missing: Reply = { status: 404, text: "There is no such page" };
const html = (text: string): Reply => ({ text, headers: { "content-type": "text/html; charset=utf-8" } });

function login(body: string): Reply {
  const { user } = JSON.parse(body);
  return user === "smoke" ? { json: { ok: true } } : { status: 403, json: { ok: false } };
}
