/**
 * The `http` kind at work. What a request says is in `http_request.ts`, one attempt with its redirects in `http_attempt.ts`;
 * what a failure means, which addresses may be reached and where a redirect leads are pure functions beside them. One exchange
 * on one connection is the business of `runtime/http_port.ts`, and of nothing here.
 */
import { isValueMap } from "../model/json.ts";
import { makePager, type Pager } from "./http_paginate.ts";
import { sendRequest } from "./http_send.ts";
import { type HttpTask, openHttpTask } from "./http_task.ts";
import type { Performer, TaskContext } from "./kind.ts";

/** Opens an `http` task. A pool per origin gets its inputs by `https://host:port`. */
export async function openHttp(context: TaskContext): Promise<Performer> {
  const task = await openHttpTask(context);
  const pager = pagerOf(task, context);
  const performer: Performer = {
    perform: pager ??
      (async (job, call) => sendRequest(task, () => task.requests.render(job.vars), job, call)),
    spare: () => task.client.closeIdle(),
    async close() {
      task.client.close();
    },
  };
  if (context.pool.per !== "origin") return performer;
  return { ...performer, poolKey: ({ vars }) => task.requests.urlOf(vars).origin.key };
}

/** Null for a task of single requests. */
function pagerOf(task: HttpTask, { task: { spec }, resultExpression }: TaskContext): Pager | null {
  const { paginate } = spec;
  if (!isValueMap(paginate)) return null;
  return makePager(task, {
    next: resultExpression(String(paginate.next), { pageNumber: "int" }),
    items: resultExpression(String(paginate.items), { pageNumber: "int" }),
    maxPages: Number(paginate.maxPages ?? defaultMaxPages),
  });
}

const defaultMaxPages = 1_000;
