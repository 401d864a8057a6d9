/**
 * One HTTP/1.1 exchange: a request goes out on a connection, its answer comes back. Nothing behind this port follows
 * a redirect, decompresses, reads a status or decides whether to try again: that is policy, and lives with the kind.
 */

/** Makes clients. */
export interface HttpPort {
  /** Loads what it needs and reads the files of `tls`. Rejects, naming the file, when one cannot be read. */
  open(options: HttpOptions): Promise<HttpClient>;
}

/** What all exchanges of a client have in common. Durations are milliseconds; null for no limit. */
export interface HttpOptions {
  /** Absolute; relative paths of files start here. */
  readonly directory: string;
  readonly tls: HttpTls;
  /** Until the connection stands: name lookup, TCP, proxy and TLS together. */
  readonly connectMs: number | null;
  /** From the last byte of the request to the first of the answer. */
  readonly firstByteMs: number | null;
  /** Between two chunks, of the request's body as of the answer. */
  readonly idleMs: number | null;
  /** Status line and headers of an answer, together. */
  readonly maxHeaderBytes: number;
}

/** Each text is PEM itself, or the path of a PEM file. */
export interface HttpTls {
  /** Trusted in place of the built-in authorities; null for those. */
  readonly ca: string | null;
  /** The client's certificate and its key; null for none. */
  readonly cert: string | null;
  readonly key: string | null;
  /** Accepts every certificate. */
  readonly insecure: boolean;
  /** Asked for and checked in place of the URL's host; null for that. */
  readonly serverName: string | null;
}

/** Connections, kept alive between exchanges. */
export interface HttpClient {
  /** Never throws for what the network does; `handler` is not called before it has returned. */
  send(request: HttpRequest, handler: HttpHandler): HttpExchange;
  /** Closes idle connections. */
  closeIdle(): void;
  /** Closes idle connections; those in use close with their exchange. */
  close(): void;
}

/** Where a request goes, and how. Made once per origin; requests of routes with one `key` share connections. */
export interface HttpRoute {
  readonly key: string;
  readonly secure: boolean;
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly proxy: HttpProxy | null;
  /** Why an address may not be dialled; null when it may. Asked of the very address that is dialled next. */
  refuses(address: string): string | null;
}

/** An HTTP proxy: `CONNECT` for https, the absolute form for http. */
export interface HttpProxy {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Value of `proxy-authorization`; null without. */
  readonly authorization: string | null;
}

/** A request as it goes out. Nothing in it may hold line breaks of its own: whoever makes it checks. */
export interface HttpRequest {
  readonly route: HttpRoute;
  readonly method: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  /** Header lines in Latin-1, each with its line end, `host` among them; `content-length` is added here. */
  readonly headers: string;
  /** Bytes, and files (paths) that are streamed; null for no body. */
  readonly body: readonly BodyPart[] | null;
  /**
   * The request may be sent a second time. Then a kept-alive connection that ends before the first byte of the answer
   * is replaced by a new one, unnoticed.
   */
  readonly repeatable: boolean;
}

/** A piece of a request's body. */
export type BodyPart = Uint8Array | { readonly file: string };

/** Hears an exchange: `head`, then `data` any number of times, then `end`; or `fail` at any point, and nothing more. */
export interface HttpHandler {
  head(head: HttpHead): void;
  /** The chunk is its taker's only until this returns. */
  data(chunk: Uint8Array): void;
  end(): void;
  fail(failure: HttpFailure): void;
}

/** Status and headers of an answer; 1xx answers are never shown. */
export interface HttpHead {
  readonly status: number;
  /** Names and values in turn, as they came, Latin-1. */
  readonly headers: readonly string[];
  /** The address that was dialled; null behind a proxy. */
  readonly address: string | null;
}

/** An exchange under way. */
export interface HttpExchange {
  /** Some byte of the request may have reached the server, or the proxy that passes it on. */
  readonly sent: boolean;
  /** Ends it by closing its connection; the handler hears nothing more. Harmless after its end. */
  cancel(): void;
  /** Stops reading the body until `resume`; the idle limit does not run. */
  pause(): void;
  resume(): void;
}

/** Why an exchange brought no whole answer. */
export interface HttpFailure {
  readonly reason: HttpFailureReason;
  /** The system's or the runtime's own word: `ECONNREFUSED`. */
  readonly code: string;
  /** What failed, with the value at hand. */
  readonly message: string;
  /** Some byte of the request may have reached the server. */
  readonly sent: boolean;
}

/**
 * - `source`: a file of the request's body cannot be read;
 * - `dns`: no address for the name; code `EAI_AGAIN` when that may pass;
 * - `blocked_address`: the route refuses every address of the host;
 * - `connect`: refused, unreachable, or ended before the connection stood;
 * - `proxy`: the proxy did not make the connection;
 * - `tls`: certificates or protocol versions do not fit;
 * - `timeout`: one of the client's limits; `sent` tells whether it was the one on connecting;
 * - `reset`: the connection ended before the whole answer, in violence or before its first byte;
 * - `truncated`: the body ended before the length that was announced;
 * - `protocol`: the answer is no HTTP;
 * - `headers_too_large`: more than `maxHeaderBytes`;
 * - `descriptors`: this process may open no more files.
 */
export type HttpFailureReason =
  | "source"
  | "dns"
  | "blocked_address"
  | "connect"
  | "proxy"
  | "tls"
  | "timeout"
  | "reset"
  | "truncated"
  | "protocol"
  | "headers_too_large"
  | "descriptors";
