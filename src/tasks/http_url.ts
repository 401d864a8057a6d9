import { ExpressionError, type Template, type Vars } from "../model/expression.ts";
import { type Origin, type Origins, userinfoOf } from "./http_origin.ts";

/** Where one request goes. */
export interface HttpUrl {
  readonly origin: Origin;
  /** Path and query, as they are sent. */
  readonly path: string;
  /** `user:password` of the URL, decoded; null without. */
  readonly userinfo: string | null;
}

/** A task's `url` and its target's `baseUrl`, compiled. */
export interface UrlTemplate {
  /** Where every URL of it lies; null when values decide. */
  readonly fixedOrigin: Origin | null;
  /** @throws ExpressionError when the values at hand make no URL */
  render(vars: Vars): HttpUrl;
}

/**
 * Compiles a task's `url`. It is appended to `base` unless it is an address of its own. An expression that the text begins with
 * is taken as it is; every other one is encoded as one path segment, query value, or part of the user name, and must be a host
 * name with or without a port where the host stands.
 *
 * A URL whose host is fixed, as most are, is read once: then a request costs the encoding of its values only.
 */
export function compileUrl(template: Template, base: URL | null, origins: Origins): UrlTemplate {
  return fixedHostUrl(template, base, origins) ?? freeUrl(template, base, origins);
}

/** The text of a `url` with its base before it. @throws ExpressionError when it has no host */
function resolveUrl(text: string, base: URL | null): URL {
  // deno-lint-ignore no-control-regex -- A URL parser would take them out without a word.
  if (/[\0-\x1f\x7f]/.test(text)) {
    throw new ExpressionError(`the url ${quote(text)} holds control characters`);
  }
  const url = URL.parse(absolute.test(text) ? text : appended(text, base));
  if (url === null) throw new ExpressionError(`${quote(text)} is no URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ExpressionError(
      `the url ${quote(text)} begins with "${url.protocol}", and only http and https are spoken here`,
    );
  }
  if (base !== null && base.search !== "" && !absolute.test(text)) {
    url.search = url.search === "" ? base.search : `${base.search}&${url.search.slice(1)}`;
  }
  return url;
}

const absolute = /^[a-z][a-z0-9+.-]*:\/\//i;

function appended(text: string, base: URL | null): string {
  if (base === null) {
    throw new ExpressionError(
      `the url ${quote(text)} names no host, and the target has no baseUrl to put before it`,
    );
  }
  const prefix = base.origin + base.pathname;
  if (text === "" || text[0] === "?" || text[0] === "#") return prefix + text;
  return prefix.replace(/\/$/, "") + (text[0] === "/" ? text : `/${text}`);
}

function freeUrl(template: Template, base: URL | null, origins: Origins): UrlTemplate {
  const places = placesOf(template);
  let values: string[] = [];
  const encode = (text: string, part: number) => {
    values.push(text);
    return encodeValue(text, places[part]!);
  };
  return {
    fixedOrigin: null,
    render(vars) {
      values = [];
      const text = template.renderText(vars, encode);
      const first = template.leading ? values[0]!.length : 0;
      checkSegments(values.slice(template.leading ? 1 : 0), text.slice(first));
      const url = resolveUrl(text, base);
      return { origin: origins.of(url), path: url.pathname + url.search, userinfo: userinfoOf(url) };
    },
  };
}

/** True when a task's `url` itself writes out the host: no value can lead it elsewhere. */
export function namesItsHost(url: string): boolean {
  return /^https?:\/\/[^/?#]+/i.test(url) && !isInAuthority(url.split("${{", 1)[0]!);
}

/** Undefined when an expression stands in the host, or the text begins with one. */
function fixedHostUrl(template: Template, base: URL | null, origins: Origins): UrlTemplate | undefined {
  if (template.leading) return undefined;
  const places = placesOf(template);
  if (places.some((place) => place === "host" || place === "user")) return undefined;
  // Letters and digits only, so that no reading of the URL changes them.
  let mark = "x0fanout";
  while (template.source.includes(mark) || base?.href.includes(mark)) mark += "0";
  const marked = template.parts.map((part, i) => typeof part === "string" ? part : `${mark}q${i}q`).join("");
  const url = resolveUrl(marked, base);
  const pieces = (url.pathname + url.search).split(new RegExp(`${mark}q\\d+q`));
  // Some part fell into the fragment, which is never sent.
  if (pieces.length - 1 !== places.filter((place) => place !== undefined).length) return undefined;

  const origin = origins.of(url);
  const userinfo = userinfoOf(url);
  if (pieces.length === 1) {
    const constant: HttpUrl = { origin, path: pieces[0]!, userinfo };
    return { fixedOrigin: origin, render: () => constant };
  }
  const values: string[] = [];
  const encode = (text: string) => {
    values.push(text);
    return "";
  };
  return {
    fixedOrigin: origin,
    render(vars) {
      values.length = 0;
      template.renderText(vars, encode);
      let path = pieces[0]!;
      for (let i = 0; i < values.length; i++) path += encodeText(values[i]!) + pieces[i + 1]!;
      checkSegments(values, path);
      return { origin, path, userinfo };
    },
  };
}

/** What an expression of a URL is part of. */
type Place = "whole" | "user" | "host" | "path" | undefined;

/** For each part of the template; undefined for literal text. */
function placesOf(template: Template): readonly Place[] {
  let before = "";
  return template.parts.map((part, i) => {
    if (typeof part === "string") {
      before += part;
      return undefined;
    }
    if (i === 0) {
      before += "x";
      return "whole";
    }
    const place = isInAuthority(before) ? authorityPlace(template, i) : "path";
    before += "x";
    return place;
  });
}

function isInAuthority(before: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*$/i.test(before);
}

/** A `@` before the path says that what stands before it is a user name or password. */
function authorityPlace({ parts }: Template, at: number): Place {
  const after = parts.slice(at + 1).map((part) => typeof part === "string" ? part : "x").join("");
  return /^[^/?#]*@/.test(after) ? "user" : "host";
}

function encodeValue(text: string, place: Place): string {
  if (place === "whole") return text;
  if (place !== "host") return encodeText(text);
  if (/^(?:[\p{L}\p{N}._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/iu.test(text)) return text;
  throw new ExpressionError(`${quote(text)} stands where the host of the url is, and is none`);
}

/** As one path segment or query value. @throws ExpressionError for half a character, which no URL can hold */
export function encodeText(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new ExpressionError(`${quote(text)} holds half a character and cannot stand in a URL`);
  }
}

/** A value that makes a segment `.` or `..` would reach another resource than the one that was meant. */
function checkSegments(values: readonly string[], text: string): void {
  if (!values.some((value) => value === "" || value === "." || value === "..")) return;
  const path = text.split(/[?#]/, 1)[0]!;
  const segment = path.split("/").find((part) => /^(?:\.|%2e){1,2}$/i.test(part));
  if (segment !== undefined) {
    throw new ExpressionError(
      `the url ${quote(text)} has a segment "${segment}", which would lead elsewhere`,
    );
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
