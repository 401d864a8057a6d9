import type { ServerOptions } from "../runtime/databases.ts";
import { checkOptions, noTls, readServerUrl, type ServerContext, type Wrong } from "./server_url.ts";

/**
 * `redis://user:password@host:6379/0`, `rediss://` for TLS, `redis:///run/redis.sock?db=1` or `unix:` for a unix socket.
 * A section `tls` turns TLS on as well.
 */
export function readRedisUrl(text: string, context: ServerContext): ServerOptions | Wrong {
  const scheme = /^([a-z+]+):/i.exec(text)?.[1]?.toLowerCase();
  if (!["redis", "rediss", "unix", "redis+unix"].includes(scheme ?? "")) {
    return {
      wrong: `${
        scheme === undefined ? "it has no scheme" : `${scheme}: is not known`
      }; write redis://host:6379/0`,
    };
  }
  const url = readServerUrl(text);
  if ("wrong" in url) return url;
  const wrong = checkOptions(url, ["db"]);
  if (wrong !== undefined) return wrong;
  const isSocket = url.host === "" && url.path !== "" && !/^\d+$/.test(url.path);
  if (!isSocket && scheme !== "redis" && scheme !== "rediss") {
    return { wrong: "the socket is missing: write unix:///run/redis.sock" };
  }
  const database = url.options.get("db") ?? (isSocket ? "" : url.path);
  if (!/^\d*$/.test(database)) {
    return { wrong: `"${database}" is no database: they are numbered, redis://host:6379/0` };
  }
  const mode = scheme === "rediss" ? context.tls?.mode ?? "verify-full" : context.tls?.mode ?? "disable";
  return {
    host: isSocket ? `/${url.path}` : url.host || "localhost",
    port: url.port ?? 6379,
    user: url.user,
    password: url.password,
    database: database || null,
    connectMs: context.connectMs,
    tls: { ...noTls, ...context.tls, mode },
  };
}
