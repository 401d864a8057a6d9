import {
  anyKey,
  anything,
  choice,
  complain,
  count,
  expression,
  fixedText,
  flag,
  isMap,
  type KeyRule,
  list,
  mapped,
  named,
  nullable,
  required,
  section,
  settings,
  shapes,
  size,
  text,
  within,
} from "../schema/words.ts";
import { checkHttp } from "./http_check.ts";
import { methodOf } from "./http_method.ts";
import type { Kind } from "./kind.ts";
import { tlsSettings } from "./tls_schema.ts";

const file = text("Path of a file, relative to the config.");

const auth = settings(
  {
    basic: section({
      username: required(text("User name.")),
      password: required(text("Password; best a `${{ secrets.x }}`.")),
    }, "HTTP Basic."),
    bearer: text({
      description: "The token after `Authorization: Bearer`.",
      examples: ["${{ secrets.apiToken }}"],
    }),
    oauth2: within(
      "plan",
      section({
        tokenUrl: required(text("Where tokens are fetched.")),
        clientId: required(text("The client's name.")),
        clientSecret: required(text("The client's secret; best a `${{ secrets.x }}`.")),
        scope: text("Scopes, separated by spaces."),
        audience: text("The audience to ask for."),
      }, "OAuth 2 client credentials: a token is fetched once and renewed before it expires."),
    ),
  },
  "How requests sign in. A target's goes to the origin of its `baseUrl` only.",
  {
    atMostOne: [["basic", "bearer", "oauth2"]],
  },
);

const status = shapes(
  [
    count("A status.", { min: 100, max: 599 }),
    mapped(fixedText("A range of statuses."), (range, place) => {
      const match = /^([1-5]\d\d)-([1-5]\d\d)$/.exec(range);
      if (match && match[1]! <= match[2]!) return range;
      const meant = classMeant(range);
      const instead = meant === undefined ? "" : `: write ${meant}`;
      place.reading.report(
        place.path,
        `expected a status or a range such as 200-299, got "${range}"${instead}`,
      );
    }),
  ],
  (raw) => typeof raw === "string" && !raw.includes("${{") ? 1 : 0,
  "A status, or a range of them.",
);

/** `2xx` → `200-299`. */
function classMeant(text: string): string | undefined {
  return /^[1-5]xx$/i.test(text) ? `${text[0]}00-${text[0]}99` : undefined;
}

/** Written here, they would contradict what is sent. */
const ownHeaders = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const headerNames: KeyRule = {
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
  wrong(name) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return `${JSON.stringify(name)} cannot name a header`;
    return ownHeaders.has(name.toLowerCase())
      ? `the header "${name}" is set by fanout: leave it out`
      : undefined;
  },
};

const headers = named(nullable(text("The value.")), {
  description: "Headers to send; `null` takes one of the target's away. Names merge without regard to case.",
  examples: [{ accept: "application/json" }],
}, headerNames);

/** What may stand under a target and under a task, the task's winning. */
const shared = {
  headers,
  auth,
  okStatus: list(status, {
    description: "Statuses that count as success; others fail the attempt with `http_status`.",
    default: ["200-399"],
    examples: [["200-299", 404]],
  }, { min: 1, meant: (raw) => `[${classMeant(String(raw)) ?? raw}]` }),
  redirects: flag({ description: "Follow redirects.", default: true }),
  maxRedirects: count({ description: "How many redirects one request may take.", default: 10 }, { max: 100 }),
  maxBytes: size({ description: "Largest body, before and after decompression.", default: "10MB" }),
  network: choice(["default", "public", "any"], {
    description:
      "Which addresses may be dialled: `public` refuses every address that is not public, `any` lifts the refusal of link-local and cloud metadata addresses.",
    default: "default",
  }),
  tls: tlsSettings,
  proxy: within(
    "plan",
    text({
      description:
        "An HTTP proxy for everything; `none` for none. Without it `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are obeyed.",
      examples: ["http://proxy.internal:3128", "none"],
    }),
  ),
};

