import type { Backpressure, Call, CancelReason, Failure } from "../model/verdict.ts";
import { type DecodeHandler, type Decoder, knowsCoding, makeDecoder } from "../runtime/http_decode.ts";
import type { HttpExchange, HttpFailure, HttpHandler, HttpHead } from "../runtime/http_port.ts";
import type { Body } from "./body.ts";
import { errorText } from "./http_error_text.ts";
import { judgeFailure } from "./http_failure.ts";
import { followRedirect, type Hop, isRedirect } from "./http_redirect.ts";
import type { RenderedRequest } from "./http_request.ts";
import { type HeaderMap, headerMap, httpOutput, withText } from "./http_result.ts";
import { isNoRoute, isPublicHop } from "./http_routes.ts";
import { meaningOf, retryAfter } from "./http_status.ts";
import type { HttpTask } from "./http_task.ts";
import type { Answer, Job } from "./kind.ts";

/** What an attempt ends with. */
export type HttpVerdict = Answer | Failure | Backpressure;

/** The rest of a redirect's body is read up to here, so that its connection can be used again. */
const maxDrainedBytes = 65_536;

/**
 * One attempt: a request, the redirects that follow, and the last answer's body. Settles once, when its connection is
 * released or closed. Invariant: at most one exchange is under way, and none once it has settled.
 */
export class HttpAttempt implements HttpHandler, DecodeHandler {
  readonly #task: HttpTask;
  readonly #job: Job;
  readonly #call: Call;
  readonly #settle: (verdict: HttpVerdict) => void;
  readonly #startedAt: number;
  #request: RenderedRequest;
  #exchange: HttpExchange | undefined;
  /** Hops that were answered with a redirect. */
  #hops = 0;
  /** The redirect whose answer is being read. */
  #next: { readonly status: number; readonly location: string } | undefined;
  /** Some redirect came from a public address. */
  #hasBeenPublic = false;
  #status = 0;
  #headers: HeaderMap = {};
  #body: Body | undefined;
  #decoder: Decoder | undefined;
  /** Bytes of the present body, as they came. */
  #received = 0;
  #isOver = false;

  constructor(
    task: HttpTask,
    request: RenderedRequest,
    job: Job,
    call: Call,
    settle: (verdict: HttpVerdict) => void,
  ) {
    this.#task = task;
    this.#request = request;
    this.#job = job;
    this.#call = call;
    this.#settle = settle;
    this.#startedAt = task.now();
  }

