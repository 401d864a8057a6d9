import type { BreakerSpec } from "../../../src/engine/breaker.ts";
import type { ComingBack, GoingOut, Rule, Wrong } from "./rule.ts";

/**
 * The breaker, told again in other words: from all that came back since it last closed it is worked out whether it is
 * closed, open or half open, how many probes may be out, and whether it has given up.
 */
export class BreakerRule implements Rule {
  openings = 0;
  probes = 0;
  hasGivenUp = false;
  /** When it opened for the first time and when it closed again. */
  readonly #troubles: { readonly from: number; to: number }[] = [];
  #openedAt = -Infinity;
  #successes = 0;
  #out: number[] = [];
  #back: { readonly at: number; readonly isHealthy: boolean }[] = [];

  constructor(readonly spec: BreakerSpec, readonly limit: () => number, readonly wrong: Wrong) {}

  get isClosed(): boolean {
    return !(this.#troubles.at(-1)?.to === Infinity);
  }

  /** When the last probe may go out. */
  get openUntil(): number {
    return this.#openedAt + this.spec.openForMs;
  }

  /** Whether an attempt that got its slot then is a probe; null for one that got it in the moment of closing. */
  wasProbe(slotAt: number): boolean | null {
    const trouble = this.#troubles.findLast(({ from }) => from < slotAt);
    if (trouble === undefined || slotAt > trouble.to) return false;
    return slotAt === trouble.to ? null : true;
  }

  goesOut({ now, name }: GoingOut): void {
    if (this.hasGivenUp) this.wrong(`${name} went out though the target was given up`);
    if (!this.isClosed) {
      this.probes++;
      if (now < this.openUntil) this.wrong(`${name} went out while the breaker was open`);
      const probing = this.#out.filter((at) => at > this.#openedAt).length;
      if (probing >= 2 ** this.#successes) this.wrong(`${name} is one probe too many beside ${probing}`);
    }
    this.#out.push(now);
  }

  comesBack({ now, outAt, slotAt, isHealthy }: ComingBack): void {
    this.#out.splice(this.#out.indexOf(outAt), 1);
    if (isHealthy === null) return;
    if (this.isClosed) this.#hear(isHealthy, now);
    else if (slotAt > this.#openedAt) this.#hearProbe(isHealthy, now);
  }

  #hear(isHealthy: boolean, now: number): void {
    const { minCalls, failureRate, windowMs } = this.spec;
    this.#back.push({ at: now, isHealthy });
    const recent = this.#back.filter(({ at }) => at >= now - windowMs);
    const bad = recent.filter((call) => !call.isHealthy).length;
    const last = this.#back.slice(-minCalls);
    const isDead = last.length === minCalls && last.every((call) => !call.isHealthy);
    if ((recent.length >= minCalls && bad >= failureRate * recent.length) || isDead) {
      this.openings++;
      this.#troubles.push({ from: now, to: Infinity });
      this.#open(now);
    }
  }

  #hearProbe(isHealthy: boolean, now: number): void {
    const trouble = this.#troubles.at(-1)!;
    if (!isHealthy) {
      if (now - trouble.from >= this.spec.giveUpAfterMs) this.hasGivenUp = true;
      this.#open(now);
    } else if (2 ** ++this.#successes >= this.limit()) trouble.to = now;
  }

  #open(now: number): void {
    this.#openedAt = now;
    this.#successes = 0;
    this.#back = [];
  }
}
