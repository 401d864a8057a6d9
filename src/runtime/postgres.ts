import type { ConnectionOptions } from "node:tls";
import Client from "pg/lib/client.js";
import { readTls } from "./database_tls.ts";
import { cancelledTrouble, connectTimeout, socketTrouble } from "./database_trouble.ts";
import type { Opening, PostgresOptions, SqlSession, Trouble } from "./databases.ts";
import type { PgClient } from "./postgres_driver.ts";
import { PostgresSession, serverTrouble } from "./postgres_session.ts";

/** Connects to PostgreSQL. */
export function openPostgres(options: PostgresOptions): Opening<SqlSession> {
  const connecting = new Connecting(options);
  return { opened: connecting.open(), cancel: () => connecting.stop(cancelledTrouble(false)) };
}

/** Invariant: once `stopped` is set no client stays connected. */
class Connecting {
  private readonly options: PostgresOptions;
  private client: PgClient | undefined;
  private stopped: Trouble | undefined;

  constructor(options: PostgresOptions) {
    this.options = options;
  }

  async open(): Promise<SqlSession | Trouble> {
    const { connectMs, tls, host } = this.options;
    const timer = connectMs === null
      ? undefined
      : setTimeout(() => this.stop(connectTimeout(connectMs)), connectMs);
    try {
      const ssl = host.startsWith("/") ? false : await readTls(tls, host);
      if (ssl !== false && "kind" in ssl) return ssl;
      const first = await this.connect(ssl);
      if (!("kind" in first) || ssl === false || tls.mode !== "prefer" || !hasNoTls(first)) return first;
      return await this.connect(false);
    } finally {
      clearTimeout(timer);
    }
  }

  stop(why: Trouble): void {
    this.stopped ??= why;
    this.client?.connection.stream.destroy();
  }

  private async connect(ssl: ConnectionOptions | false): Promise<SqlSession | Trouble> {
    if (this.stopped !== undefined) return this.stopped;
    const { host, port, user, database, password, applicationName, startupOptions } = this.options;
    const client = this.client = new Client({
      host,
      port,
      ...(user === null ? {} : { user }),
      ...(database === null ? {} : { database }),
      // Given as a function, so that an empty one is not looked for in files.
      password: () => password ?? "",
      application_name: applicationName,
      ...(startupOptions === null ? {} : { options: startupOptions }),
      ssl,
      keepAlive: true,
    }) as unknown as PgClient;
    // Trouble after the first is the end of a connection that has been given up.
    client.on("error", () => {});
    try {
      await client.connect();
      if (this.stopped === undefined) return new PostgresSession(client, ssl);
    } catch (error) {
      client.connection.stream.destroy();
      return this.stopped ?? troubleOf(error);
    }
    client.connection.stream.destroy();
    return this.stopped;
  }
}

function troubleOf(error: unknown): Trouble {
  const said = serverTrouble(error, false);
  if (said !== undefined) return said;
  const { message } = error as Error;
  if (hasNoTls({ message })) return { kind: "trouble", code: "TLS", message: noTlsMessage, lost: false };
  if (/SASL|password/i.test(message)) return { kind: "trouble", code: "28P01", message, lost: false };
  return socketTrouble(error, false);
}

const noTlsMessage = "the server does not support TLS: write sslmode=disable to do without";

/** The driver has no code for it. */
function hasNoTls({ message }: { readonly message: string }): boolean {
  return message === "The server does not support SSL connections" || message === noTlsMessage;
}
