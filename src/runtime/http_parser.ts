import { Buffer } from "node:buffer";
import { ChunkedReader } from "./http_chunked.ts";
import { framingOf, readHead } from "./http_head.ts";

/** What goes wrong with an answer's text. */
export interface ParseProblem {
  readonly reason: "protocol" | "headers_too_large";
  /** What it says, with the text at hand. */
  readonly words: string;
}

/** Hears an answer as it is read. It may call {@link ResponseParser.stop} at any time. */
export interface ResponseListener {
  head(status: number, headers: readonly string[]): void;
  data(chunk: Uint8Array): void;
  /** `isReusable`: by what was said, another request may follow on the connection. */
  end(isReusable: boolean): void;
}

/** How the end of the connection leaves an answer. */
export type ConnectionEnd = "nothing" | "head" | "truncated" | "complete";

/**
 * Reads the answer to one request at a time, strictly by RFC 9112: what two readers could take for different things
 * is refused. Chunks handed on are parts of those that were fed. 1xx answers are read and dropped.
 */
export class ResponseParser {
  readonly #maxHeadBytes: number;
  #listener: ResponseListener | undefined;
  #isHead = false;
  #state: "head" | "length" | "chunked" | "close" | "over" = "over";
  /** The head as far as it came, when it did not come in one piece. */
  #partial: Buffer | undefined;
  /** Bytes of heads so far, those of 1xx answers among them. */
  #headBytes = 0;
  #left = 0;
  #chunked: ChunkedReader | undefined;
  #isReusable = false;
  /** Whether any byte of the present answer has come. */
  hasBegun = false;

  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** The next bytes answer a request of this method. */
  expect(method: string, listener: ResponseListener): void {
    this.#listener = listener;
    this.#isHead = method === "HEAD";
    this.#state = "head";
    this.#partial = undefined;
    this.#headBytes = 0;
    this.hasBegun = false;
  }

  /** Takes what came. After a problem the connection is of no use. Bytes that no one asked for are a problem too. */
  feed(bytes: Buffer): ParseProblem | undefined {
    if (bytes.length === 0) return undefined;
    this.hasBegun = true;
    let rest: Buffer | undefined = bytes;
    while (this.#state === "head") {
      const found = this.#feedHead(rest);
      if (!(found instanceof Uint8Array)) return found;
      rest = found;
      // An answer without a body is over with its head, and `end` was called: nobody listens any more.
      if (rest.length === 0) return undefined;
    }
    return this.#feedBody(rest);
  }

  /** The connection has ended in good order. */
  finish(): ConnectionEnd {
    if (this.#state === "close") {
      this.#end(false);
      return "complete";
    }
    if (this.#state === "over") return "complete";
    if (this.#state !== "head") return "truncated";
    return this.hasBegun ? "head" : "nothing";
  }

  /** Nobody wants the rest of this answer. */
  stop(): void {
    this.#state = "over";
    this.#listener = undefined;
  }

  /** Gives what follows the head, nothing while the head is incomplete. */
  #feedHead(bytes: Buffer): Buffer | ParseProblem | undefined {
    const all: Buffer = this.#partial ? Buffer.concat([this.#partial, bytes]) : bytes;
    const end = all.indexOf("\r\n\r\n", this.#partial ? Math.max(0, this.#partial.length - 3) : 0, "latin1");
    const length = end < 0 ? all.length : end + 4;
    // Another protocol is told from its first bytes: it may never send an empty line.
    if (!isHttp(all)) return garbage(all);
    if (this.#headBytes + length > this.#maxHeadBytes) {
      return {
        reason: "headers_too_large",
        words: `its headers are longer than ${this.#maxHeadBytes} bytes`,
      };
    }
    if (end < 0) {
      if (all.includes("\n\n", 0, "latin1")) {
        return {
          reason: "protocol",
          words: "its lines end with a line feed alone, where HTTP wants CR and LF",
        };
      }
      this.#partial = all;
      return undefined;
    }
    this.#partial = undefined;
    this.#headBytes += length;
    const head = readHead(all.toString("latin1", 0, end));
    if ("words" in head) return head;
    const rest = all.subarray(length);
    if (head.status >= 200) {
      const framing = framingOf(head, this.#isHead);
      if ("words" in framing) return framing;
      this.#isReusable = framing.isReusable;
      this.#state = framing.kind;
      this.#left = framing.length;
      if (framing.kind === "chunked") this.#chunked = new ChunkedReader(this.#maxHeadBytes);
      this.#listener!.head(head.status, head.headers);
      if (framing.kind === "length" && framing.length === 0) this.#end(this.#isReusable && rest.length === 0);
    } else if (head.status === 101) {
      return { reason: "protocol", words: "it switches to a protocol that nobody asked for" };
    }
    return rest;
  }

  #feedBody(bytes: Buffer): ParseProblem | undefined {
    switch (this.#state) {
      case "over":
        return { reason: "protocol", words: "more came than the answer" };
      case "close":
        this.#listener!.data(bytes);
        return undefined;
      case "length": {
        const mine = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
        this.#left -= mine.length;
        this.#listener!.data(mine);
        if (this.#left === 0) this.#end(this.#isReusable && mine.length === bytes.length);
        return undefined;
      }
      case "chunked":
        return this.#feedChunked(bytes);
    }
  }

  #feedChunked(bytes: Buffer): ParseProblem | undefined {
    const chunked = this.#chunked!;
    let at = 0;
    while (at < bytes.length && this.#state === "chunked") {
      const size = chunked.dataAt(bytes, at);
      if (typeof size === "object") return size;
      at = chunked.position;
      if (size > 0) {
        this.#listener!.data(bytes.subarray(at, at + size));
        at += size;
      } else if (chunked.isOver) {
        this.#end(this.#isReusable && at === bytes.length);
        return undefined;
      }
    }
    return undefined;
  }

  #end(isReusable: boolean): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.stop();
    listener.end(isReusable);
  }
}

const http1 = "HTTP/1.";

function isHttp(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, http1.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== http1.charCodeAt(i)) return false;
  return true;
}

function garbage(bytes: Buffer): ParseProblem {
  return { reason: "protocol", words: `it begins with ${JSON.stringify(bytes.toString("latin1", 0, 40))}` };
}
