import type { Redactor } from "../model/redactor.ts";
import type { Backpressure, Call, CancelReason, Failure } from "../model/verdict.ts";
import { makeBody } from "./body_store.ts";
import { HttpAttempt, type HttpVerdict } from "./http_attempt.ts";
import type { HttpTask } from "./http_task.ts";
import type { Job } from "./kind.ts";
import { errorIn, readTokenAnswer, tokenRequest, type TokenSettings } from "./oauth2_token.ts";

/** What a token source needs of the run. */
export interface TokenContext {
  readonly redactor: Redactor;
  learnSecret(this: void, text: string): void;
}

/** Why there is no token. */
export type NoToken = Failure | Backpressure;

/** No token server has more to say. */
const maxAnswerBytes = 100_000;
/** A token is renewed this long before it expires, or a tenth of its life where that is less. */
const earlyMs = 30_000;

/**
 * The tokens of one client (OAuth 2 client credentials, RFC 6749, section 4.4), for all attempts that sign in as it.
 *
 * Invariant: at most one fetch is under way. It belongs to nobody: an attempt that is cancelled leaves the others waiting,
 * and only the last one to leave ends the fetch.
 */
export class TokenSource {
  readonly #settings: TokenSettings;
  readonly #context: TokenContext;
  readonly #waiting = new Map<Call, (why: NoToken | undefined) => void>();
  #token: string | undefined;
  #staleAt = Infinity;
  #fetching: TokenCall | undefined;
  /** Who was turned away once is not asked again: it would be locked out. */
  #refusal: Failure | undefined;
  #renewsOn401 = true;

  constructor(settings: TokenSettings, context: TokenContext) {
    this.#settings = settings;
    this.#context = context;
    context.learnSecret(settings.clientSecret);
  }

  /** The token, after {@link ready} has said that there is one. */
  get current(): string {
    return this.#token ?? "";
  }

  /** Undefined, at once or later, when there is a token to use; else why there is none. `task` lends its connections. */
  ready(task: HttpTask, call: Call): undefined | NoToken | Promise<NoToken | undefined> {
    if (this.#token !== undefined && task.now() < this.#staleAt) return undefined;
    if (this.#refusal !== undefined) return this.#refusal;
    if (call.cancelled !== undefined) return cancelled(call.cancelled);
    return new Promise((resolve) => {
      this.#waiting.set(call, resolve);
      call.onCancel = (reason) => this.#leave(call, reason);
      if (this.#fetching === undefined) this.#fetch(task);
    });
  }

  /** The server said 401 to this token. True when another one is worth a try. */
  reject(token: string): boolean {
    if (token !== this.#token) return true;
    if (this.#renewsOn401) this.#token = undefined;
    return this.#renewsOn401;
  }

  /** A fresh token got 401, too: it is not the token's fault, so that no more are fetched for that before this one expires. */
  distrust401(): void {
    this.#renewsOn401 = false;
  }

  #leave(call: Call, reason: CancelReason): void {
    const settle = this.#waiting.get(call)!;
    this.#waiting.delete(call);
    if (this.#waiting.size === 0) this.#fetching?.cancel(reason);
    settle(cancelled(reason));
  }

  #fetch(task: HttpTask): void {
    const request = tokenRequest(this.#settings);
    const call = this.#fetching = new TokenCall();
    if (typeof request === "string") return this.#end(this.#failure("auth", request, false));
    const startedAt = task.now();
    new HttpAttempt(tokenTask(task), request, this.#job(), call, (verdict) => {
      this.#end(this.#read(verdict, startedAt));
    }).begin();
  }

  #end(why: NoToken | undefined): void {
    this.#fetching = undefined;
    if (why?.kind === "failed" && why.error.code === "auth") this.#refusal = why;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [call, settle] of waiting) {
      call.onCancel = undefined;
      settle(why);
    }
  }

  /** Takes the token out of the answer. */
  #read(verdict: HttpVerdict, startedAt: number): NoToken | undefined {
    if (verdict.kind === "backpressure") return verdict;
    if (verdict.kind === "failed") return this.#explain(verdict);
    const answer = readTokenAnswer(verdict.fields);
    if (typeof answer === "string") return this.#failure("auth", answer, false);
    this.#context.learnSecret(answer.token);
    this.#token = answer.token;
    const lifeMs = answer.lifeMs ?? Infinity;
    this.#staleAt = startedAt + lifeMs - Math.min(earlyMs, lifeMs / 10);
    this.#renewsOn401 = true;
    return undefined;
  }

  /** A refusal is final; anything else may pass, and nothing was sent to the target yet. */
  #explain({ error, output, retryAfterMs, timedOut }: Failure): Failure {
    const status = Number(output?.fields["status"] ?? 0);
    if (error.code !== "http_status") {
      return { ...this.#failure(error.code, error.message, error.retryable), ...(timedOut && { timedOut }) };
    }
    const isFinal = status < 500 && status !== 408 && status !== 429;
    const said = errorIn(output?.fields["body"]);
    const message = `it answered ${status}${said === null ? "" : `: ${this.#context.redactor.mask(said)}`}`;
    return {
      ...this.#failure(isFinal ? "auth" : "http_status", message, !isFinal),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }

  #failure(code: Failure["error"]["code"], why: string, retryable: boolean): Failure {
    const url = this.#settings.tokenUrl.replace(/[?#].*$/s, "");
    return { kind: "failed", error: { code, message: `Cannot get a token from ${url}: ${why}`, retryable } };
  }

  #job(): Job {
    const { redactor } = this.#context;
    return {
      vars: {},
      body: ({ maxBytes }) =>
        makeBody({
          maxBytes,
          capture: { mode: "size", bytes: 2_048 },
          keepContent: true,
          save: null,
          redactor,
          hash: false,
        }),
    };
  }
}

/** The fetch is bound by the time limits of the attempts that wait for it, and by those of the connection. */
class TokenCall implements Call {
  cancelled: CancelReason | undefined;
  onCancel: ((reason: CancelReason) => void) | undefined;
  readonly attempt = 1;
  readonly limit = 1;

  get signal(): AbortSignal {
    throw new Error("the fetch of a token listens to onCancel");
  }

  cancel(reason: CancelReason): void {
    this.cancelled = reason;
    this.onCancel?.(reason);
  }
}

function tokenTask(task: HttpTask): HttpTask {
  return {
    ...task,
    harmless: true,
    maxBytes: maxAnswerBytes,
    redirects: false,
    isOk: (status) => status === 200 || status === 201,
  };
}

function cancelled({ code, message }: CancelReason): Failure {
  return { kind: "failed", error: { code, message, retryable: true } };
}
