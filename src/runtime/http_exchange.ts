import { Buffer } from "node:buffer";
import type { Http1Client } from "./http_client.ts";
import { type ConnectionUser, HttpConnection } from "./http_connection.ts";
import { dial } from "./http_dial.ts";
import type { HttpExchange, HttpFailure, HttpHandler, HttpRequest } from "./http_port.ts";
import type { ParseProblem, ResponseParser } from "./http_parser.ts";
import type { Connection, Stage } from "./http_stage.ts";
import { isFailure, openUpload, type Upload } from "./http_upload.ts";
import { renewPhase, type Watched } from "./phase_watch.ts";

/** A body of so many bytes goes out with its headers, in one write. */
const maxWholeBytes = 65_536;

/**
 * One request and its answer. Its phases: `connecting`, `sending`, `waiting` (for the first byte), `reading`, `over`.
 * Each has at most one limit, and only `over` is final.
 */
export class Http1Exchange implements HttpExchange, ConnectionUser, Watched {
  limitMs: number | null = null;
  enteredAt = -1;
  sent = false;
  readonly #client: Http1Client;
  readonly #request: HttpRequest;
  readonly #handler: HttpHandler;
  #phase: "connecting" | "sending" | "waiting" | "reading" | "over" = "connecting";
  #upload: Upload | undefined;
  #dial: Stage | undefined;
  #connection: HttpConnection | undefined;
  #isReused = false;
  /** Whoever waits for room in the socket. */
  #onDrain: (() => void) | undefined;

  constructor(client: Http1Client, request: HttpRequest, handler: HttpHandler) {
    this.#client = client;
    this.#request = request;
    this.#handler = handler;
  }

  begin(): void {
    if (!isWhole(this.#request)) {
      const upload = openUpload(this.#request.body!, this.#client.options.directory);
      if (isFailure(upload)) return queueMicrotask(() => this.#fail(upload));
      this.#upload = upload;
    }
    this.#connect();
  }

  cancel(): void {
    if (this.#phase === "over") return;
    this.#finish();
    this.#dial?.cancel();
    this.#connection?.close();
  }

  pause(): void {
    if (this.#phase !== "reading") return;
    this.#connection!.pause();
    this.#client.watch.forget(this);
  }

  resume(): void {
    if (this.#phase !== "reading") return;
    this.#client.watch.enter(this, this.#client.options.idleMs);
    this.#connection!.resume();
  }

  expire(): void {
    const within = `within ${this.limitMs} ms`;
    const message = this.#phase === "connecting"
      ? `No connection to ${this.#place} ${within}`
      : this.#phase === "sending"
      ? `${this.#place} took nothing more of the request ${within}`
      : this.#phase === "waiting"
      ? `${this.#place} did not begin its answer ${within}`
      : `Nothing more of the answer came from ${this.#place} ${within}`;
    this.#fail({ reason: "timeout", code: "TIMEOUT", message, sent: this.sent });
  }

  received(): void {
    if (this.#phase === "reading") renewPhase(this);
  }

  drained(): void {
    if (this.#phase === "sending") renewPhase(this);
    this.#onDrain?.();
  }

  head(status: number, headers: readonly string[]): void {
    this.#enter("reading", this.#client.options.idleMs);
    this.#handler.head({ status, headers, address: this.#connection!.address });
  }

  data(chunk: Uint8Array): void {
    this.#handler.data(chunk);
  }

  end(isReusable: boolean): void {
    const connection = this.#connection!;
    // An answer that came before the whole request was sent: nobody wants the rest.
    const isSent = this.#upload === undefined;
    this.#finish();
    if (isReusable && isSent) this.#client.keep(connection);
    else connection.close();
    this.#handler.end();
  }

  problem({ reason, words }: ParseProblem): void {
    const message = `The answer of ${this.#place} cannot be read: ${words}`;
    this.#fail({
      reason,
      code: reason === "protocol" ? "PROTOCOL" : "HEADERS_TOO_LARGE",
      message,
      sent: true,
    });
  }

  lost(code: string | null, parser: ResponseParser): void {
    const { repeatable } = this.#request;
    if (this.#isReused && repeatable && !parser.hasBegun) return this.#repeat();
    const how = code === null ? "closed the connection" : `broke off the connection (${code})`;
    const isBody = this.#phase === "reading";
    this.#fail({
      reason: isBody && code === null ? "truncated" : "reset",
      code: code ?? "EOF",
      message: `${this.#place} ${how} before ${isBody ? "the end of " : ""}its answer`,
      sent: true,
    });
  }

  get #place(): string {
    const { host, port } = this.#request.route;
    return authority(host, port);
  }

  /** The server had closed an idle connection while this request was on its way: a new one will tell. */
  #repeat(): void {
    this.#closeUpload();
    this.begin();
  }

  #connect(): void {
    const { route, method, repeatable } = this.#request;
    const idle = this.#isReused ? undefined : this.#client.takeIdle(route.key, repeatable);
    this.#isReused = idle !== undefined;
    if (idle) {
      this.#connection = idle;
      idle.use(this, method);
      return this.#send(idle);
    }
    this.#enter("connecting", this.#client.options.connectMs);
    this.#dial = dial(route, this.#client.tls, {
      connected: (made) => this.#connected(made),
      // Before this it may have been sent on a connection that was gone.
      failed: (failure) => this.#fail({ ...failure, sent: this.sent }),
    });
  }

