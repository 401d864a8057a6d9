import { lookup } from "node:dns";
import { isIP } from "node:net";
import { outOfDescriptors } from "./descriptors.ts";
import { DialError, type Stage } from "./http_stage.ts";

type Done = (result: readonly string[] | DialError) => void;

/** Who waits for the addresses of a host. One lookup answers all who ask while it runs. */
const waiting = new Map<string, Set<Done>>();

/**
 * Finds the addresses of a host, best first, as the system does (hosts file, resolver settings). An address is its own.
 * Nothing is remembered: a name may move. A cancelled one is no longer told; the lookup itself cannot be stopped.
 */
export function findAddresses(host: string, done: Done): Stage {
  let wanted: Done | undefined = done;
  if (isIP(host)) {
    queueMicrotask(() => wanted?.([host]));
    return { cancel: () => void (wanted = undefined) };
  }
  const all = waiting.get(host) ?? startLookup(host);
  all.add(done);
  return { cancel: () => void all.delete(done) };
}

function startLookup(host: string): Set<Done> {
  const all = new Set<Done>();
  waiting.set(host, all);
  lookup(host, { all: true, verbatim: true }, (error, found) => {
    waiting.delete(host);
    const result = error === null && found.length > 0
      ? found.map(({ address }) => address)
      : lookupError(host, error?.code ?? "ENODATA");
    for (const done of all) done(result);
  });
  return all;
}

function lookupError(host: string, code: string): DialError {
  // A resolver that cannot open its own files says that the name is unknown.
  const short = outOfDescriptors();
  if (short !== undefined) {
    return new DialError(
      "descriptors",
      short,
      `Cannot look up ${host}: no file descriptor is left (${short})`,
    );
  }
  const words = code === "EAI_AGAIN"
    ? `Cannot look up ${host}: no name server answered (${code})`
    : `Cannot find the host ${host} (${code}): check its spelling`;
  return new DialError("dns", code, words);
}
