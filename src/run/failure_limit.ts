import type { RunPolicy } from "../model/plan.ts";

/** From this many ended task runs on, a share is taken of them when the total is not known. */
const shareFrom = 100;

/**
 * Counts failures against `run.maxFailures`. A share is of the known total, or of the ended from the 100th on.
 *
 * @returns a function that is told of each end and says whether the limit is passed
 */
export function failureLimit(
  maxFailures: RunPolicy["maxFailures"],
  total: number | null,
): (isFailure: boolean) => boolean {
  if (maxFailures === null) return () => false;
  let failures = 0;
  let ended = 0;
  return (isFailure) => {
    ended++;
    if (isFailure) failures++;
    if ("count" in maxFailures) return failures > maxFailures.count;
    if (total !== null) return failures > maxFailures.share * total;
    return ended >= shareFrom && failures > maxFailures.share * ended;
  };
}