  #connected(made: Connection): void {
    const { route, method } = this.#request;
    const connection = new HttpConnection(route.key, made, this.#client.options.maxHeaderBytes, this.#client);
    this.#dial = undefined;
    this.#connection = connection;
    connection.use(this, method);
    this.#send(connection);
  }

  #send(connection: HttpConnection): void {
    const { firstByteMs, idleMs } = this.#client.options;
    const { body } = this.#request;
    const head = headOf(this.#request, this.#upload?.length ?? lengthOf(body));
    this.sent = true;
    if (this.#upload === undefined) {
      this.#enter("waiting", firstByteMs);
      connection.write(
        body === null ? head : Buffer.concat([Buffer.from(head, "latin1"), ...(body as Uint8Array[])]),
      );
      return;
    }
    this.#enter("sending", idleMs);
    connection.write(head);
    void this.#pump(connection, this.#upload);
  }

  async #pump(connection: HttpConnection, upload: Upload): Promise<void> {
    for (;;) {
      const chunk = await upload.next();
      // Another attempt of this exchange, or none, uses what this one began.
      if (this.#upload !== upload) return;
      if (chunk === null) break;
      if (isFailure(chunk)) return this.#fail(chunk);
      if (!connection.write(chunk)) await new Promise<void>((resolve) => (this.#onDrain = resolve));
    }
    this.#closeUpload();
    if (this.#phase === "sending") this.#enter("waiting", this.#client.options.firstByteMs);
  }

  #enter(phase: "connecting" | "sending" | "waiting" | "reading", limitMs: number | null): void {
    this.#phase = phase;
    this.#client.watch.enter(this, limitMs);
  }

  #fail(failure: HttpFailure): void {
    if (this.#phase === "over") return;
    this.cancel();
    this.#handler.fail(failure);
  }

  #finish(): void {
    this.#phase = "over";
    this.#client.watch.forget(this);
    this.#closeUpload();
  }

  #closeUpload(): void {
    this.#upload?.close();
    this.#upload = undefined;
    this.#onDrain = undefined;
  }
}

/** True for a request that goes out in one write. */
function isWhole({ body }: HttpRequest): boolean {
  if (body === null) return true;
  let length = 0;
  for (const part of body) {
    if (!(part instanceof Uint8Array)) return false;
    length += part.length;
  }
  return length <= maxWholeBytes;
}

function lengthOf(body: HttpRequest["body"]): number | undefined {
  return body?.reduce((sum, part) => sum + (part as Uint8Array).length, 0);
}

function headOf({ route, method, path, headers }: HttpRequest, length: number | undefined): string {
  const isProxied = route.proxy !== null && !route.secure;
  const target = isProxied ? `http://${authority(route.host, route.port)}${path}` : path;
  const authorization = isProxied && route.proxy.authorization !== null
    ? `proxy-authorization: ${route.proxy.authorization}\r\n`
    : "";
  const bodyLength = length === undefined ? "" : `content-length: ${length}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${headers}${authorization}${bodyLength}\r\n`;
}

function authority(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
