import { connect } from "node:net";
import type { Socket } from "node:net";
import { outOfDescriptors } from "./descriptors.ts";
import { codeOf, type Connection, DialError, discard, type Stage } from "./http_stage.ts";

/** How long an address gets before the next one is tried beside it (RFC 8305, section 5). */
const headStartMs = 250;

/**
 * Connects to the first of some addresses that answers. They are tried in order, each as soon as the one before has
 * failed or has not answered for a quarter of a second. Fails with what the last of them said.
 */
export function connectFirst(
  addresses: readonly string[],
  { host, port }: { readonly host: string; readonly port: number },
  done: (result: Connection | DialError) => void,
): Stage {
  const open = new Set<Socket>();
  let tried = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  tryNext();
  return { cancel: closeAll };

  function tryNext(): void {
    clearTimeout(timer);
    const address = addresses[tried++]!;
    const socket = connect({ host: address, port, noDelay: true });
    open.add(socket);
    socket.once("error", failed);
    socket.once("connect", () => {
      open.delete(socket);
      socket.off("error", failed);
      closeAll();
      done({ socket, address });
    });
    if (tried < addresses.length) timer = setTimeout(tryNext, headStartMs);

    function failed(error: Error): void {
      open.delete(socket);
      discard(socket);
      if (tried < addresses.length) tryNext();
      else if (open.size === 0) done(connectError(error, address, host, port));
    }
  }

  function closeAll(): void {
    clearTimeout(timer);
    for (const socket of open) discard(socket);
    open.clear();
  }
}

function connectError(error: Error, address: string, host: string, port: number): DialError {
  // Bun takes a want of descriptors for a refusal.
  const short = outOfDescriptors();
  const code = short ?? codeOf(error);
  const place = host === address ? `${host} port ${port}` : `${host} port ${port} (${address})`;
  const words = `Cannot connect to ${place}: ${connectWords[code] ?? error.message} (${code})`;
  return new DialError(short === undefined ? "connect" : "descriptors", code, words);
}

const connectWords: { readonly [code: string]: string } = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "no answer",
  EADDRNOTAVAIL: "no local port is left",
  EMFILE: "no file descriptor is left",
  ENFILE: "no file descriptor is left",
};
