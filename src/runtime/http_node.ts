import { Agent, type ClientRequest, type IncomingMessage, request, type RequestOptions } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { dial } from "./http_dial.ts";
import type {
  HttpClient,
  HttpExchange,
  HttpFailure,
  HttpHandler,
  HttpOptions,
  HttpRequest,
} from "./http_port.ts";
import { codeOf, type Connection, discard, type Stage } from "./http_stage.ts";
import type { TlsMaterial } from "./http_tls.ts";
import { isFailure, openUpload, type Upload } from "./http_upload.ts";
import { PhaseWatch, renewPhase, type Watched } from "./phase_watch.ts";

/** Idle connections kept per origin. */
const maxFree = 256;

/** Exchanges by `node:http`, on connections that {@link dial} makes. */
export class NodeHttpClient implements HttpClient {
  readonly options: HttpOptions;
  readonly tls: TlsMaterial;
  readonly watch: PhaseWatch;
  readonly agent = new DialAgent({ keepAlive: true, maxFreeSockets: maxFree });

  constructor(options: HttpOptions, tls: TlsMaterial) {
    this.options = options;
    this.tls = tls;
    this.watch = new PhaseWatch([options.connectMs, options.firstByteMs, options.idleMs]);
  }

  send(request: HttpRequest, handler: HttpHandler): HttpExchange {
    const exchange = new NodeExchange(this, request, handler);
    exchange.begin();
    return exchange;
  }

  close(): void {
    this.agent.destroy();
  }
}

/** What travels through `node:http` from a request to its agent. */
interface AgentOptions extends RequestOptions {
  readonly exchange: NodeExchange;
}

type Connected = (error: Error | null, socket: Duplex) => void;

/** An agent whose connections are dialled by us, and known by the key of their route. */
class DialAgent extends Agent {
  override getName(options?: unknown): string {
    return (options as AgentOptions).exchange.request.route.key;
  }

  override createConnection(
    options: unknown,
    done?: Connected,
  ): undefined {
    (options as AgentOptions).exchange.connect(done!);
  }
}

/** Which address a connection was made to. */
const addressOf = new WeakMap<object, string>();

class NodeExchange implements HttpExchange, Watched {
  limitMs: number | null = null;
  enteredAt = -1;
  readonly request: HttpRequest;
  readonly #client: NodeHttpClient;
  readonly #handler: HttpHandler;
  #out: ClientRequest | undefined;
  #in: IncomingMessage | undefined;
  #upload: Upload | undefined;
  #dial: Stage | undefined;
  #dialFailure: HttpFailure | undefined;
  #socket: Socket | undefined;
  /** What the connection had read before this exchange. */
  #readBefore = 0;
  #isReused = false;
  #phase: "connect" | "request" | "answer" = "connect";
  #over = false;

  constructor(client: NodeHttpClient, request: HttpRequest, handler: HttpHandler) {
    this.#client = client;
    this.request = request;
    this.#handler = handler;
  }

  begin(): void {
    const { body } = this.request;
    if (body === null || body.every((part) => part instanceof Uint8Array)) return this.#send(body);
    openUpload(body, this.#client.options.directory).then((upload) => {
      if (isFailure(upload)) return this.#fail(upload);
      if (this.#over) return upload.close();
      this.#upload = upload;
      this.#send(null);
    });
  }

  cancel(): void {
    this.#over = true;
    this.#client.watch.forget(this);
    this.#upload?.close();
    this.#dial?.cancel();
    this.#out?.destroy();
  }

  pause(): void {
    this.#in?.pause();
    this.#client.watch.forget(this);
  }

