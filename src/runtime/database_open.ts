import type { ConnectionOptions } from "node:tls";
import { readTls } from "./database_tls.ts";
import { cancelledTrouble, connectTimeout, socketTrouble } from "./database_trouble.ts";
import type { Opening, ServerOptions, Trouble } from "./databases.ts";

/** One try to connect, with TLS or without. */
export interface Dialling<S> {
  /** Settles soon after `drop`. Code `NO_TLS` when the server has none. Never rejects. */
  readonly session: Promise<S | Trouble>;
  /** Closes the socket, whatever it is for. */
  drop(): void;
}

/**
 * Connects to a server within its time, with TLS as it is asked for: `prefer` tries with TLS and goes on without where
 * the server has none. A unix socket never has it.
 */
export function openServer<S extends object>(
  options: ServerOptions,
  dial: (tls: ConnectionOptions | false) => Dialling<S>,
): Opening<S> {
  let dialling: Dialling<S> | undefined;
  let stopped: Trouble | undefined;
  return { opened: open(), cancel: () => stop(cancelledTrouble(false)) };

  async function open(): Promise<S | Trouble> {
    const { connectMs, tls, host } = options;
    const timer = connectMs === null
      ? undefined
      : setTimeout(() => stop(connectTimeout(connectMs)), connectMs);
    try {
      const secured = host.startsWith("/") ? false : await readTls(tls, host);
      if (secured !== false && "kind" in secured) return secured;
      const first = await connect(secured);
      return tls.mode === "prefer" && hasNoTls(first) ? await connect(false) : first;
    } finally {
      clearTimeout(timer);
    }
  }

  function stop(why: Trouble): void {
    stopped ??= why;
    dialling?.drop();
  }

  async function connect(tls: ConnectionOptions | false): Promise<S | Trouble> {
    if (stopped !== undefined) return stopped;
    try {
      dialling = dial(tls);
    } catch (error) {
      // A host or port that no socket takes.
      return socketTrouble(error, false);
    }
    const session = await dialling.session;
    if (stopped === undefined) return session;
    dialling.drop();
    return stopped;
  }
}

function hasNoTls(session: object): boolean {
  return "code" in session && session.code === "NO_TLS";
}

/** The server has no TLS. */
export const noTlsTrouble: Trouble = {
  kind: "trouble",
  code: "NO_TLS",
  message: "the server has no TLS: leave out `tls` and the URL's TLS options to do without",
  lost: false,
};
