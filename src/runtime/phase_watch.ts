/** Something that may stay in its present phase for a limited time only. */
export interface Watched {
  /** Milliseconds; null for no limit. Set by {@link PhaseWatch.enter}. */
  limitMs: number | null;
  /** The watch's own time; -1 until its next tick. */
  enteredAt: number;
  /** Called once when the limit has passed; the watch has forgotten it by then. */
  expire(): void;
}

/** What the watch needs of time. */
export interface Ticker {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `tick` again and again, until what it gives is called. It keeps no process alive. */
  every(ms: number, tick: () => void): () => void;
}

const realTicker: Ticker = {
  now: () => performance.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/**
 * Limits on phases of many things at once, with one timer for all. A phase that begins costs two stores and no
 * timer; in exchange a limit is noticed late, by at most a tenth of the shortest one, and never early.
 *
 * Time in which this process did not run (a busy loop, a suspended machine) does not count: an answer that waits to
 * be read must not be taken for one that did not come.
 */
export class PhaseWatch {
  readonly #all = new Set<Watched>();
  readonly #ticker: Ticker;
  readonly #tickMs: number;
  /** Runs with the machine's clock, but never more than two ticks at a time. */
  #time = 0;
  #tickedAt = 0;
  #stop: (() => void) | undefined;

  /** `limitsMs`: every limit that will be used. */
  constructor(limitsMs: readonly (number | null)[], ticker: Ticker = realTicker) {
    this.#ticker = ticker;
    const shortest = Math.min(...limitsMs.map((limit) => limit ?? Infinity));
    this.#tickMs = Math.min(250, Math.max(5, shortest / 20));
  }

  /** Begins a phase, the first or another one. */
  enter(watched: Watched, limitMs: number | null): void {
    watched.limitMs = limitMs;
    watched.enteredAt = -1;
    this.#all.add(watched);
    if (this.#stop === undefined) this.#start();
  }

  forget(watched: Watched): void {
    this.#all.delete(watched);
  }

  #start(): void {
    this.#tickedAt = this.#ticker.now();
    this.#stop = this.#ticker.every(this.#tickMs, () => this.#tick());
  }

  #tick(): void {
    // The timer outlives its last phase by one tick, so that one request after another does not start it each time.
    if (this.#all.size === 0) {
      this.#stop!();
      this.#stop = undefined;
      return;
    }
    const now = this.#ticker.now();
    this.#time += Math.min(now - this.#tickedAt, 2 * this.#tickMs);
    this.#tickedAt = now;
    for (const watched of this.#all) {
      if (watched.enteredAt < 0) watched.enteredAt = this.#time;
      else if (watched.limitMs !== null && this.#time - watched.enteredAt >= watched.limitMs) {
        this.#all.delete(watched);
        watched.expire();
      }
    }
  }
}

/** The present phase of `watched` goes on, and its limit begins anew. */
export function renewPhase(watched: Watched): void {
  watched.enteredAt = -1;
}
