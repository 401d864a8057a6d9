import type { ConnectionOptions } from "node:tls";
import Connection from "pg/lib/connection.js";
import type { PgClient, PgConnection } from "./postgres_driver.ts";

/**
 * Asks a server to stop what this client's connection does, over a connection of its own, as the protocol has it. The
 * server never answers: what becomes of it shows on the first connection. Gives up after `limitMs`.
 */
export function cancelPostgres(client: PgClient, tls: ConnectionOptions | false, limitMs: number): void {
  const { host, port, processID, secretKey } = client;
  const connection = new Connection({ ssl: tls }) as unknown as PgConnection;
  const timer = setTimeout(() => connection.stream.destroy(), limitMs);
  connection.on("error", () => {});
  connection.once("end", () => clearTimeout(timer));
  connection.once(
    "connect",
    () => tls === false ? connection.cancel(processID, secretKey) : connection.requestSsl(),
  );
  connection.once("sslconnect", () => connection.cancel(processID, secretKey));
  if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
  else {
    // A name may stand for several servers. Under TLS the name is needed for the certificate.
    const { remoteAddress } = client.connection.stream;
    connection.connect(port, tls === false && remoteAddress !== undefined ? remoteAddress : host);
  }
}
