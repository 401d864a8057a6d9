/**
 * The `http` kind at work. What a request says is in `http_request.ts`, one attempt with its redirects in `http_attempt.ts`;
 * what a failure means, which addresses may be reached and where a redirect leads are pure functions beside them. One exchange
 * on one connection is the business of `runtime/http_port.ts`, and of nothing here.
 */
import { sendRequest } from "./http_send.ts";
import { openHttpTask } from "./http_task.ts";
import type { Performer, TaskContext } from "./kind.ts";

/** Opens an `http` task. A pool per origin gets its inputs by `https://host:port`. */
export async function openHttp(context: TaskContext): Promise<Performer> {
  const task = await openHttpTask(context);
  const performer: Performer = {
    perform: async (job, call) => sendRequest(task, () => task.requests.render(job.vars), job, call),
    async close() {
      task.client.close();
    },
  };
  if (context.pool.per !== "origin") return performer;
  return { ...performer, poolKey: ({ vars }) => task.requests.urlOf(vars).origin.key };
}