  resume(): void {
    if (this.#over) return;
    this.#client.watch.enter(this, this.#client.options.idleMs);
    this.#in?.resume();
  }

  expire(): void {
    const { connectMs, firstByteMs, idleMs } = this.#client.options;
    const host = this.request.route.host;
    const words = this.#phase === "connect"
      ? `No connection to ${host} within ${connectMs} ms`
      : this.#phase === "answer"
      ? `Nothing more came from ${host} for ${idleMs} ms`
      : this.limitMs === idleMs
      ? `${host} took nothing more of the request for ${idleMs} ms`
      : `${host} did not begin its answer within ${firstByteMs} ms`;
    this.#fail({ reason: "timeout", code: "TIMEOUT", message: words, sent: this.#phase !== "connect" });
  }

  /** Called by the agent when no idle connection is at hand. */
  connect(done: Connected): void {
    this.#dial = dial(this.request.route, this.#client.tls, {
      connected: ({ socket, address }: Connection) => {
        this.#dial = undefined;
        if (address !== null) addressOf.set(socket, address);
        done(null, socket);
      },
      failed: (failure) => {
        this.#dial = undefined;
        this.#dialFailure = failure;
        (done as (error: Error) => void)(new Error(failure.message));
      },
    });
  }

  #send(body: readonly BodyBytes[] | null): void {
    const { route, method, path, headers } = this.request;
    const { connectMs, maxHeaderBytes } = this.#client.options;
    const bytes = body === null ? null : body.length === 1 ? body[0]! : Buffer.concat(body as Uint8Array[]);
    const length = this.#upload?.length ?? bytes?.length;
    const options: AgentOptions = {
      agent: this.#client.agent,
      exchange: this,
      method,
      path: route.proxy && !route.secure ? `http://${hostHeader(headers)}${path}` : path,
      headers: [
        ...headers,
        ...(length === undefined ? [] : ["content-length", String(length)]),
        ...(route.proxy?.authorization && !route.secure
          ? ["proxy-authorization", route.proxy.authorization]
          : []),
      ],
      maxHeaderSize: maxHeaderBytes,
    };
    const out = request(options);
    this.#out = out;
    this.#client.watch.enter(this, connectMs);
    out.once("socket", (socket) => this.#onSocket(socket));
    out.once("finish", () => this.#onSent());
    out.once("response", (response) => this.#onHead(response));
    out.on("error", (error) => this.#onError(error));
    if (this.#upload) void this.#pump(out, this.#upload);
    else out.end(bytes ?? undefined);
  }

  async #pump(out: ClientRequest, upload: Upload): Promise<void> {
    for (;;) {
      const chunk = await upload.next();
      if (this.#over) return;
      if (chunk === null) break;
      if (isFailure(chunk)) return this.#fail(chunk);
      const isTaken = out.write(chunk) || await new Promise((resolve) => out.once("drain", resolve));
      if (isTaken && this.#phase === "request") renewPhase(this);
    }
    upload.close();
    out.end();
  }

  #onSocket(socket: Socket): void {
    if (this.#over) return;
    this.#socket = socket;
    this.#readBefore = socket.bytesRead;
    this.#isReused = this.#out!.reusedSocket;
    this.#phase = "request";
    const { firstByteMs, idleMs } = this.#client.options;
    this.#client.watch.enter(this, this.#out!.writableFinished ? firstByteMs : idleMs);
  }

  #onSent(): void {
    if (this.#phase === "request" && !this.#over) {
      this.#client.watch.enter(this, this.#client.options.firstByteMs);
    }
  }

  #onHead(response: IncomingMessage): void {
    if (this.#over) return;
    this.#in = response;
    this.#phase = "answer";
    this.#client.watch.enter(this, this.#client.options.idleMs);
    response.on("data", (chunk: Uint8Array) => {
      if (this.#over) return;
      renewPhase(this);
      this.#handler.data(chunk);
    });
    response.once("end", () => this.#onEnd());
    response.on("error", (error) => this.#onError(error));
    const address = addressOf.get(this.#socket!) ?? null;
    this.#handler.head({ status: response.statusCode!, headers: response.rawHeaders, address });
  }

  #onEnd(): void {
    if (this.#over) return;
    this.#over = true;
    this.#client.watch.forget(this);
    // An answer that came before the whole request did: nobody wants the rest, and the connection is of no use.
    if (this.#upload && !this.#out!.writableEnded) {
      this.#upload.close();
      discard(this.#socket!);
    }
    this.#handler.end();
  }

  #onError(error: Error): void {
    if (this.#over) return;
    const { route, repeatable } = this.request;
    const code = codeOf(error);
    const failed = (reason: HttpFailure["reason"], message: string) =>
      this.#fail({ reason, code, message, sent: true });
    if (this.#dialFailure) return this.#fail(this.#dialFailure);
    if (code === "HPE_HEADER_OVERFLOW") {
      const { maxHeaderBytes } = this.#client.options;
      return failed("headers_too_large", `The answer's headers are longer than ${maxHeaderBytes} bytes`);
    }
    if (code.startsWith("HPE_")) {
      return failed("protocol", `The answer is no HTTP: ${error.message} (${code})`);
    }
    if (this.#phase !== "answer") {
      const isUntouched = this.#socket !== undefined && this.#socket.bytesRead === this.#readBefore;
      if (this.#isReused && isUntouched && repeatable) return this.#repeat();
      return failed("reset", `${route.host} closed the connection before its answer (${code})`);
    }
    if (code === "ECONNRESET" && error.message === "aborted") {
      return failed("truncated", "The answer ended before its announced length");
    }
    failed("reset", `${route.host} closed the connection during its answer (${code})`);
  }

  /** The server had closed an idle connection while this request was on its way. Others may be stale as well. */
  #repeat(): void {
    for (const socket of this.#client.agent.freeSockets[this.request.route.key] ?? []) socket.destroy();
    this.#phase = "connect";
    this.#upload?.close();
    this.#upload = undefined;
    this.begin();
  }

  #fail(failure: HttpFailure): void {
    if (this.#over) return;
    this.cancel();
    this.#handler.fail(failure);
  }
}

type BodyBytes = Uint8Array;

function hostHeader(headers: readonly string[]): string {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() === "host") return headers[i + 1]!;
  }
  throw new TypeError("A request needs a host header");
}
