import type { Call } from "../model/verdict.ts";

/** Waits for work that stops when its attempt has to end. */
export async function cancellable<T>(work: { cancel(): void }, ended: Promise<T>, call: Call): Promise<T> {
  if (call.cancelled !== undefined) work.cancel();
  else call.onCancel = () => work.cancel();
  try {
    return await ended;
  } finally {
    call.onCancel = undefined;
  }
}
