import type { ComingBack, GoingOut, Rule, Wrong } from "./rule.ts";

/** After a Retry-After nothing goes out before its time. */
export class PauseRule implements Rule {
  pauses = 0;
  until = 0;

  constructor(readonly wrong: Wrong) {}

  goesOut({ now, name }: GoingOut): void {
    if (now < this.until) this.wrong(`${name} went out ${this.until - now} ms before the end of a pause`);
  }

  comesBack({ now, verdict }: ComingBack): void {
    if (verdict.kind !== "failed" || verdict.retryAfterMs === undefined) return;
    this.pauses++;
    this.until = Math.max(this.until, now + verdict.retryAfterMs);
  }
}
