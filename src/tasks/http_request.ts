import { ExpressionError, type Template, type Vars } from "../model/expression.ts";
import { isValueMap, type Value, type ValueMap } from "../model/json.ts";
import { version } from "../model/version.ts";
import type { BodyPart } from "../runtime/http_port.ts";
import { compileBody } from "./http_body.ts";
import {
  basicAuthorization,
  compileHeaders,
  type HeaderEntry,
  headerLine,
  type MadeText,
} from "./http_headers.ts";
import { methodOf } from "./http_method.ts";
import type { Origins } from "./http_origin.ts";
import { compileQuery, withQuery } from "./http_query.ts";
import type { NextHop } from "./http_redirect.ts";
import { compileUrl, type HttpUrl } from "./http_url.ts";

/** One request, as it goes out. */
export interface RenderedRequest {
  readonly method: string;
  readonly url: HttpUrl;
  /** Every header line. */
  readonly lines: string;
  /** The same without those that speak of the body, for a redirect that drops it. */
  readonly plainLines: string;
  readonly body: readonly BodyPart[] | null;
}

/** The requests of one task, compiled. */
export interface RequestTemplate {
  /** Where the request of an input goes. @throws ExpressionError */
  urlOf(vars: Vars): HttpUrl;
  /** The request of an input, the same for each of its attempts. @throws ExpressionError */
  render(vars: Vars): RenderedRequest;
  /** The request that follows another one. */
  redirected(request: RenderedRequest, next: NextHop): RenderedRequest;
}

