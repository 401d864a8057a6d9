/** Scheme, host and port of a URL, read once. */
export interface Origin {
  /** `https://host:port`, the port always written. */
  readonly key: string;
  readonly secure: boolean;
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** What the `host` header says: the port is left out where it is the usual one. */
  readonly authority: string;
  /** Begins every URL of it: `https://host`. */
  readonly href: string;
}

/** The origins a task has met, so that each is made once. */
export class Origins {
  readonly #known = new Map<string, Origin>();

  of(url: URL): Origin {
    const known = this.#known.get(url.origin);
    if (known) return known;
    // A million inputs may name a million hosts: those met first are of no more use than the others.
    if (this.#known.size >= maxKnown) this.#known.clear();
    const origin = originOf(url);
    this.#known.set(url.origin, origin);
    return origin;
  }
}

const maxKnown = 10_000;

/** @see Origins.of */
export function originOf(url: URL): Origin {
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  return {
    key: `${url.protocol}//${url.hostname}:${port}`,
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    authority: url.host,
    href: url.origin,
  };
}

/** `user:password` of a URL, decoded; null without. */
export function userinfoOf(url: URL): string | null {
  if (url.username === "" && url.password === "") return null;
  return `${decodeText(url.username)}:${decodeText(url.password)}`;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
