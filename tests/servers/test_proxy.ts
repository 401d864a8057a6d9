import { connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ServerTls } from "./raw_http_server.ts";

/** A proxy for tests, and what it was asked. */
export interface TestProxy {
  readonly port: number;
  /** First lines of the requests it got. */
  readonly asked: string[];
  /** Values of `proxy-authorization`. */
  readonly authorizations: string[];
  close(): Promise<void>;
}

/**
 * Starts one. It connects wherever it is asked to, whatever the name says, to `port` of this machine; or it gives `answer`
 * to every CONNECT and nothing else.
 */
export function startTestProxy(
  port: number,
  { answer, tls }: { readonly answer?: string; readonly tls?: ServerTls } = {},
): Promise<TestProxy> {
  const asked: string[] = [];
  const authorizations: string[] = [];
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let head = "";
    socket.on("data", function read(chunk: Uint8Array) {
      head += new TextDecoder("latin1").decode(chunk);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read);
      asked.push(head.slice(0, head.indexOf("\r\n")));
      const authorization = /^proxy-authorization: (.*)$/im.exec(head)?.[1];
      if (authorization !== undefined) authorizations.push(authorization.trim());
      if (answer !== undefined) return void (answer === "" ? socket.end() : socket.write(answer));
      const isTunnel = head.startsWith("CONNECT ");
      const upstream = connect(port, "127.0.0.1", () => {
        if (isTunnel) socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        else upstream.write(head.replace(/^(\w+) http:\/\/[^/]+/, "$1 "));
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on("error", () => socket.destroy());
    });
  };
  const server = tls ? createTlsServer({ cert: tls.cert, key: tls.key }, accept) : createServer(accept);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({
        port: (server.address() as { port: number }).port,
        asked,
        authorizations,
        close() {
          for (const socket of sockets) socket.destroy();
          return new Promise((closed) => server.close(() => closed()));
        },
      });
    });
  });
}
