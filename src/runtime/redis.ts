import { connect as connectSocket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { type Dialling, openServer } from "./database_open.ts";
import { socketTrouble } from "./database_trouble.ts";
import type { Opening, RedisSession, ServerOptions, Trouble } from "./databases.ts";
import { ConnectionClosed, RedisConnection } from "./redis_connection.ts";

/** Connects to Redis, signs in and selects the database. */
export function openRedis(options: ServerOptions): Opening<RedisSession> {
  return openServer<RedisSession>(options, (tls) => dialAndListen(options, tls));
}

/**
 * A server with too many clients says so and hangs up; what was written to it meanwhile hides what it said. So one that
 * hangs up without a word is dialled once more, and listened to before anything is written.
 */
function dialAndListen(options: ServerOptions, tls: ConnectionOptions | false): Dialling<RedisSession> {
  let dialling = dial(options, tls, 1);
  let dropped = false;
  const session = dialling.session.then((first) => {
    const hungUp = "kind" in first && (first.code === "ECONNRESET" || first.code === "EPIPE");
    if (!hungUp || dropped) return first;
    dialling = dial(options, tls, listenMs);
    return dialling.session;
  });
  const drop = () => {
    dropped = true;
    dialling.drop();
  };
  return { session, drop };
}

/** Longer than a server that is not overloaded takes to notice a client. */
const listenMs = 50;

function dial(
  options: ServerOptions,
  tls: ConnectionOptions | false,
  quietMs: number,
): Dialling<RedisSession> {
  const { host, port } = options;
  const plain = host.startsWith("/") ? connectSocket(host) : connectSocket(port, host);
  plain.setNoDelay(true).setKeepAlive(true);
  const socket = tls === false ? plain : connectTls({ ...tls, socket: plain, host });
  const connection = new RedisConnection(socket, () => openRedis(options));
  const session = new Promise<RedisSession | Trouble>((resolve) => {
    const failed = (error: Error) => {
      resolve(connection.farewell ?? socketTrouble(error, false));
      socket.destroy();
    };
    if (socket !== plain) plain.on("error", failed);
    socket.on("error", failed);
    socket.once("close", () => failed(new ConnectionClosed()));
    const ready = () => setTimeout(() => connection.signIn(options).then(resolve), quietMs);
    socket.once(tls === false ? "connect" : "secureConnect", ready);
  });
  return { session, drop: () => void socket.destroy() };
}
