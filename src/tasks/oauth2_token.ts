import { isValueMap, type Value } from "../model/json.ts";
import { version } from "../model/version.ts";
import { basicAuthorization, headerLine } from "./http_headers.ts";
import { originOf } from "./http_origin.ts";
import type { RenderedRequest } from "./http_request.ts";
import { DecodeError } from "./kind.ts";

/** `auth.oauth2` of the config, rendered. */
export interface TokenSettings {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
  readonly audience: string | null;
}

/**
 * Asks for a token. The client signs in by HTTP Basic, which every server has to understand (RFC 6749, section 2.3.1).
 * A text says why that cannot be asked.
 */
export function tokenRequest(settings: TokenSettings): RenderedRequest | string {
  const url = URL.parse(settings.tokenUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) return "it is no http or https URL";
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (settings.scope !== null) form.set("scope", settings.scope);
  if (settings.audience !== null) form.set("audience", settings.audience);
  const origin = originOf(url);
  const credentials = `${formEncoded(settings.clientId)}:${formEncoded(settings.clientSecret)}`;
  const lines = headerLine("host", origin.authority) +
    headerLine("authorization", basicAuthorization(credentials)) +
    headerLine("accept", "application/json") +
    headerLine("user-agent", `fanout/${version}`) +
    headerLine("content-type", "application/x-www-form-urlencoded");
  return {
    method: "POST",
    url: { origin, path: url.pathname + url.search, userinfo: null },
    lines,
    plainLines: lines,
    body: [new TextEncoder().encode(form.toString())],
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

/** What a token server gave. */
export interface TokenAnswer {
  readonly token: string;
  /** Null when the server does not say. */
  readonly lifeMs: number | null;
}

/** Either the token or what is wrong with the answer. */
export function readTokenAnswer(fields: { readonly [name: string]: unknown }): TokenAnswer | string {
  let json: Value;
  try {
    json = fields["json"] as Value;
  } catch (error) {
    if (error instanceof DecodeError) return "its answer is no JSON";
    throw error;
  }
  const { access_token: token = null, token_type: type = "bearer", expires_in: life = null } =
    isValueMap(json) ? json : {};
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) return "its answer has no access_token";
  if (typeof type !== "string" || type.toLowerCase() !== "bearer") {
    return `its token is of the type ${JSON.stringify(type)}, and only bearer tokens are understood`;
  }
  const seconds = life === null ? NaN : Number(life);
  return { token, lifeMs: seconds >= 0 ? seconds * 1_000 : null };
}

/** What the server says of the refusal (RFC 6749, section 5.2). */
export function errorIn(body: Value | undefined): string | null {
  if (typeof body !== "string") return null;
  try {
    const { error, error_description: more } = JSON.parse(body);
    const texts = [error, more].filter((text) => typeof text === "string");
    return texts.length === 0 ? null : texts.join(", ").slice(0, 500);
  } catch {
    return null;
  }
}
