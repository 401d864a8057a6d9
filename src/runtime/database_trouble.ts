import type { Trouble } from "./databases.ts";

/** Trouble with a socket: the runtimes word it differently, or not at all, and the code says the same on all of them. */
export function socketTrouble(error: unknown, lost: boolean): Trouble {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: { code?: string } };
  const name = code ?? cause?.code ?? "ECONNRESET";
  const words = socketWords[name];
  if (words !== undefined) return { kind: "trouble", code: name, message: `${words} (${name})`, lost };
  const isCertificate =
    /^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|HOSTNAME_)/.test(name) ||
    /certificate|handshake/i.test(message ?? "");
  return { kind: "trouble", code: isCertificate ? "TLS" : name, message: message ?? name, lost };
}

/** It was told to stop. `lost` when nothing tells how far it had come. */
export function cancelledTrouble(lost: boolean): Trouble {
  return { kind: "trouble", code: "CANCELLED", message: "the statement was stopped", lost };
}

/** No connection in time. */
export function connectTimeout(connectMs: number): Trouble {
  return {
    kind: "trouble",
    code: "TIMEOUT",
    message: `no connection after ${connectMs / 1000}s`,
    lost: false,
  };
}

/** The statement left a transaction open. */
export const transactionTrouble: Trouble = {
  kind: "trouble",
  code: "TRANSACTION",
  message: "the query left a transaction open, which was rolled back: each query is a transaction of its own",
  lost: false,
};

/** The driver could not put the statement into the protocol: a value that is too large, say. */
export function unsendable(error: unknown): Trouble {
  return {
    kind: "trouble",
    code: "UNSUPPORTED",
    message: `it cannot be sent: ${(error as Error).message}`,
    lost: false,
  };
}

const socketWords: { readonly [code: string]: string } = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  ECONNABORTED: "the connection was closed",
  EPIPE: "the connection was closed",
  ETIMEDOUT: "the server does not answer",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ENOTFOUND: "the host is unknown",
  EAI_AGAIN: "the name service does not answer",
  ENOENT: "there is no such socket",
  EACCES: "permission denied",
};
