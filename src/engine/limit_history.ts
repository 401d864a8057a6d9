/** One change of an adaptive limit. */
export interface LimitChange {
  readonly at: number;
  readonly limit: number;
  /** `restored`: it had been lowered for latencies that did not fall with it. */
  readonly why: "start" | "growth" | "loss" | "latency" | "restored";
}

/** Adds one. The report shows how the limit settled: of a long history the beginning and the end are kept. */
export function noteChange(history: LimitChange[], change: LimitChange): void {
  history.push(change);
  if (history.length > historyLength) history.splice(historyLength / 2, 1);
}

const historyLength = 64;

/**
 * Where a limit settled: the one below which it was for half of the time, in the second half of its history (or in what is
 * kept of that). `endedAt` is when the last of them ceased to hold.
 */
export function settledLimit(history: readonly LimitChange[], endedAt: number): number {
  const from = Math.max(
    (history[0]!.at + endedAt) / 2,
    history.length < historyLength ? -Infinity : history[historyLength / 2]!.at,
  );
  const held = history.map(({ at, limit }, i) => ({
    limit,
    ms: Math.max(0, (history[i + 1]?.at ?? endedAt) - Math.max(at, from)),
  })).sort((a, b) => a.limit - b.limit);
  let left = held.reduce((sum, { ms }) => sum + ms, 0) / 2;
  for (const { limit, ms } of held) if ((left -= ms) < 0) return limit;
  return history.at(-1)!.limit;
}
