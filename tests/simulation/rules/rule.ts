import type { CancelReason, Verdict } from "../../../src/model/verdict.ts";

/** What one pool has to keep to, as it is seen from outside: told of every attempt, it says what is wrong. */
export interface Rule {
  /** An attempt takes its slot; told only of those whose slot can be seen to be taken. */
  takesSlot?(now: number): void;
  /** An attempt goes out to the target. */
  goesOut?(out: GoingOut): void;
  /** The work of an attempt that went out has ended. */
  comesBack?(back: ComingBack): void;
}

export interface GoingOut {
  readonly now: number;
  readonly name: string;
  /** It went out before and failed, and that costs the retry budget something. */
  readonly isRetry: boolean;
}

export interface ComingBack {
  readonly now: number;
  readonly verdict: Verdict;
  /** When it went out. */
  readonly outAt: number;
  /** When it got its slot. */
  readonly slotAt: number;
  /** What it says of the target: null when nothing. */
  readonly isHealthy: boolean | null;
}

export type Wrong = (what: string) => void;

/** Only 5xx, refused connections and timeouts speak against a target; what the run cut off or the machine refused is not its doing. */
export function healthOf(verdict: Verdict, cancelled: CancelReason | undefined): boolean | null {
  if (verdict.kind === "backpressure" || (cancelled && cancelled.code !== "timeout")) return null;
  if (verdict.kind === "ok") return true;
  return !(verdict.unhealthy || cancelled || verdict.timedOut);
}
