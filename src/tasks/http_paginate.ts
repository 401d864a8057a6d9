import { type Expression, ExpressionError, type Vars } from "../model/expression.ts";
import { isValueMap, stringifyJson, type Value, type ValueMap } from "../model/json.ts";
import type { Call, Failure } from "../model/verdict.ts";
import type { HttpVerdict } from "./http_attempt.ts";
import { withQuery, writeQuery } from "./http_query.ts";
import type { RenderedRequest } from "./http_request.ts";
import { httpOutput, type PlainFields } from "./http_result.ts";
import { sendRequest } from "./http_send.ts";
import type { HttpTask } from "./http_task.ts";
import type { HttpUrl } from "./http_url.ts";
import type { Answer, Job } from "./kind.ts";

/** `paginate` of the config, compiled. */
export interface Paging {
  /** Gives a URL, a map of query values, or null after the last page. */
  readonly next: Expression;
  /** Gives a page's list. */
  readonly items: Expression;
  /** A longer way is an error. */
  readonly maxPages: number;
}

/** How far a task run has come; a later attempt goes on from here. */
interface Progress {
  /** From 1: the page to be fetched next. */
  page: number;
  /** Where it is; null for the request of the config itself. */
  url: URL | null;
  readonly items: Value[];
  bytes: number;
}

/** Performs one attempt of a task that goes from page to page. */
export type Pager = (job: Job, call: Call) => Promise<HttpVerdict>;

/**
 * Fetches pages one after the other and answers with their lists joined, as if it were one JSON document. An attempt that
 * fails on the way leaves its pages to the next attempt of the same task run.
 *
 * The pages together are at most `maxBytes`. A next page on another origin is refused: an answer does not choose to whom
 * the config's headers and sign-in go.
 */
export function makePager(task: HttpTask, paging: Paging): Pager {
  // By the names of the task run, which are the same object for all of its attempts.
  const begun = new WeakMap<Vars, Progress>();
  return async (job, call) => {
    const startedAt = task.now();
    const progress = begun.get(job.vars) ?? { page: 1, url: null, items: [], bytes: 0 };
    begun.set(job.vars, progress);
    const first = hrefOf(task.requests.urlOf(job.vars));
    for (;;) {
      const here = progress.url ?? first;
      const verdict = await sendRequest(task, () => requestFor(task, progress, job), pageJob(job), call);
      if (verdict.kind !== "answer") return atPage(progress, verdict);
      const { fields } = verdict;
      const vars = Object.assign(Object.create(fields), job.vars, { pageNumber: progress.page });
      const list = paging.items.evaluate(vars);
      if (!Array.isArray(list)) {
        throw new ExpressionError(`items "${paging.items.source}" gave no list on page ${progress.page}`);
      }
      progress.bytes += Number(fields["bytes"]);
      if (progress.bytes > task.maxBytes) return tooLarge(`The pages together are over ${limitOf(task)}`);
      const next = nextUrl(paging.next.evaluate(vars), here, first);
      for (const item of list) progress.items.push(item);
      if (next === null) {
        begun.delete(job.vars);
        return joined(task, progress, job, fields as unknown as PlainFields, task.now() - startedAt);
      }
      if (typeof next === "string") return atPage(progress, failed("redirect", next));
      if (progress.page >= paging.maxPages) {
        return tooLarge(`There are more than ${paging.maxPages} pages (maxPages); the next is ${next.href}`);
      }
      progress.page++;
      progress.url = next;
    }
  };
}

function hrefOf({ origin, path }: HttpUrl): URL {
  return new URL(origin.href + path);
}

/** Rendered anew for each page, so that it carries the token of the hour. */
function requestFor(task: HttpTask, { url }: Progress, job: Job): RenderedRequest {
  const first = task.requests.render(job.vars);
  if (url === null) return first;
  return task.requests.redirected(first, { method: first.method, url, keepsBody: true, keepsHeaders: true });
}

/** A page is read by expressions; what is saved and reported is all of them joined. */
function pageJob(job: Job): Job {
  return {
    vars: job.vars,
    body: ({ main, ...request }) => job.body({ ...request, main: false, keepContent: main, hash: false }),
  };
}

/** The next page, null after the last one, or why it cannot be fetched. */
function nextUrl(next: Value, here: URL, first: URL): URL | null | string {
  if (next === null || next === "") return null;
  const found = isValueMap(next) ? replaceQuery(first, next) : readUrl(next, here);
  if (typeof found === "string") return found;
  return found.href === here.href ? `the next page is this page again, ${found.href}` : found;
}

function readUrl(next: Value, here: URL): URL | string {
  if (typeof next !== "string") {
    const shown = stringifyJson(next).slice(0, 100);
    throw new ExpressionError(`next gave ${shown}, which is no URL, no map of query values and not null`);
  }
  const found = URL.parse(next, here.href);
  if (found === null) return `the next page ${JSON.stringify(next)} is no URL`;
  found.username = found.password = found.hash = "";
  if (found.origin === here.origin) return found;
  return `the next page is on another origin, ${found.origin}, where headers and sign-in do not go; ` +
    "if it is another name of the same server, let next give a map of query values";
}

/** The URL of the first page with these query values in place of its own of the same names. */
function replaceQuery(first: URL, query: ValueMap): URL {
  const isReplaced = (pair: string) => {
    const [name] = new URLSearchParams(pair).keys();
    return name === undefined || Object.hasOwn(query, name);
  };
  const kept = first.search.slice(1).split("&").filter((pair) => !isReplaced(pair)).join("&");
  const url = new URL(first);
  url.search = withQuery(kept === "" ? "" : `?${kept}`, writeQuery(query));
  return url;
}

function joined(
  task: HttpTask,
  { items }: Progress,
  job: Job,
  { status, headers, url }: PlainFields,
  tookMs: number,
): HttpVerdict {
  const text = stringifyJson(items);
  const body = job.body({ maxBytes: task.maxBytes, main: true, keepContent: false });
  if (!body.write(new TextEncoder().encode(text))) {
    body.discard();
    return tooLarge(`The joined pages are over ${limitOf(task)}`);
  }
  const finished = body.finish();
  return {
    kind: "answer",
    fields: {
      status,
      headers,
      url,
      durationMs: Math.round(tookMs),
      bytes: finished.bytes,
      json: items,
      text,
    },
    output: httpOutput(status, headers, finished, task.redactor, true),
    body,
  };
}

function limitOf({ maxBytes }: HttpTask): string {
  return `maxBytes, ${maxBytes} bytes`;
}

/** The first page fails as any request does. */
function atPage({ page }: Progress, verdict: Exclude<HttpVerdict, Answer>): HttpVerdict {
  if (page === 1 || verdict.kind !== "failed") return verdict;
  return { ...verdict, error: { ...verdict.error, message: `page ${page}: ${verdict.error.message}` } };
}

function tooLarge(message: string): Failure {
  return failed("too_large", message);
}

function failed(code: Failure["error"]["code"], message: string): Failure {
  return { kind: "failed", error: { code, message, retryable: false } };
}
