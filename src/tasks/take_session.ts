import type { Backpressure, Call, Failure } from "../model/verdict.ts";
import type { Opening } from "../runtime/databases.ts";
import { cancellable } from "./cancellable.ts";
import { judgeTrouble, type TroubleContext } from "./database_failure.ts";
import type { PooledSession, SessionPool } from "./session_pool.ts";

/** What is known of an attempt before it has a connection. */
export type Judging = Omit<TroubleContext, "sent" | "cancelled">;

/**
 * An idle connection to `place`, or one that `open` makes; else why there is none. A server that turned the account away
 * is not asked again.
 */
export async function takeSession<S extends PooledSession>(
  sessions: SessionPool<S>,
  place: string,
  open: () => Opening<S>,
  judging: Judging,
  call: Call,
): Promise<S | Failure | Backpressure> {
  const refusal = sessions.refusal(place);
  if (refusal !== undefined) return refusal;
  const idle = sessions.take(place);
  if (idle !== undefined) return idle;
  await sessions.closed();
  const opening = open();
  const opened = await cancellable(opening, opening.opened, call);
  if (!("kind" in opened)) return opened;
  sessions.giveUp();
  const verdict = judgeTrouble(opened, { ...judging, sent: false, cancelled: call.cancelled });
  if (verdict.kind === "failed" && verdict.error.code === "auth") sessions.refuse(place, verdict);
  return verdict;
}
