import type { HttpProxy } from "../runtime/http_port.ts";
import { isAddress } from "./http_address.ts";
import { basicAuthorization } from "./http_headers.ts";
import { type Origin, userinfoOf } from "./http_origin.ts";

/** Environment variables by name. */
export type Environment = { readonly [name: string]: string | undefined };

/** A proxy, no proxy, or why what was given is none. */
export type ProxyChoice = HttpProxy | null | { readonly wrong: string };

/**
 * The proxy for an origin: that of the config, used for everything; else that of the environment (`https_proxy`, `http_proxy`,
 * `all_proxy`, in small letters first), used for what `no_proxy` does not name. This machine itself is never reached through a
 * proxy of the environment. `none` in the config means no proxy whatever the environment says.
 */
export function proxyFor(origin: Origin, setting: string | null, environment: Environment): ProxyChoice {
  if (setting !== null) return setting === "none" ? null : parseProxy(setting);
  const names = [origin.secure ? "https_proxy" : "http_proxy", "all_proxy"];
  const value = names.map((name) => variable(environment, name)).find((text) => text !== undefined);
  if (value === undefined || isLocal(origin.host)) return null;
  return isExempt(origin, variable(environment, "no_proxy") ?? "") ? null : parseProxy(value);
}

/** Reads `[http://][user:password@]host[:port]`. */
export function parseProxy(text: string): HttpProxy | { readonly wrong: string } {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || url.hostname === "") {
    return { wrong: "it is no URL such as http://proxy.internal:3128" };
  }
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") {
    return { wrong: `its scheme is ${url.protocol.slice(0, -1)}: only http and https proxies are spoken to` };
  }
  const userinfo = userinfoOf(url);
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authorization: userinfo === null ? null : basicAuthorization(userinfo),
  };
}

function variable(environment: Environment, name: string): string | undefined {
  const upper = name.toUpperCase();
  // A web server hands a visitor's `Proxy:` header to CGI programs under this very name.
  const isForged = upper === "HTTP_PROXY" && environment.REQUEST_METHOD !== undefined;
  return environment[name] || (isForged ? undefined : environment[upper]) || undefined;
}

function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" ||
    (isAddress(host) && host.startsWith("127."));
}

/** `no_proxy`: host names that stand for what is below them too, addresses, networks (`10.0.0.0/8`), each with a port or without; `*`. */
function isExempt({ host, port }: Origin, list: string): boolean {
  return list.split(/[\s,]+/).filter(Boolean).some((entry) => {
    if (entry === "*") return true;
    const [, name = "", itsPort] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ??
      [];
    if (itsPort !== undefined && Number(itsPort) !== port) return false;
    const plain = name.replace(/^\[(.*)\]$/, "$1").replace(/^\*?\.+/, "");
    if (plain.includes("/")) return isInNetwork(host, plain);
    return host === plain || (!isAddress(host) && host.endsWith(`.${plain}`));
  });
}

/** IPv4 networks only: that is what is written into `no_proxy`. */
function isInNetwork(host: string, network: string): boolean {
  const [address = "", bits = "32"] = network.split("/");
  const [mine, theirs] = [ipv4Number(host), ipv4Number(address)];
  if (mine === null || theirs === null) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(mine / size) === Math.floor(theirs / size);
}

function ipv4Number(text: string): number | null {
  if (text.includes(":") || !isAddress(text)) return null;
  return text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
