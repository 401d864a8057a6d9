import type { Lane, PoolState } from "./pool.ts";
import type { TaskRun } from "./types.ts";

/**
 * Total timeouts of task runs that wait for another attempt: a pause, a rate, a full pool or a spent budget may make them
 * wait for longer than anybody knew when the wait began.
 *
 * Only the earliest time is kept. It may be that of a run that waits no more; then a look finds nothing and corrects it.
 * Looks are rare (they are as far apart as total timeouts are long), so each may go through everything that waits.
 */
export class WaitLimits<P> {
  /** Milliseconds; no waiting run has to end before. */
  earliest = Infinity;

  /** A run begins to wait. */
  note(lane: Lane<P>, run: TaskRun<P>): void {
    const { totalMs } = lane.task.spec;
    if (totalMs !== null) this.earliest = Math.min(this.earliest, run.startedAt + totalMs);
  }

  /** Takes every run out of its wait whose total timeout has passed, and says whether the retry budget put it off. */
  takeExpired(pools: Iterable<PoolState<P>>, now: number): Expired<P>[] {
    if (this.earliest > now) return [];
    this.earliest = Infinity;
    const expired: Expired<P>[] = [];
    for (const pool of pools) {
      for (const lane of pool.lanes) {
        const { totalMs } = lane.task.spec;
        if (totalMs === null) continue;
        const isOver = (run: TaskRun<P>) => run.startedAt + totalMs <= now;
        const spentAt = pool.budget?.spentAt ?? -Infinity;
        const putOff = lane.retries.takeWhere((run, dueAt) => isOver(run) && dueAt <= spentAt);
        for (const run of putOff) expired.push({ lane, run, putOff: true });
        for (const heap of [lane.retries, lane.again]) {
          for (const run of heap.takeWhere(isOver)) expired.push({ lane, run, putOff: false });
          for (const run of heap.values()) this.note(lane, run);
        }
      }
    }
    return expired;
  }
}

interface Expired<P> {
  readonly lane: Lane<P>;
  readonly run: TaskRun<P>;
  readonly putOff: boolean;
}
