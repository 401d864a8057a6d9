import type { DatabaseTls, ServerOptions } from "../runtime/databases.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { checkOptions, noTls, readServerUrl, type ServerContext, type Wrong } from "./server_url.ts";

/**
 * `mysql://user:password@host:3306/name`, with the options of the server's own client: `?socket=/run/mysqld/mysqld.sock`,
 * `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`. Without `ssl-mode` and `tls`, TLS is used where the server has it.
 */
export function readMysqlUrl(text: string, context: ServerContext): ServerOptions | Wrong {
  const url = readServerUrl(text);
  if ("wrong" in url) return url;
  const { options } = url;
  const wrong = checkOptions(url, ["socket", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"]);
  if (wrong !== undefined) return wrong;
  const written = options.get("ssl-mode");
  const mode = written === undefined
    ? context.tls?.mode ?? (options.has("ssl-ca") ? "verify-full" : "prefer")
    : modes[written.toUpperCase()];
  if (mode === undefined) {
    return { wrong: `ssl-mode=${written} is not known; known are ${Object.keys(modes).join(", ")}` };
  }
  const file = (name: string) =>
    options.has(name) ? resolvePath(context.directory, options.get(name)!) : null;
  return {
    host: options.get("socket") ?? (url.host || "localhost"),
    port: url.port ?? 3306,
    user: url.user,
    password: url.password,
    database: url.path || null,
    connectMs: context.connectMs,
    tls: { ...noTls, ca: file("ssl-ca"), cert: file("ssl-cert"), key: file("ssl-key"), ...context.tls, mode },
  };
}

const modes: { readonly [name: string]: DatabaseTls["mode"] } = {
  DISABLED: "disable",
  PREFERRED: "prefer",
  REQUIRED: "require",
  VERIFY_CA: "verify-ca",
  VERIFY_IDENTITY: "verify-full",
};
