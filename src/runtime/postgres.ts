import type { ConnectionOptions } from "node:tls";
import Client from "pg/lib/client.js";
import { type Dialling, noTlsTrouble, openServer } from "./database_open.ts";
import { socketTrouble } from "./database_trouble.ts";
import type { Opening, PostgresOptions, SqlSession, Trouble } from "./databases.ts";
import type { PgClient } from "./postgres_driver.ts";
import { PostgresSession, serverTrouble } from "./postgres_session.ts";

/** Connects to PostgreSQL. */
export function openPostgres(options: PostgresOptions): Opening<SqlSession> {
  return openServer<SqlSession>(options, (tls) => dial(options, tls));
}

function dial(options: PostgresOptions, tls: ConnectionOptions | false): Dialling<SqlSession> {
  const { host, port, user, database, password, applicationName, startupOptions } = options;
  const client = new Client({
    host,
    port,
    ...(user === null ? {} : { user }),
    ...(database === null ? {} : { database }),
    // Given as a function, so that an empty one is not looked for in files.
    password: () => password ?? "",
    application_name: applicationName,
    ...(startupOptions === null ? {} : { options: startupOptions }),
    ssl: tls,
    keepAlive: true,
  }) as unknown as PgClient;
  // Trouble after the first is the end of a connection that has been given up.
  client.on("error", () => {});
  const drop = () => void client.connection.stream.destroy();
  const session = client.connect().then(() => new PostgresSession(client, tls), (error) => {
    drop();
    return troubleOf(error);
  });
  return { session, drop };
}

function troubleOf(error: unknown): Trouble {
  const said = serverTrouble(error, false);
  if (said !== undefined) return said;
  const { message } = error as Error;
  // The driver has no code for these.
  if (message === "The server does not support SSL connections") return noTlsTrouble;
  if (/SASL|password/i.test(message)) return { kind: "trouble", code: "28P01", message, lost: false };
  return socketTrouble(error, false);
}
