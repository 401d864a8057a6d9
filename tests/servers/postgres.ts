import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestCertificates } from "./test_certificates.ts";
import {
  findProgram,
  freePort,
  serverDirectory,
  startServer,
  type Throwaway,
  unprivileged,
} from "./throwaway.ts";

/** A PostgreSQL server with TLS, on the loopback interface and a socket in its directory. */
export interface PostgresServer extends Throwaway {
  /** `postgres://` of its superuser; with options after `?` where given. */
  url(options?: string): string;
  /** Runs SQL as its superuser, by a connection of its own; gives the first column of what it answers, a line a row. */
  sql(text: string): string;
  /** Files of the certificates it was made with. */
  readonly ca: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

export const postgresPassword = "se cret/@:1";

/** Starts one, in about two seconds. `maxConnections` may be small: three are kept for its superuser. */
export async function startPostgres({ maxConnections = 30 } = {}): Promise<PostgresServer> {
  const user = unprivileged("postgres");
  const directory = serverDirectory("postgres", user);
  const data = join(directory, "data");
  const run = (name: string, args: readonly string[]) => {
    const [program = "", ...rest] = [...user?.as ?? [], findProgram(name) ?? name, ...args];
    return spawnSync(program, rest, {
      encoding: "utf8",
      env: { ...process.env, PGPASSWORD: postgresPassword },
    });
  };
  writeFile("password", postgresPassword);
  const init = run("initdb", [
    "-D",
    data,
    "-U",
    "admin",
    "-A",
    "scram-sha-256",
    "-N",
    "--pwfile",
    join(directory, "password"),
  ]);
  if (init.status !== 0) throw new Error(`initdb failed: ${init.error ?? init.stderr}`);
  const { ca, server, client } = makeTestCertificates();
  const files = {
    "ca.pem": ca,
    "server.pem": server.cert,
    "server.key": server.key,
    "client.pem": client.cert,
    "client.key": client.key,
  };
  for (const [name, text] of Object.entries(files)) writeFile(name, text);
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: directory,
    max_connections: maxConnections,
    fsync: "off",
    ssl: "on",
    ssl_cert_file: join(directory, "server.pem"),
    ssl_key_file: join(directory, "server.key"),
    ssl_ca_file: join(directory, "ca.pem"),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const started = await startServer(port, directory, {
    command: [...user?.as ?? [], findProgram("postgres") ?? "postgres", "-D", data, ...options],
    isReady: () => run("pg_isready", ["-h", directory, "-p", String(port)]).status === 0,
  });
  return Object.assign(started, {
    url: (options = "") =>
      `postgres://admin:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/postgres${
        options && `?${options}`
      }`,
    sql(text: string) {
      const psql = run("psql", [
        "-h",
        directory,
        "-p",
        String(port),
        "-U",
        "admin",
        "-d",
        "postgres",
        "-Atqc",
        text,
      ]);
      if (psql.status !== 0) throw new Error(psql.stderr);
      return psql.stdout.trim();
    },
    ca: join(directory, "ca.pem"),
    clientCert: join(directory, "client.pem"),
    clientKey: join(directory, "client.key"),
  });

  function writeFile(name: string, text: string): void {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (user !== undefined) spawnSync("chown", [`${user.uid}:${user.gid}`, path]);
  }
}