const schema = settings({
  url: required(text({
    description:
      "Address; appended to the target's `baseUrl`. In a longer text an expression is encoded as one path segment or query value.",
    examples: ["/users/${{ item.id }}"],
  })),
  method: text({
    description: "HTTP method. Without it GET, or POST when there is a body to send.",
    examples: ["PUT"],
  }),
  query: named(anything("A value; a list gives the name several times."), {
    description: "Query parameters, encoded and added to the url.",
    examples: [{ day: "${{ params.day }}" }],
  }, anyKey),
  ...shared,
  json: anything({
    description: "Body, sent as JSON.",
    examples: [{ id: "${{ item.id }}" }],
  }),
  form: named(
    shapes(
      [text("A field's text."), section({ file: required(file) }, "A file to upload.")],
      (raw) => isMap(raw) ? 1 : 0,
      "A field: a text, or a file to upload.",
    ),
    "Body, sent as a form; multipart when a file is among its fields.",
    anyKey,
  ),
  body: shapes(
    [text("The body's text."), section({ file: required(file) }, "A file to send.")],
    (raw) => isMap(raw) ? 1 : 0,
    "Body: a text, or a file.",
  ),
  idempotencyKey: text({
    description: "Sent as `Idempotency-Key`, the same for every attempt; allows repeating a POST.",
    examples: ["${{ run.id }}-${{ item.id }}"],
  }),
  paginate: section(
    {
      next: required(expression({
        description: "Gives the next page's URL or a map of query values; null after the last page. " +
          "Reads a page's result and its `pageNumber` (from 1).",
        examples: [
          "json.next",
          "linkTo(headers, 'next')",
          "json.?cursor.hasValue() ? {'cursor': json.cursor} : null",
        ],
      }, { scope: "page" })),
      items: required(
        expression({
          description: "Gives the list of a page; the joined list is `json`.",
          examples: ["json.users"],
        }, {
          scope: "page",
          gives: "list",
        }),
      ),
      maxPages: count({ description: "More pages than this fail the task run.", default: 1000 }, { min: 1 }),
    },
    "Goes from page to page within one attempt, and joins their lists. Another attempt goes on from the page that failed.",
  ),
}, {
  description: "An HTTP request.",
  examples: [{ url: "https://example.com/${{ item }}" }],
}, { atMostOne: [["json", "form", "body"]] });

const baseUrl = mapped(
  text({
    description: "Prefix of every task's `url`; headers and auth go to its origin only.",
    examples: ["https://api.example.com/v1"],
  }),
  (url, place) => {
    if (/^(https?:\/\/[^/]|\$\{\{)/i.test(url)) return url;
    const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
    const rest = url.slice(scheme?.length ?? 0).replace(/^\/+/, "");
    return complain(place, `a baseUrl begins with http:// or https://, got "${url}": write https://${rest}`);
  },
);

const targetSchema = settings({
  baseUrl,
  ...shared,
}, "An HTTP server.");

/** HTTP requests, as far as they are known before anything runs. */
export const httpKind: Kind = {
  name: "http",
  schema,
  targetSchema,
  targetOnly: ["baseUrl", "headers", "auth"],
  limits: { maxBytes: 10_000_000, maxRedirects: 10 },
  phases: ["connect", "firstByte", "idle"],
  resultFields: {
    status: "int",
    headers: "map<string>",
    text: "string",
    json: "dyn",
    bytes: "int",
    url: "string",
    durationMs: "int",
  },
  textFields: ["text", "json"],
  check: checkHttp,
  describe: (spec) => `${methodOf(spec).replace(/^[a-z]+$/, (name) => name.toUpperCase())} ${spec.url}`,
  defaultPool: () => ({
    name: "http",
    concurrency: 16,
    why: "default for HTTP: 16 per origin",
    per: "origin",
  }),
  isHarmless: (spec) =>
    /^(GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/i.test(methodOf(spec)) ||
    (spec.idempotencyKey ?? null) !== null,
  load: async () => (await import("./http.ts")).openHttp,
};
