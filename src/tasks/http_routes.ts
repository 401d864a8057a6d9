import type { HttpRoute } from "../runtime/http_port.ts";
import { classifyAddress, isAddress } from "./http_address.ts";
import type { Origin } from "./http_origin.ts";
import { type Environment, proxyFor } from "./http_proxy.ts";

/** Which addresses a task may reach. */
export type Network = "default" | "public" | "any";

/** What decides about routes. */
export interface RouteRules {
  readonly network: Network;
  /** Hosts that the config's own text names: their address may be link-local, or a cloud's metadata service. */
  readonly literalHosts: ReadonlySet<string>;
  /** The config's `proxy`; null without. */
  readonly proxy: string | null;
  readonly environment: Environment;
}

/** Why no request may go to an origin. */
export interface NoRoute {
  readonly code: "blocked_address" | "proxy";
  readonly message: string;
}

/** The routes of one task, each made once. */
export class Routes {
  readonly #rules: RouteRules;
  readonly #made = new Map<string, HttpRoute | NoRoute>();
  /** The one before: most tasks have one origin. */
  #last:
    | { readonly origin: Origin; readonly reach: Network; readonly route: HttpRoute | NoRoute }
    | undefined;

  constructor(rules: RouteRules) {
    this.#rules = rules;
  }

  /** `fromPublic`: a public server sent us there, and may not send us to one that is not. */
  to(origin: Origin, fromPublic: boolean): HttpRoute | NoRoute {
    const { network } = this.#rules;
    const reach: Network = fromPublic && network === "default" ? "public" : network;
    if (this.#last?.origin === origin && this.#last.reach === reach) return this.#last.route;
    const key = `${origin.key} ${reach}`;
    let route = this.#made.get(key);
    if (route === undefined) {
      if (this.#made.size >= maxKnown) this.#made.clear();
      route = this.#make(origin, reach, key);
      this.#made.set(key, route);
    }
    this.#last = { origin, reach, route };
    return route;
  }

  #make(origin: Origin, reach: Network, key: string): HttpRoute | NoRoute {
    const { secure, host, port } = origin;
    const proxy = proxyFor(origin, this.#rules.proxy, this.#rules.environment);
    const refuses = (address: string) => this.#refusal(address, host, reach);
    if (proxy === null) return { key, secure, host, port, proxy, refuses };
    if ("wrong" in proxy) {
      return { code: "proxy", message: `Cannot use the proxy for ${origin.href}: ${proxy.wrong}` };
    }
    if (this.#rules.network === "public") {
      const advice =
        'the proxy alone knows which address it dials; set "proxy: none" or leave out "network: public"';
      return {
        code: "blocked_address",
        message: `Cannot keep to public addresses through a proxy: ${advice}`,
      };
    }
    // The proxy looks names up; an address that stands in the URL is checked here all the same.
    const refusal = isAddress(host) ? refuses(host) : null;
    if (refusal !== null) return { code: "blocked_address", message: refusal };
    return { key, secure, host, port, proxy, refuses };
  }

  #refusal(address: string, host: string, reach: Network): string | null {
    if (reach === "any") return null;
    const kind = classifyAddress(address);
    if (reach === "public") {
      if (kind === "public") return null;
      return this.#rules.network === "public"
        ? `${address} is no public address, and "network: public" allows no other`
        : `${address} is no public address, and a public server redirects there; "network: any" allows it`;
    }
    if (kind !== "link_local" && kind !== "metadata") return null;
    if (this.#rules.literalHosts.has(host)) return null;
    const what = kind === "metadata" ? "a cloud's metadata service" : "a link-local address";
    return `${address} is ${what}: write it out in the config, or allow it with "network: any"`;
  }
}

const maxKnown = 10_000;

/** True for a route that cannot be taken. */
export function isNoRoute(route: HttpRoute | NoRoute): route is NoRoute {
  return "code" in route;
}

/** Hosts under which clouds serve metadata: who writes one of them out means it, as with the address. */
const metadataNames = new Set(["metadata.google.internal", "metadata", "instance-data"]);

/**
 * The hosts that count as written out in the config: addresses and well-known names that stand in the literal text of these
 * URLs. Any other name does not: what it resolves to is not in the config.
 */
export function literalHosts(sources: readonly string[]): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const source of sources) {
    const authority = /^https?:\/\/[^/?#]*/i.exec(source)?.[0];
    if (authority === undefined || authority.includes("${{")) continue;
    const host = URL.parse(authority)?.hostname.replace(/^\[(.*)\]$/, "$1") ?? "";
    if (isAddress(host) || metadataNames.has(host)) hosts.add(host);
  }
  return hosts;
}

/** Whether a redirect from here may lead to public addresses only. Behind a proxy a name counts as public: nobody knows. */
export function isPublicHop(host: string, address: string | null): boolean {
  const known = address ?? (isAddress(host) ? host : null);
  return known === null || classifyAddress(known) === "public";
}
