import type { Call } from "../model/verdict.ts";
import { HttpAttempt, type HttpVerdict } from "./http_attempt.ts";
import type { TokenSource } from "./http_oauth2.ts";
import type { RenderedRequest } from "./http_request.ts";
import type { HttpTask } from "./http_task.ts";
import type { Job } from "./kind.ts";

/**
 * One request with the redirects that follow it, signed in first where the config asks for a token. `render` makes the
 * request; it is called again when the server wants another token. Cancelling `call` ends it.
 */
export function sendRequest(
  task: HttpTask,
  render: () => RenderedRequest,
  job: Job,
  call: Call,
): Promise<HttpVerdict> {
  if (task.tokens === null) return sendOnce(task, render(), job, call);
  return sendSignedIn(task, task.tokens, render, job, call);
}

function sendOnce(task: HttpTask, request: RenderedRequest, job: Job, call: Call): Promise<HttpVerdict> {
  return new Promise((settle) => new HttpAttempt(task, request, job, call, settle).begin());
}

/** A 401 is no attempt when another token may help: whoever answers so has done nothing else. */
async function sendSignedIn(
  task: HttpTask,
  tokens: TokenSource,
  render: () => RenderedRequest,
  job: Job,
  call: Call,
): Promise<HttpVerdict> {
  const first = await sendWithToken(task, tokens, render, job, call);
  if (!isUnauthorized(first.verdict) || !tokens.reject(first.token)) return first.verdict;
  const second = await sendWithToken(task, tokens, render, job, call);
  if (isUnauthorized(second.verdict)) tokens.distrust401();
  return second.verdict;
}

async function sendWithToken(
  task: HttpTask,
  tokens: TokenSource,
  render: () => RenderedRequest,
  job: Job,
  call: Call,
): Promise<{ readonly verdict: HttpVerdict; readonly token: string }> {
  const failure = await tokens.ready(task, call);
  // Another attempt may renew it while this one is on its way: what was sent is what counts.
  const token = tokens.current;
  return { verdict: failure ?? await sendOnce(task, render(), job, call), token };
}

function isUnauthorized(verdict: HttpVerdict): boolean {
  return verdict.kind === "failed" && verdict.error.code === "http_status" &&
    verdict.output?.fields["status"] === 401;
}
