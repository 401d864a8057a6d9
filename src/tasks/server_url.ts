import { isValueMap, type Value } from "../model/json.ts";
import type { DatabaseTls } from "../runtime/databases.ts";
import { resolvePath } from "../runtime/resolve_path.ts";

/** A URL of a server, taken apart and decoded. */
export interface ServerUrl {
  readonly scheme: string;
  /** Empty when it has none. */
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
  /** Without the slash it begins with. */
  readonly path: string;
  /** After the question mark, by name. */
  readonly options: ReadonlyMap<string, string>;
}

/** What cannot be used, and what to write instead. Nothing in it comes from the URL's userinfo. */
export interface Wrong {
  readonly wrong: string;
}

/** What a URL does not say. */
export interface ServerContext {
  /** Relative paths start here. */
  readonly directory: string;
  /** What the section `tls` says; undefined without one. */
  readonly tls: Partial<DatabaseTls> | undefined;
  readonly connectMs: number | null;
}

/** Reads a URL such as `postgres://user:password@host:5432/name?sslmode=require`. */
export function readServerUrl(url: string): ServerUrl | Wrong {
  const parsed = parse(url);
  if (parsed === undefined || looksTorn(parsed)) return unreadable;
  try {
    return {
      scheme: parsed.protocol.slice(0, -1),
      host: parsed.hostname === nowhere
        ? ""
        : decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, "$1"),
      port: parsed.port === "" ? null : Number(parsed.port),
      user: decodeURIComponent(parsed.username) || null,
      password: decodeURIComponent(parsed.password) || null,
      path: decodeURIComponent(parsed.pathname).replace(/^\//, ""),
      options: new Map(parsed.searchParams),
    };
  } catch {
    return { wrong: "a % in it is followed by no code: a % itself is written %25" };
  }
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url.replace(/^([^/?#]*:\/\/[^/?#]*@)(?=[/?#]|$)/, `$1${nowhere}`));
  } catch {
    return undefined;
  }
}

/** A password with /, ? or # in it tears the URL apart: what follows stands in the wrong place, and must not be shown. */
function looksTorn({ pathname, searchParams, hash }: URL): boolean {
  return hash !== "" || pathname.includes("@") || [...searchParams.keys()].some((name) => name.includes("@"));
}

const unreadable: Wrong = {
  wrong: "it cannot be read as scheme://host:port/name with user:password@ before the host; " +
    "in these, @ is %40, : is %3A, / is %2F, ? is %3F and # is %23",
};

/** Stands for a host that is left out: `redis://:password@/run/redis.sock` is no URL to the platform's parser. */
const nowhere = "nowhere.invalid";

/** Says which option of a URL is unknown. */
export function checkOptions({ options }: ServerUrl, known: readonly string[]): Wrong | undefined {
  const unknown = [...options.keys()].find((name) => !known.includes(name));
  return unknown === undefined
    ? undefined
    : { wrong: `its option ${JSON.stringify(unknown)} is not known; known are ${known.join(", ")}` };
}

/** The section `tls` of a target or task, as far as it says something. Files are relative to `directory`. */
export function readTlsSection(
  tls: Value | undefined,
  directory: string,
  render: (source: string) => string,
): Partial<DatabaseTls> | undefined {
  if (!isValueMap(tls)) return undefined;
  const { serverName } = tls;
  const file = (name: "ca" | "cert" | "key") => {
    if (typeof tls[name] !== "string") return {};
    const pem = render(tls[name]);
    return { [name]: pem.includes("-----BEGIN ") ? pem : resolvePath(directory, pem) };
  };
  return {
    mode: tls.insecure === true ? "require" : "verify-full",
    ...file("ca"),
    ...file("cert"),
    ...file("key"),
    ...(typeof serverName === "string" ? { serverName: render(serverName) } : {}),
  };
}

/** No TLS, and no files. */
export const noTls: DatabaseTls = { mode: "disable", ca: null, cert: null, key: null, serverName: null };

/** A URL that depends on an item stands for many servers: each gets a pool of its own, as each origin does. */
export function perPlace(url: Value | undefined): "origin" | null {
  const rest = String(url ?? "").replace(/\$\{\{\s*(params|secrets|run)(\.\w+)+\s*\}\}/g, "");
  return rest.includes("${{") ? "origin" : null;
}
