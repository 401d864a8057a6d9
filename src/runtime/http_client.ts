import { HttpConnection } from "./http_connection.ts";
import { Http1Exchange } from "./http_exchange.ts";
import type { HttpClient, HttpExchange, HttpHandler, HttpOptions, HttpRequest } from "./http_port.ts";
import type { TlsMaterial } from "./http_tls.ts";
import { PhaseWatch } from "./phase_watch.ts";

/** Idle connections are closed after this time: few servers keep them longer. */
const idleConnectionMs = 30_000;
/** Beyond this number of them, over all origins, the oldest is closed. */
const maxIdleConnections = 256;
/** A request that may not be repeated takes none that was idle for longer: the server may be closing it just now. */
const freshConnectionMs = 2_000;

/** Exchanges on connections of its own, and the connections that are idle. */
export class Http1Client implements HttpClient {
  readonly options: HttpOptions;
  readonly tls: TlsMaterial;
  readonly watch: PhaseWatch;
  /** By the key of their route, the one used last at the end. */
  readonly #idle = new Map<string, HttpConnection[]>();
  /** The same, the one idle for longest first. */
  readonly #byAge = new Set<HttpConnection>();
  #isClosed = false;

  constructor(options: HttpOptions, tls: TlsMaterial) {
    this.options = options;
    this.tls = tls;
    this.watch = new PhaseWatch([options.connectMs, options.firstByteMs, options.idleMs]);
  }

  send(request: HttpRequest, handler: HttpHandler): HttpExchange {
    const exchange = new Http1Exchange(this, request, handler);
    exchange.begin();
    return exchange;
  }

  closeIdle(): void {
    for (const connection of this.#byAge) connection.close();
  }

  close(): void {
    this.#isClosed = true;
    this.closeIdle();
  }

  /** An idle connection of this route, no longer idle; undefined when there is none that will do. */
  takeIdle(key: string, mayRepeat: boolean): HttpConnection | undefined {
    const connection = this.#idle.get(key)?.at(-1);
    if (connection === undefined) return undefined;
    if (!mayRepeat && performance.now() - connection.idleSince > freshConnectionMs) return undefined;
    this.closed(connection);
    return connection;
  }

  /** Keeps a connection for the next request of its route. */
  keep(connection: HttpConnection): void {
    connection.release(performance.now());
    if (this.#isClosed) return connection.close();
    const others = this.#idle.get(connection.key);
    if (others) others.push(connection);
    else this.#idle.set(connection.key, [connection]);
    this.#byAge.add(connection);
    this.watch.enter(connection, idleConnectionMs);
    if (this.#byAge.size > maxIdleConnections) this.#byAge.values().next().value!.close();
  }

  /** It is idle no more. Harmless for one that was not. */
  closed(connection: HttpConnection): void {
    if (!this.#byAge.delete(connection)) return;
    this.watch.forget(connection);
    const others = this.#idle.get(connection.key)!;
    if (others.at(-1) === connection) others.pop();
    else others.splice(others.indexOf(connection), 1);
    if (others.length === 0) this.#idle.delete(connection.key);
  }
}