  begin(): void {
    this.#call.onCancel = (reason) => this.#cancelled(reason);
    if (this.#call.cancelled) this.#cancelled(this.#call.cancelled);
    else this.#send();
  }

  head({ status, headers, address }: HttpHead): void {
    this.#status = status;
    this.#headers = headerMap(headers);
    this.#received = 0;
    const { location } = this.#headers;
    if (this.#task.redirects && isRedirect(status, location)) {
      this.#hasBeenPublic ||= isPublicHop(this.#request.url.origin.host, address);
      this.#next = { status, location };
      if (this.#announcedBytes() > maxDrainedBytes) this.#follow();
      return;
    }
    this.#openBody();
  }

  data(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.#next) {
      if (this.#received > maxDrainedBytes) this.#follow();
    } else if (!this.#decoder) {
      this.decoded(chunk);
    } else if (this.#received > this.#task.maxBytes) {
      this.#tooLarge();
    } else if (!this.#decoder.write(chunk)) {
      this.#exchange!.pause();
    }
  }

  end(): void {
    if (this.#next) this.#follow();
    else if (this.#decoder) this.#decoder.end();
    else this.#finish();
  }

  fail(failure: HttpFailure): void {
    const verdict = judgeFailure(failure, { sentBefore: this.#hops > 0, harmless: this.#task.harmless });
    this.#over(verdict.kind === "failed" ? { ...verdict, ...this.#soFar() } : verdict);
  }

  decoded(chunk: Uint8Array): void {
    if (!this.#body!.write(chunk)) this.#tooLarge();
  }

  decodingEnded(): void {
    this.#finish();
  }

  decodingFailed(message: string): void {
    const coding = this.#headers["content-encoding"];
    this.#failed("decode", `The answer's body (${coding}) cannot be decompressed: ${message}`);
  }

  decodedTooMuch(): void {
    this.#tooLarge();
  }

  decoderDrained(): void {
    this.#exchange!.resume();
  }

  #send(): void {
    const { url, method, lines, body } = this.#request;
    const route = this.#task.routes.to(url.origin, this.#hasBeenPublic);
    if (isNoRoute(route)) return this.#failed(route.code, route.message);
    this.#exchange = this.#task.client.send({
      route,
      method,
      path: url.path,
      headers: lines,
      body,
      repeatable: this.#task.harmless,
    }, this);
  }

  /** Goes where the redirect says; the connection that brought it is free, or closed now. */
  #follow(): void {
    this.#exchange!.cancel();
    const { status, location } = this.#next!;
    const { url, method } = this.#request;
    const hop: Hop = { method, url: new URL(url.origin.href + url.path) };
    const next = followRedirect(hop, status, location);
    if (typeof next === "string") {
      return this.#failed("redirect", `Cannot follow the redirect (${status}): ${next}`);
    }
    if (this.#hops >= this.#task.maxRedirects) {
      const to = next.url.href;
      return this.#failed(
        "redirect",
        `More than ${this.#task.maxRedirects} redirects; the last one leads to ${to}`,
      );
    }
    this.#hops++;
    this.#next = undefined;
    this.#request = this.#task.requests.redirected(this.#request, next);
    this.#send();
  }

  #openBody(): void {
    const isOk = this.#task.isOk(this.#status);
    const { maxBytes } = this.#task;
    // Of an error page the report keeps what it keeps of any text; expressions and files are for good answers.
    this.#body = this.#job.body({ maxBytes, main: isOk, ...(isOk ? {} : { keepContent: false }) });
    if (this.#hasNoBody()) return;
    if (this.#announcedBytes() > maxBytes) return this.#tooLarge();
    const codings = contentCodings(this.#headers["content-encoding"]);
    const unknown = codings.find((coding) => !knowsCoding(coding));
    if (unknown !== undefined) {
      return this.#failed(
        "decode",
        `The answer's body has content-encoding "${unknown}", and gzip, deflate and br are understood`,
      );
    }
    if (codings.length > maxCodings) {
      return this.#failed("decode", `The answer's body is compressed ${codings.length} times`);
    }
    if (codings.length > 0) this.#decoder = makeDecoder(codings, maxBytes, this);
  }

  #hasNoBody(): boolean {
    return this.#request.method === "HEAD" || this.#status === 204 || this.#status === 304 ||
      this.#headers["content-length"] === "0";
  }

  /** What `content-length` says; 0 when it says nothing. */
  #announcedBytes(): number {
    return this.#request.method === "HEAD" ? 0 : Number(this.#headers["content-length"] ?? 0);
  }

  #finish(): void {
    if (!this.#task.isOk(this.#status)) return this.#badStatus(true);
    const finished = this.#body!.finish();
    const plain = {
      status: this.#status,
      headers: this.#headers,
      bytes: finished.bytes,
      url: this.#request.url.origin.href + this.#request.url.path,
      durationMs: Math.round(this.#task.now() - this.#startedAt),
    };
    const { redactor } = this.#task;
    const body = this.#body!;
    this.#body = undefined;
    this.#over({
      kind: "answer",
      fields: finished.content ? withText(plain, finished.content, redactor) : plain,
      output: httpOutput(this.#status, this.#headers, finished, redactor, true),
      body,
    });
  }

  #badStatus(isWhole: boolean): void {
    const { url, method } = this.#request;
    const asked = this.#headers["retry-after"];
    const wait = retryAfter(asked, this.#headers.date, this.#task.wallTime());
    const { harmless } = this.#task;
    const { retryable, ...meaning } = meaningOf(this.#status, wait, {
      harmless,
      isFirstHop: this.#hops === 0,
    });
    const warning = asked === undefined || wait !== null
      ? undefined
      : `its retry-after, ${
        JSON.stringify(asked.slice(0, 100))
      }, is neither seconds nor a date and was ignored`;
    const kept = this.#soFar(isWhole);
    const said = errorText(kept.output?.fields.body, this.#headers["content-type"]);
    const answer = said === undefined ? this.#status : `${this.#status}: ${said}`;
    const message = `${method} ${url.origin.href}${url.path} answered ${answer}${
      warning === undefined ? "" : `; ${warning}`
    }`;
    this.#over({
      kind: "failed",
      error: { code: "http_status", message, retryable },
      ...(warning === undefined ? {} : { warning }),
      ...kept,
      ...meaning,
    });
  }

  #tooLarge(): void {
    this.#exchange!.cancel();
    this.#decoder?.close();
    if (!this.#task.isOk(this.#status)) return this.#badStatus(false);
    this.#failed("too_large", `The answer's body is larger than maxBytes, ${this.#task.maxBytes} bytes`);
  }

  #cancelled(reason: CancelReason): void {
    const sent = this.#hops > 0 || (this.#exchange?.sent ?? false);
    this.#failed(reason.code, reason.message, this.#task.harmless || !sent);
  }

  #failed(code: Failure["error"]["code"], message: string, retryable = false): void {
    this.#over({ kind: "failed", error: { code, message, retryable }, ...this.#soFar() });
  }

  /** What was received of the last answer, for the report. */
  #soFar(isWhole = false): Pick<Failure, "output"> {
    if (!this.#body) return {};
    const fields = httpOutput(this.#status, this.#headers, this.#body.finish(), this.#task.redactor, isWhole);
    return { output: { fields, outputs: null, saved: null } };
  }

  #over(verdict: HttpVerdict): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.onCancel = undefined;
    this.#exchange?.cancel();
    this.#decoder?.close();
    this.#body?.discard();
    this.#settle(verdict);
  }
}

/** Nobody compresses more often, but to hurt. */
const maxCodings = 3;

/** `gzip, br` → those two; the last was applied last. */
function contentCodings(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return value.toLowerCase().split(",").map((coding) => coding.trim()).filter((coding) =>
    coding !== "" && coding !== "identity"
  );
}
