/**
 * The stand-in for the outside world: one small HTTP server that plays every service the examples talk to, offline and
 * the same each time. It is a tool for development: nothing of it is in the program, and it listens on loopback only.
 *
 * Each service is a table of routes in a file of its own; what they remember (who has called before) lives as long as
 * the server, so that "fails the first time" is true once per start.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Handler, type Request, tryRoutes } from "./routes.ts";
import { appRoutes } from "./app_routes.ts";
import { quickstartRoutes } from "./quickstart_routes.ts";
import { shopRoutes } from "./shop_routes.ts";
import { siteRoutes } from "./site_routes.ts";

/** A server under way. */
export interface ExampleServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it; port 0 takes any free one. Rejects when the port is taken. */
export async function startServer(port = 0): Promise<ExampleServer> {
  const routes: readonly Handler[] = [
    ...siteRoutes(),
    ...appRoutes(),
    ...quickstartRoutes(),
    ...shopRoutes(),
  ];
  const server = createServer((incoming, response) => {
    void answer(routes, incoming, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** More than any example sends. */
const maxBodyBytes = 1_000_000;

async function answer(
  routes: readonly Handler[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = await readRequest(incoming);
  const reply = request === null ? { status: 413 } : await tryRoutes(routes, request);
  await pause(reply.delayMs ?? 0);
  const body = reply.json === undefined ? reply.text ?? "" : JSON.stringify(reply.json);
  response.writeHead(reply.status ?? 200, {
    "content-type": reply.json === undefined ? "text/plain; charset=utf-8" : "application/json",
    ...reply.headers,
  });
  response.end(incoming.method === "HEAD" ? undefined : body);
}

async function readRequest(incoming: IncomingMessage): Promise<Request | null> {
  let body = "";
  for await (const chunk of incoming.setEncoding("latin1")) {
    body += chunk;
    if (body.length > maxBodyBytes) return null;
  }
  // A proxy is asked for whole URLs, a server for paths.
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`);
  return {
    method: incoming.method ?? "GET",
    url,
    headers: incoming.headers as Request["headers"],
    body: new TextDecoder().decode(Uint8Array.from(body, (character) => character.charCodeAt(0))),
  };
}

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