/** What {@link compileRequest} works on. */
export interface RequestContext {
  /** The task's section. */
  readonly spec: ValueMap;
  /**
   * The target's section; its headers and sign-in go to the origin of `base` only, and without one to the origin that the
   * task's own `url` writes out.
   */
  readonly target: ValueMap;
  readonly base: URL | null;
  readonly origins: Origins;
  /** Gives the token of a section with `auth.oauth2`. */
  readonly tokens: { readonly current: string } | null;
  template(source: string): Template;
  /** A text of the target's section, rendered for the whole run. */
  renderTarget(source: string): string;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Compiles what a task sends. @throws ExpressionError for fixed texts that cannot be sent */
export function compileRequest(context: RequestContext): RequestTemplate {
  const { spec, target, base, origins, template } = context;
  const url = compileUrl(template(String(spec.url)), base, origins);
  const query = isValueMap(spec.query) ? compileQuery(spec.query, template) : null;
  const method = compileMethod(methodOf(spec), template);
  const body = compileBody(spec, context);

  const own = configured(spec, (source) => made(template(source)), context.tokens);
  const ofTarget = configured(target, context.renderTarget, context.tokens);
  const atHome = compileHeaders(standardHeaders([...ofTarget, ...own]), ofTarget, own);
  const elsewhere = compileHeaders(standardHeaders(own), own);
  const foreignLines = compileHeaders(standardHeaders([])).render({});
  const homeOrigin = base === null ? url.fixedOrigin : origins.of(base);

  function urlOf(vars: Vars): HttpUrl {
    const rendered = url.render(vars);
    const added = query === null ? "" : query(vars);
    return added === "" ? rendered : { ...rendered, path: withQuery(rendered.path, added) };
  }

  return {
    urlOf,
    render(vars) {
      const url = urlOf(vars);
      const headers = url.origin === homeOrigin ? atHome : elsewhere;
      let plainLines = headers.has("host") ? "" : `host: ${url.origin.authority}\r\n`;
      plainLines += headers.render(vars);
      if (url.userinfo !== null && !headers.has("authorization")) {
        plainLines += headerLine("authorization", basicAuthorization(url.userinfo));
      }
      const chosen = typeof method === "string" ? method : method(vars);
      if (body === null) {
        return { method: chosen, url, lines: plainLines, plainLines, body: noBody(chosen) };
      }
      const { parts, contentType } = body(vars);
      let lines = plainLines + headers.renderBody(vars);
      if (contentType !== null && !headers.has("content-type")) {
        lines += headerLine("content-type", contentType);
      }
      return { method: chosen, url, lines, plainLines, body: parts };
    },
    redirected(request, { method: nextMethod, url: nextUrl, keepsBody, keepsHeaders }) {
      const origin = origins.of(nextUrl);
      const plainLines = keepsHeaders ? request.plainLines : `host: ${origin.authority}\r\n${foreignLines}`;
      return {
        method: nextMethod,
        url: { origin, path: nextUrl.pathname + nextUrl.search, userinfo: null },
        lines: keepsBody ? request.lines : plainLines,
        plainLines,
        body: keepsBody ? request.body : noBody(nextMethod),
      };
    },
  };
}

/** A text of the config, rendered at once when it is always the same. */
function made(template: Template): MadeText {
  return template.constant ? template.renderText({}) : (vars) => template.renderText(vars);
}

/** Headers and sign-in of a section. */
function configured(
  section: ValueMap,
  text: (source: string) => MadeText,
  tokens: RequestContext["tokens"],
): readonly HeaderEntry[] {
  const entries = Object.entries(isValueMap(section.headers) ? section.headers : {}).map(([name, value]) => ({
    name,
    value: value === null ? null : text(String(value)),
  }));
  if (isValueMap(section.auth)) entries.push(...authorization(section.auth, text, tokens));
  const { idempotencyKey: key = null } = section;
  if (key !== null) entries.push({ name: "idempotency-key", value: text(String(key)) });
  return entries;
}

function authorization(
  { basic, bearer, oauth2 }: { readonly [scheme: string]: Value },
  text: (source: string) => MadeText,
  tokens: RequestContext["tokens"],
): readonly HeaderEntry[] {
  const name = "authorization";
  if (isValueMap(oauth2)) return [{ name, value: () => `Bearer ${tokens!.current}` }];
  if (typeof bearer === "string") {
    const token = text(bearer);
    return [{
      name,
      value: typeof token === "string" ? `Bearer ${token}` : (vars) => `Bearer ${token(vars)}`,
    }];
  }
  if (!isValueMap(basic)) return [];
  const [user, password] = [text(String(basic.username)), text(String(basic.password))];
  if (typeof user === "string" && typeof password === "string") {
    return [{ name, value: basicAuthorization(`${user}:${password}`) }];
  }
  const of = (part: MadeText, vars: Vars) => typeof part === "string" ? part : part(vars);
  return [{ name, value: (vars) => basicAuthorization(`${of(user, vars)}:${of(password, vars)}`) }];
}

/** Headers of every request that does not say otherwise. */
function standardHeaders(configured: readonly HeaderEntry[]): readonly HeaderEntry[] {
  const asksForPart = configured.some(({ name, value }) => name.toLowerCase() === "range" && value !== null);
  return [
    { name: "accept", value: "*/*" },
    { name: "user-agent", value: `fanout/${version}` },
    // A part of a compressed body cannot be decompressed. Brotli and zstd are not asked for: not every runtime notices
    // when such a body ends too early.
    { name: "accept-encoding", value: asksForPart ? null : "gzip, deflate" },
  ];
}

/** A method that usually has a body says when it has none (RFC 9110, section 8.6). */
function noBody(method: string): readonly BodyPart[] | null {
  return method === "POST" || method === "PUT" || method === "PATCH" ? [] : null;
}

/** `get` is written for GET by many; methods that nobody knows are left as they are. */
function compileMethod(source: string, compile: (source: string) => Template): MadeText {
  const template = compile(source);
  const read = (text: string) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text) || /^connect$/i.test(text)) {
      throw new ExpressionError(`${JSON.stringify(text)} is no method that can be sent`);
    }
    return /^(get|head|post|put|patch|delete|options|trace)$/i.test(text) ? text.toUpperCase() : text;
  };
  return template.constant ? read(template.renderText({})) : (vars) => read(template.renderText(vars));
}
