import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type ParseProblem, type ResponseListener, ResponseParser } from "./http_parser.ts";
import { codeOf, type Connection, discard } from "./http_stage.ts";
import type { Watched } from "./phase_watch.ts";

/** Who uses a connection now. */
export interface ConnectionUser extends ResponseListener {
  /** Some bytes of the answer have come; `data` and the others follow. */
  received(): void;
  /** The socket takes more of the request. */
  drained(): void;
  /** The answer cannot be read. The connection is closed. */
  problem(problem: ParseProblem): void;
  /** The connection is gone before the answer was whole. `code` is the system's word; null for an end in good order. */
  lost(code: string | null, parser: ResponseParser): void;
}

/** Hears when an idle connection is no more. */
export interface ConnectionKeeper {
  closed(connection: HttpConnection): void;
}

/**
 * One connection, used by one exchange at a time. Its listeners are added once, whatever the number of exchanges.
 * Invariant: it is closed, or has a user, or is idle and was not sent anything since its last answer.
 */
export class HttpConnection implements Watched {
  limitMs: number | null = null;
  enteredAt = -1;
  /** Monotonic milliseconds; means something while it is idle. */
  idleSince = 0;
  readonly key: string;
  readonly address: string | null;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  readonly #keeper: ConnectionKeeper;
  #user: ConnectionUser | undefined;
  #isClosed = false;

  constructor(key: string, { socket, address }: Connection, maxHeadBytes: number, keeper: ConnectionKeeper) {
    this.key = key;
    this.address = address;
    this.#socket = socket;
    this.#parser = new ResponseParser(maxHeadBytes);
    this.#keeper = keeper;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => this.#user?.drained());
    socket.on("error", (error) => this.#onLost(codeOf(error)));
    socket.on("end", () => this.#onLost(null));
    socket.on("close", () => this.#onLost("ECONNRESET"));
  }

  /** From here on `user` hears what comes, as the answer to a request of this method. */
  use(user: ConnectionUser, method: string): void {
    this.#user = user;
    this.#parser.expect(method, user);
  }

  /** The user's answer has ended and the connection may serve another. */
  release(now: number): void {
    this.#user = undefined;
    this.idleSince = now;
  }

  /** False when the socket wants to be left alone until `drained`. */
  write(bytes: Uint8Array | string): boolean {
    return typeof bytes === "string" ? this.#socket.write(bytes, "latin1") : this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Its user hears nothing more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#user = undefined;
    this.#parser.stop();
    discard(this.#socket);
    this.#keeper.closed(this);
  }

  /** It was idle for too long. */
  expire(): void {
    this.close();
  }

  #onData(chunk: Buffer): void {
    const user = this.#user;
    // Nobody asked: it is out of step, or says that it is about to close (408).
    if (user === undefined) return this.close();
    user.received();
    const problem = this.#parser.feed(chunk);
    if (problem === undefined || this.#user !== user) return;
    this.close();
    user.problem(problem);
  }

  #onLost(code: string | null): void {
    const user = this.#user;
    if (user === undefined) return this.close();
    if (code === null && this.#parser.finish() === "complete") return this.close();
    this.close();
    user.lost(code, this.#parser);
  }
}
