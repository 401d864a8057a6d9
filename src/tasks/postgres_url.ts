import type { PostgresOptions } from "../runtime/databases.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { checkOptions, noTls, readServerUrl, type ServerContext, type Wrong } from "./server_url.ts";

/**
 * `postgres://user:password@host:5432/name`, with libpq's options. A host that begins with a slash (`?host=/run/postgresql`)
 * is the directory of a unix socket. Without `sslmode` and `tls`, TLS is used where the server has it.
 */
export function readPostgresUrl(text: string, context: ServerContext): PostgresOptions | Wrong {
  const url = readServerUrl(text);
  if ("wrong" in url) return url;
  const wrong = checkOptions(url, known);
  if (wrong !== undefined) return wrong;
  const { options } = url;
  const mode = options.get("sslmode") ?? context.tls?.mode ??
    (options.has("sslrootcert") ? "verify-full" : "prefer");
  if (!isMode(mode)) return { wrong: `sslmode=${mode} is not known; known are ${modes.join(", ")}` };
  const port = options.get("port") ?? String(url.port ?? 5432);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return { wrong: `port=${port} is no port` };
  const file = (name: string) =>
    options.has(name) ? resolvePath(context.directory, options.get(name)!) : null;
  return {
    host: options.get("host") ?? (url.host || "localhost"),
    port: Number(port),
    user: options.get("user") ?? url.user,
    password: options.get("password") ?? url.password,
    database: options.get("dbname") ?? (url.path || null),
    applicationName: options.get("application_name") ?? "fanout",
    startupOptions: options.get("options") ?? null,
    connectMs: context.connectMs,
    tls: {
      ...noTls,
      ca: file("sslrootcert"),
      cert: file("sslcert"),
      key: file("sslkey"),
      ...context.tls,
      // libpq's `allow` begins without; what it may end with is the same.
      mode: mode === "allow" ? "prefer" : mode,
    },
  };
}

const known = [
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "application_name",
  "options",
];

const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

function isMode(mode: string): mode is (typeof modes)[number] {
  return (modes as readonly string[]).includes(mode);
}
