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

/** A MariaDB server with TLS, on the loopback interface and a socket in its directory. */
export interface MariadbServer extends Throwaway {
  /** `mysql://` of its administrator; with options after `?` where given. */
  url(options?: string): string;
  /** Runs SQL as its administrator, by a connection of its own; gives what it answers, a line a row. */
  sql(text: string): string;
  readonly socket: string;
  /** File of the authority that its certificate comes from. */
  readonly ca: string;
}

export const mariadbPassword = "se cret/@:1";

/** Starts one, in about three seconds. */
export async function startMariadb(): Promise<MariadbServer> {
  const user = unprivileged("mysql");
  const directory = serverDirectory("mariadb", user);
  const data = join(directory, "data");
  const socket = join(directory, "s.sock");
  const install = spawnSync(findProgram("mariadb-install-db") ?? "mariadb-install-db", [
    "--no-defaults",
    `--datadir=${data}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    ...(user === undefined ? [] : ["--user=mysql"]),
  ], { encoding: "utf8" });
  if (install.status !== 0) throw new Error(`mariadb-install-db failed: ${install.error ?? install.stderr}`);
  const { ca, server } = makeTestCertificates();
  const start = join(directory, "start.sql");
  const account = `'admin'@'%' identified by '${mariadbPassword}'`;
  writeFileSync(
    start,
    [
      "drop user if exists ''@'localhost', ''@'%';",
      "create database if not exists app;",
      `create or replace user ${account};`,
      "grant all on *.* to 'admin'@'%' with grant option;\n",
    ].join("\n"),
    { mode: 0o644 },
  );
  for (
    const [name, text] of Object.entries({
      "ca.pem": ca,
      "server.pem": server.cert,
      "server.key": server.key,
    })
  ) {
    writeFileSync(join(directory, name), text, { mode: 0o644 });
  }
  const port = await freePort();
  const sql = (text: string) =>
    spawnSync("mariadb", ["--no-defaults", "-N", "-B", "-u", "admin", "-S", socket, "-e", text, "app"], {
      encoding: "utf8",
      env: { ...process.env, MYSQL_PWD: mariadbPassword },
    });
  const started = await startServer(port, directory, {
    command: [
      ...user?.as ?? [],
      findProgram("mariadbd") ?? "mariadbd",
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${socket}`,
      "--bind-address=127.0.0.1",
      `--port=${port}`,
      `--init-file=${start}`,
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-buffer-pool-size=16M",
      `--ssl-ca=${join(directory, "ca.pem")}`,
      `--ssl-cert=${join(directory, "server.pem")}`,
      `--ssl-key=${join(directory, "server.key")}`,
    ],
    isReady: () => sql("select 1").status === 0,
  });
  return Object.assign(started, {
    url: (options = "") =>
      `mysql://admin:${encodeURIComponent(mariadbPassword)}@127.0.0.1:${port}/app${options && `?${options}`}`,
    sql(text: string) {
      const answer = sql(text);
      if (answer.status !== 0) throw new Error(answer.stderr);
      return answer.stdout.trim();
    },
    socket,
    ca: join(directory, "ca.pem"),
  });
}
