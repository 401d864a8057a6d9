/**
 * What a task stands on cannot be used here and now: a target's header that no request can hold, a certificate that is
 * missing. Known before anything runs: exit 2.
 */
export class UnusableError extends Error {
  override readonly name = "UnusableError";
}
