import { connect } from "node:net";
import type { ConnectionOptions } from "node:tls";
import mysql from "mysql2";
import { type Dialling, noTlsTrouble, openServer } from "./database_open.ts";
import type { Opening, ServerOptions, SqlSession, Trouble } from "./databases.ts";
import type { MyConnection } from "./mysql_driver.ts";
import { MysqlSession } from "./mysql_session.ts";
import { driverTrouble } from "./mysql_trouble.ts";

/** Connects to MySQL or MariaDB. */
export function openMysql(options: ServerOptions): Opening<SqlSession> {
  return openServer<SqlSession>(options, (tls) => dial(options, tls));
}

function dial(options: ServerOptions, tls: ConnectionOptions | false): Dialling<SqlSession> {
  const start = () => makeConnection(options, tls);
  const connection = start();
  const session = new Promise<SqlSession | Trouble>((resolve) => {
    connection.once("connect", () => resolve(new MysqlSession(connection, start)));
    // Trouble after the first is the end of a connection that has been given up.
    connection.on("error", (error) => {
      resolve(error.code === "HANDSHAKE_NO_SSL_SUPPORT" ? noTlsTrouble : driverTrouble(error, false));
      // Last, since it may bring up another error at once, which would tell less.
      connection.stream.destroy();
    });
  });
  return { session, drop: () => void connection.stream.destroy() };
}

function makeConnection(
  { host, port, user, password, database, tls: { mode, serverName } }: ServerOptions,
  tls: ConnectionOptions | false,
): MyConnection {
  const socket = host.startsWith("/") ? connect(host) : connect(port, host);
  socket.setNoDelay(true).setKeepAlive(true);
  return mysql.createConnection({
    stream: socket,
    // Only what a certificate is checked against: the socket is connected already.
    host: serverName ?? host,
    // Nobody listens in on a socket: MySQL 8 takes a password as it is there, and does not understand one that is encrypted.
    ...(host.startsWith("/") ? { socketPath: host } : {}),
    user: user ?? undefined,
    password: password ?? undefined,
    database: database ?? undefined,
    ...(tls === false ? {} : { ssl: { ...tls, verifyIdentity: mode === "verify-full" } as never }),
    charset: "utf8mb4",
    supportBigNumbers: true,
    dateStrings: true,
    jsonStrings: true,
    // The driver would write a program for each result, with the names of its columns in it.
    disableEval: true,
    maxPreparedStatements: 100,
    // No file of this machine is ever sent, and functions are told from names as in the server's own client.
    flags: ["-LOCAL_FILES", "-IGNORE_SPACE"],
    // The time to connect is kept by the caller.
    connectTimeout: 0,
  }) as unknown as MyConnection;
}
