import type { Template, Vars } from "../model/expression.ts";
import type { Backpressure, Call, Failure } from "../model/verdict.ts";
import type { RedisSession, Replied, ServerOptions } from "../runtime/databases.ts";
import { captureLimit } from "./capture_limit.ts";
import { cancellable } from "./cancellable.ts";
import { judgeTrouble } from "./database_failure.ts";
import type { Answer, Job, Performer, TaskContext } from "./kind.ts";
import { isChanger, isReader, isWaiter, whyNoTask } from "./redis_commands.ts";
import { builtInMaxBytes } from "./redis_schema.ts";
import { readRedisUrl } from "./redis_url.ts";
import { capturedValue, savedBytes } from "./redis_value.ts";
import { compilePlace, keyOfPlace } from "./server_place.ts";
import { joinSessionPool, type SessionPool } from "./session_pool.ts";
import { takeSession } from "./take_session.ts";

/** Opens a `redis` task: its commands run on connections that all tasks of its pool share, one at a time on each. */
export async function openRedisTask(context: TaskContext): Promise<Performer> {
  const { task, ports, redactor } = context;
  const { spec } = task;
  const words = (spec.command as readonly string[]).map((word) => context.template(word));
  const maxBytes = Number(spec.maxBytes ?? builtInMaxBytes);
  const captureBytes = captureLimit(task.capture, maxBytes);
  const places = compilePlace(context, (url, context) => {
    const options = readRedisUrl(url, context);
    return "wrong" in options ? options : { options, key: JSON.stringify(options), shown: shownOf(options) };
  });
  const sessions: SessionPool<RedisSession> = joinSessionPool(context.pool);

  return {
    async perform(job, call) {
      const place = places.of(job.vars);
      if ("wrong" in place) return failed("template", `Cannot use redis.url: ${place.wrong}`);
      const command = words.map((word) => renderWord(word, job.vars));
      const names = command.slice(0, 2).map((word) => typeof word === "string" ? word : "");
      const wrong = whyNoTask(names);
      if (wrong !== undefined) return failed("query", wrong);
      return await attempt(place, { words: command, names }, job, call);
    },
    poolKey: ({ vars }) => keyOfPlace(places.of(vars)),
    spare: () => sessions.spare(),
    close: () => sessions.leave(),
  };

  async function attempt(
    { options, key, shown }: RedisPlace,
    { words, names }: { readonly words: readonly (string | Uint8Array)[]; readonly names: readonly string[] },
    job: Job,
    call: Call,
  ): Promise<Answer | Failure | Backpressure> {
    const harmless = task.harmless || isReader(names);
    const judging = {
      of: "server",
      what: "command",
      shown,
      harmless,
      onlyReads: false,
    } as const;
    const session = await takeSession(sessions, key, () => ports.databases.openRedis(options), judging, call);
    if ("kind" in session) return session;
    const running = session.run({ words, maxBytes, blocks: isWaiter(names) });
    const ending = await cancellable(running, running.ended, call);
    if (isChanger(names)) sessions.close(session);
    else sessions.giveBack(key, session, call.limit);
    if (ending.kind === "reply") return answer(ending, job);
    return judgeTrouble(ending, { ...judging, sent: true, cancelled: call.cancelled });
  }

  function answer({ value }: Replied, job: Job): Answer {
    const body = task.save === null
      ? null
      : job.body({ maxBytes: Number.MAX_SAFE_INTEGER, main: true, keepContent: false, hash: false });
    body?.write(savedBytes(value));
    return { kind: "answer", fields: { value }, output: capturedValue(value, captureBytes, redactor), body };
  }
}

interface RedisPlace {
  readonly options: ServerOptions;
  /** The same text for the same connection: it may hold a password, and is never shown. */
  readonly key: string;
  /** For messages. */
  readonly shown: string;
}

/** A whole expression may give bytes, which are sent as they are. */
function renderWord(word: Template, vars: Vars): string | Uint8Array {
  const value = word.whole ? word.render(vars) : undefined;
  return value instanceof Uint8Array ? value : word.renderText(vars);
}

function shownOf({ host, port, tls }: ServerOptions): string {
  if (host.startsWith("/")) return `unix://${host}`;
  return `${tls.mode === "disable" ? "redis" : "rediss"}://${
    host.includes(":") ? `[${host}]` : host
  }:${port}`;
}

function failed(code: "template" | "query", message: string): Failure {
  return { kind: "failed", error: { code, message, retryable: false } };
}
