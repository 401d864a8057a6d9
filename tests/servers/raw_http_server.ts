import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** A request as it came in, and the connection to answer on, byte by byte. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The request target as it was sent. */
  readonly target: string;
  /** Names as they were sent, and values, in turn. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly socket: Socket;
  /** Which connection of this server, from 1, and which request on it, from 1. */
  readonly connection: number;
  readonly onConnection: number;
}

/** Answers one request; writes to `request.socket` what it likes. */
export type RawHandler = (request: RawRequest) => void;

/** Bytes of PEM. With `clientCa`, clients must show a certificate of it. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** A server that reads HTTP/1.1 properly and answers as its handler says, however wrong that is. */
export interface RawServer {
  readonly port: number;
  /** Connections made so far. */
  connections(): number;
  /** Connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

/** @see RawServer. `early` may answer before the body was read; it gives true when it did. */
export function startRawServer(
  handler: RawHandler,
  options: {
    readonly tls?: ServerTls;
    readonly host?: string;
    /** Default: a free one. */
    readonly port?: number;
    readonly early?: (path: string, socket: Socket) => boolean;
  } = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay?.(true);
    readRequests(socket, ++connections, handler, options.early);
  };
  const { tls } = options;
  const server: Server = tls
    ? createTlsServer({
      cert: tls.cert,
      key: tls.key,
      ca: tls.clientCa,
      requestCert: tls.clientCa !== undefined,
      rejectUnauthorized: tls.clientCa !== undefined,
    }, accept)
    : createServer(accept);
  server.on("tlsClientError", () => {});
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", () => {
      resolve({
        port: (server.address() as { port: number }).port,
        connections: () => connections,
        open: () => sockets.size,
        close() {
          for (const socket of sockets) socket.destroy();
          return new Promise((closed) => server.close(() => closed()));
        },
      });
    });
  });
}

function readRequests(
  socket: Socket,
  connection: number,
  handler: RawHandler,
  early?: (path: string, socket: Socket) => boolean,
): void {
  let buffer: Uint8Array = new Uint8Array();
  let onConnection = 0;
  let isAnsweredEarly = false;
  socket.on("data", (chunk: Uint8Array) => {
    if (isAnsweredEarly) return;
    buffer = joined([buffer, chunk]);
    for (;;) {
      const request = takeRequest(buffer);
      if (request === undefined) {
        const path = / (\/[^ ?]*)/.exec(latin1(buffer.subarray(0, 1000)))?.[1];
        isAnsweredEarly = path !== undefined && (early?.(path, socket) ?? false);
        return;
      }
      buffer = request.rest;
      const url = new URL(request.target, "http://unused");
      handler({
        ...request,
        path: url.pathname,
        query: url.searchParams,
        socket,
        connection,
        onConnection: ++onConnection,
      });
    }
  });
}

function takeRequest(bytes: Uint8Array) {
  const text = latin1(bytes);
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const [method = "", target = ""] = first.split(" ");
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const length = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "content-length");
  const from = end + 4;
  const to = from + (length < 0 ? 0 : Number(headers[length + 1]));
  if (bytes.length < to) return undefined;
  return { method, target, headers, body: bytes.slice(from, to), rest: bytes.subarray(to) };
}

/** One byte, one character. */
export function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/** Pieces as one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
