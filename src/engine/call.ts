import type { Call, CancelReason } from "../model/verdict.ts";
import type { TimeoutList } from "./deadlines.ts";

/** An attempt in flight. Links and positions belong to the engine; nobody else touches them. */
export class AttemptCall implements Call {
  cancelled: CancelReason | undefined = undefined;
  onCancel: ((reason: CancelReason) => void) | undefined = undefined;
  readonly startedAt: number;
  readonly attempt: number;
  /** Position in its pool's list of calls. */
  slot = 0;
  deadline = Infinity;
  list: TimeoutList | null = null;
  previous: AttemptCall | null = null;
  next: AttemptCall | null = null;
  settled = false;
  /** It went out to its target, after what it had to wait for with its slot. */
  isOut = false;
  /** Its deadline is that of its run's total timeout. */
  isCutShort = false;
  /** Sent to see whether the target is back: uses up none of its run's attempts. */
  isProbe = false;
  readonly #pool: { readonly limit: number };
  #controller: AbortController | undefined;

  constructor(startedAt: number, attempt: number, pool: { readonly limit: number }) {
    this.startedAt = startedAt;
    this.attempt = attempt;
    this.#pool = pool;
  }

  get limit(): number {
    return this.#pool.limit;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.cancelled !== undefined) this.#controller.abort(this.cancelled);
    }
    return this.#controller.signal;
  }

  /** The first reason wins. */
  cancel(reason: CancelReason): void {
    if (this.cancelled !== undefined || this.settled) return;
    this.cancelled = reason;
    this.#controller?.abort(reason);
    this.onCancel?.(reason);
  }
}
