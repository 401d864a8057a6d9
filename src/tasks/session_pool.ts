import type { PoolPlan } from "../model/plan.ts";
import type { Failure } from "../model/verdict.ts";

/** A connection that can be kept. */
export interface PooledSession {
  /** False once it is of no more use: it is closed instead of kept. */
  readonly usable: boolean;
  close(): Promise<void>;
}

/**
 * Connections of one pool of the plan, shared by its tasks. One is opened when it is needed and none is idle, so that
 * there are never more than attempts in flight, which the engine limits.
 *
 * Invariant: open ones, idle ones included, are at most `limit`, as long as no more attempts than that run at a time.
 */
export class SessionPool<S extends PooledSession> {
  private readonly limit: number;
  private readonly isFamily: boolean;
  /** By what they connect to; in each, the one that was used last stands last. */
  private readonly idle = new Map<string, S[]>();
  private readonly closing = new Set<Promise<void>>();
  private readonly refusals = new Map<string, Failure>();
  private openCount = 0;
  private users = 0;

  /** A family of pools shares one: then `limit` is each member's. */
  constructor(limit: number, isFamily = false) {
    this.limit = limit;
    this.isFamily = isFamily;
  }

  /** One more task uses the pool: it has to `leave` it. */
  join(): this {
    this.users++;
    return this;
  }

  /** Gives an idle connection to `place`. Without one it makes room for the caller to open one, and gives undefined. */
  take(place: string): S | undefined {
    const idle = this.idle.get(place) ?? [];
    for (let session; (session = idle.pop()) !== undefined;) {
      if (session.usable) return session;
      this.close(session);
    }
    this.idle.delete(place);
    if (this.openCount >= this.limit) this.closeOneIdle();
    this.openCount++;
    return undefined;
  }

  /** The caller could not open the connection that `take` made room for. */
  giveUp(): void {
    this.openCount--;
  }

  /** Who was turned away once is not asked to try again: it would be locked out for all others too. */
  refuse(place: string, why: Failure): void {
    this.refusals.set(place, why);
  }

  /** Why this place takes no connections of this run; undefined when it may. */
  refusal(place: string): Failure | undefined {
    return this.refusals.get(place);
  }

  /** Puts a connection back, after `take` and use. When there are more than `limit`, which has fallen, it goes. */
  giveBack(place: string, session: S, limit: number): void {
    const isTooMany = !this.isFamily && this.openCount > limit;
    if (!session.usable || this.users === 0 || isTooMany) return this.close(session);
    const idle = this.idle.get(place);
    if (idle === undefined) this.idle.set(place, [session]);
    else idle.push(session);
  }

  /** Closes a connection that is not to be used again. */
  close(session: S): void {
    this.openCount--;
    const closing = session.close().finally(() => this.closing.delete(closing));
    this.closing.add(closing);
  }

  /** Settles when those that were closed are gone: until then they are connections too. */
  async closed(): Promise<void> {
    await Promise.all(this.closing);
  }

  /** Closes every idle connection. */
  spare(): void {
    while (this.closeOneIdle());
  }

  /** A task is done with the pool; after the last one nothing is left open. */
  async leave(): Promise<void> {
    if (--this.users > 0) return;
    this.spare();
    await this.closed();
  }

  private closeOneIdle(): boolean {
    for (const [place, idle] of this.idle) {
      const session = idle.shift();
      if (idle.length === 0) this.idle.delete(place);
      if (session === undefined) continue;
      this.close(session);
      return true;
    }
    return false;
  }
}

const pools = new WeakMap<PoolPlan, SessionPool<PooledSession>>();

/** The pool of connections that all tasks of this pool of the plan share. The caller has joined it. */
export function joinSessionPool<S extends PooledSession>(plan: PoolPlan): SessionPool<S> {
  let pool = pools.get(plan);
  if (pool === undefined) pools.set(plan, pool = new SessionPool(plan.concurrency.max, plan.per !== null));
  return pool.join() as SessionPool<S>;
}
