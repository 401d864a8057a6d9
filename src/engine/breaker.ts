/** When a target is taken for down. Milliseconds; the rate is a share from 0 to 1. */
export interface BreakerSpec {
  readonly failureRate: number;
  readonly windowMs: number;
  readonly minCalls: number;
  readonly openForMs: number;
  readonly giveUpAfterMs: number;
}

/** What a breaker did. */
export interface BreakerAccount {
  /** Times it opened; a probe that fails does not count again. */
  readonly openings: number;
  /** Milliseconds during which it was open or half open. */
  readonly openMs: number;
}

/**
 * Stops calls to a target that is down. Closed: all may pass. Open: none for `openForMs`. Half open: one probe at a time,
 * then two, four, … as they succeed, until the pool's limit is reached; one that fails opens it again.
 *
 * It opens when at least `minCalls` of the window have ended and `failureRate` of them speak of bad health, or when the
 * last `minCalls` all do: a long good past must not hide that a target has just died.
 *
 * Source: Nygard, "Release It!", 2nd edition, 2018, chapter 5.
 */
export class Breaker {
  readonly #spec: BreakerSpec;
  readonly #calls: { at: number; healthy: boolean }[] = [];
  #unhealthy = 0;
  #inRow = 0;
  #openedAt = -Infinity;
  #troubleSince = NaN;
  #probes = 0;
  #openings = 0;
  #troubledMs = 0;
  #hasGivenUp = false;

  constructor(spec: BreakerSpec) {
    this.#spec = spec;
  }

  /** Attempts that may be in flight. */
  allowance(now: number, limit: number): number {
    if (Number.isNaN(this.#troubleSince)) return limit;
    return now < this.openUntil ? 0 : Math.min(limit, this.#probes);
  }

  /** When it lets a probe pass; in the past unless it is open. */
  get openUntil(): number {
    return this.#openedAt + this.#spec.openForMs;
  }

  /** An attempt that begins now is a probe: it uses up none of its run's attempts. */
  get isProbing(): boolean {
    return !Number.isNaN(this.#troubleSince);
  }

  /** The last calls all failed: it may be about to open. */
  get isDoubting(): boolean {
    return this.#inRow > 1;
  }

  /** An attempt that began at `startedAt` and did not go out yet must not any more: it has opened since, or given up. */
  holdsBack(startedAt: number): boolean {
    return this.isProbing && (startedAt <= this.#openedAt || this.#hasGivenUp);
  }

  /** How often it opened, and for how long in all it was not closed. */
  account(now: number): BreakerAccount {
    const lasting = Number.isNaN(this.#troubleSince) ? 0 : now - this.#troubleSince;
    return { openings: this.#openings, openMs: this.#troubledMs + lasting };
  }

  /** An attempt has ended that began at `startedAt`. */
  record(healthy: boolean, startedAt: number, now: number, limit: number): void {
    if (!Number.isNaN(this.#troubleSince)) {
      // What began before it opened says nothing new, nor do probes beside the one that failed.
      if (startedAt <= this.#openedAt) return;
      if (!healthy) {
        if (now - this.#troubleSince >= this.#spec.giveUpAfterMs) this.#hasGivenUp = true;
        return this.#open(now);
      }
      this.#probes *= 2;
      if (this.#probes >= limit) this.#close(now);
      return;
    }
    this.#remember(healthy, now);
    const { minCalls, failureRate } = this.#spec;
    const isDown = this.#calls.length >= minCalls && this.#unhealthy >= failureRate * this.#calls.length;
    if (isDown || this.#inRow >= minCalls) this.#open(now);
  }

  /** A probe failed after it had not been closed for so long that the rest is not worth waiting for. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  #remember(healthy: boolean, now: number): void {
    this.#calls.push({ at: now, healthy });
    if (!healthy) this.#unhealthy++;
    this.#inRow = healthy ? 0 : this.#inRow + 1;
    let old = 0;
    while (old < this.#calls.length && this.#calls[old]!.at < now - this.#spec.windowMs) {
      if (!this.#calls[old]!.healthy) this.#unhealthy--;
      old++;
    }
    if (old > 0) this.#calls.splice(0, old);
  }

  #open(now: number): void {
    if (Number.isNaN(this.#troubleSince)) {
      this.#troubleSince = now;
      this.#openings++;
    }
    this.#openedAt = now;
    this.#probes = 1;
    this.#calls.length = 0;
    this.#unhealthy = 0;
    this.#inRow = 0;
  }

  #close(now: number): void {
    this.#troubledMs += now - this.#troubleSince;
    this.#troubleSince = NaN;
  }
}
