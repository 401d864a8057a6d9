import { isIP } from "node:net";
import { findAddresses } from "./http_addresses.ts";
import { connectFirst } from "./http_connect.ts";
import type { HttpFailure, HttpRoute } from "./http_port.ts";
import { type Connection, DialError, type Stage } from "./http_stage.ts";
import { secure, type TlsMaterial } from "./http_tls.ts";
import { openTunnel } from "./http_tunnel.ts";

/** Hears how a dial ends, once, and never before {@link dial} has returned. */
export interface DialHandler {
  connected(connection: Connection): void;
  failed(failure: HttpFailure): void;
}

/**
 * Makes a connection: finds the addresses of the host, asks the route about each, connects to the first that answers,
 * goes through the proxy if there is one, and secures it. It has no time limit of its own: `cancel` it.
 */
export function dial(route: HttpRoute, tls: TlsMaterial, handler: DialHandler): Stage {
  const { proxy, host } = route;
  const first = proxy ?? route;
  let isAtProxy = proxy !== null;
  let stage: Stage = findAddresses(
    first.host,
    then((found) => {
      const allowed = proxy ? found : allowedAddresses(route, found);
      if (allowed instanceof DialError) return fail(allowed);
      stage = connectFirst(allowed, first, then(proxy ? reachProxy : secureEnd));
    }),
  );

  function reachProxy({ socket }: Connection): void {
    // The proxy's own certificate is checked with the built-in authorities or `tls.ca`; it is shown no client's.
    if (!proxy!.secure) tunnel({ socket, address: null });
    else stage = secure({ socket, address: null }, proxy!.host, { ca: tls.ca }, then(tunnel));
  }

  function tunnel(outer: Connection): void {
    if (!route.secure) handler.connected(outer);
    else stage = openTunnel(outer, route, then(secureEnd));
  }

  function secureEnd(connection: Connection): void {
    isAtProxy = false;
    if (!route.secure) handler.connected(connection);
    else stage = secure(connection, host, tls, then((secured) => handler.connected(secured)));
  }

  function then<T>(go: (result: T) => void): (result: T | DialError) => void {
    return (result) => result instanceof DialError ? fail(result) : go(result);
  }

  function fail({ reason, code, message }: DialError): void {
    // Whatever keeps us from the proxy is the proxy's failure, but for a want of descriptors, which is our own.
    const isOfProxy = isAtProxy && reason !== "descriptors";
    handler.failed({ reason: isOfProxy ? "proxy" : reason, code, message, sent: false });
  }

  return { cancel: () => stage.cancel() };
}

/** The addresses that the route lets through, or why it lets through none. */
function allowedAddresses(route: HttpRoute, found: readonly string[]): readonly string[] | DialError {
  const allowed = found.filter((address) => route.refuses(address) === null);
  if (allowed.length > 0) return allowed;
  const name = isIP(route.host) ? "" : `${route.host} is at ${found[0]}: `;
  return new DialError("blocked_address", "BLOCKED", `${name}${route.refuses(found[0]!)}`);
}
