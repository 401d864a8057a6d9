/** A run as it stands: what progress shows. Made on demand, never pushed. */
export interface RunView {
  /** Since the process started. */
  readonly elapsedMs: number;
  /** Set once the run was told to stop. */
  readonly stopping: string | null;
  readonly targets: readonly TargetView[];
}

export interface TargetView {
  readonly name: string;
  readonly limit: number;
  /** Attempts in flight. */
  readonly running: number;
  /** Task runs waiting for a retry. */
  readonly waiting: number;
  /** Task runs that have ended; those that a stop kept from beginning are none of them. */
  readonly ended: number;
  readonly failed: number;
  /** null while it is not known. */
  readonly total: number | null;
  /** Milliseconds until a server's Retry-After is over; 0 when it is not paused. */
  readonly pausedMs: number;
}
