import { version } from "../model/version.ts";
import { originOf } from "../tasks/http_origin.ts";
import { isNoRoute, literalHosts, Routes } from "../tasks/http_routes.ts";
import type { HttpExchange } from "../runtime/http_port.ts";
import type { Ports } from "../runtime/ports.ts";

/** What became of a message. */
export type Delivery = { readonly delivered: true } | { readonly delivered: false; readonly why: string };

const limitMs = 5_000;
/** Whoever answers with more is not listened to. */
const maxHeaderBytes = 64 * 1024;

/**
 * Posts JSON to an `http` or `https` URL, once. It takes 5 s at most, or until `signal` is aborted, and never rejects: a
 * redirect, a bad status and a network failure are reasons why it was not delivered.
 */
export async function postJson(
  url: URL,
  json: string,
  ports: Pick<Ports, "http" | "clock" | "host">,
  signal: AbortSignal,
): Promise<Delivery> {
  const origin = originOf(url);
  const routes = new Routes({
    network: "default",
    literalHosts: literalHosts([url.href]),
    proxy: null,
    environment: ports.host.environment,
  });
  const route = routes.to(origin, false);
  if (isNoRoute(route)) return { delivered: false, why: route.message };
  const client = await ports.http.open({
    directory: "/",
    tls: { ca: null, cert: null, key: null, insecure: false, serverName: null },
    connectMs: limitMs,
    firstByteMs: limitMs,
    idleMs: limitMs,
    maxHeaderBytes,
  });
  const { promise, resolve } = Promise.withResolvers<Delivery>();
  let exchange: HttpExchange | null = null;
  const fail = (why: string) => resolve({ delivered: false, why });
  const timer = ports.clock.after(limitMs, () => fail(`no answer within ${limitMs} ms`));
  const giveUp = () => fail("there was no answer yet when a signal came");
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp);
  const headers = [
    `host: ${origin.authority}`,
    `user-agent: fanout/${version}`,
    "content-type: application/json",
    "accept: */*",
  ];
  exchange = client.send({
    route,
    method: "POST",
    path: url.pathname + url.search,
    headers: headers.map((line) => `${line}\r\n`).join(""),
    body: [new TextEncoder().encode(json)],
    repeatable: true,
  }, {
    head({ status }) {
      if (status >= 200 && status < 300) resolve({ delivered: true });
      else fail(`the answer was ${status}`);
    },
    // What it says besides its status is nobody's business.
    data() {},
    end() {},
    fail: ({ message }) => fail(message),
  });
  const delivery = await promise;
  timer.cancel();
  signal.removeEventListener("abort", giveUp);
  exchange.cancel();
  client.close();
  return delivery;
}
