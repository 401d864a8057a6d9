/** A request of an attempt, as far as a redirect is concerned. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
}

/** Where to go next, and what comes along. */
export interface NextHop extends Hop {
  readonly keepsBody: boolean;
  /** Headers of the config, and sign-in, come along: it is the same origin. */
  readonly keepsHeaders: boolean;
}

/** The target of a redirect that must not be followed; a sentence that says why. */
export type BadRedirect = string;

const redirecting = new Set([301, 302, 303, 307, 308]);

/** True for an answer that sends the client elsewhere. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && location !== "" && redirecting.has(status);
}

/**
 * The request that follows a redirect, by RFC 9110, section 15.4: 303 asks for the result of what was done, 301 and 302 turn
 * a POST into a GET as every client does, 307 and 308 repeat. Another origin (scheme, host or port) gets nothing of the config's.
 */
export function followRedirect(
  { method, url }: Hop,
  status: number,
  location: string,
): NextHop | BadRedirect {
  const next = URL.parse(readLocation(location), url.href);
  if (next === null) return `the target ${JSON.stringify(location.slice(0, 200))} is no URL`;
  if (next.protocol !== "http:" && next.protocol !== "https:") {
    return `the target is ${next.protocol}, and only http and https are followed`;
  }
  // A user name in a target was chosen by the server: signing in with it is none of its business.
  next.username = "";
  next.password = "";
  next.hash = "";
  const keepsHeaders = next.origin === url.origin;
  const becomesGet = status === 303
    ? method !== "HEAD"
    : method === "POST" && (status === 301 || status === 302);
  return {
    method: becomesGet ? "GET" : method,
    url: next,
    keepsBody: keepsHeaders && !becomesGet,
    keepsHeaders,
  };
}

/** Header bytes are read as Latin-1, but many servers write UTF-8 there. */
function readLocation(location: string): string {
  if (!/[^\0-\x7f]/.test(location)) return location;
  const bytes = Uint8Array.from(location, (character) => character.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return location;
  }
}
