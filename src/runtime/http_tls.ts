import { isIP } from "node:net";
import { connect } from "node:tls";
import { codeOf, type Connection, DialError, discard, type Stage } from "./http_stage.ts";

/** Certificates and keys, read already: PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  readonly serverName?: string;
}

/** Puts TLS on a connection; the certificate is checked against `serverName`, or else `host`. */
export function secure(
  { socket, address }: Connection,
  host: string,
  { ca, cert, key, insecure = false, serverName }: TlsMaterial,
  done: (result: Connection | DialError) => void,
): Stage {
  const name = serverName ?? host;
  const secured = connect({
    socket,
    host: name,
    // An address is no server name (RFC 6066, section 3).
    ...(isIP(name) ? {} : { servername: name }),
    ca,
    cert,
    key,
    rejectUnauthorized: !insecure,
    ALPNProtocols: ["http/1.1"],
  });
  secured.once("secureConnect", ready);
  secured.once("error", failed);
  secured.once("close", closed);
  return { cancel: stop };

  function ready(): void {
    secured.off("error", failed);
    secured.off("close", closed);
    done({ socket: secured, address });
  }

  function failed(error: Error): void {
    stop();
    done(tlsError(error, name));
  }

  function closed(): void {
    stop();
    done(brokenOff(name, "ECONNRESET"));
  }

  function stop(): void {
    secured.off("secureConnect", ready);
    secured.off("close", closed);
    discard(secured);
    discard(socket);
  }
}

const connectionCodes = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENETUNREACH",
  "EHOSTUNREACH",
]);

function tlsError(error: Error, name: string): DialError {
  const code = codeOf(error);
  if (connectionCodes.has(code)) return brokenOff(name, code);
  return new DialError("tls", code, `Cannot make a TLS connection to ${name}: ${error.message} (${code})`);
}

/** Nobody judged a certificate: the same connection may stand the next time. */
function brokenOff(name: string, code: string): DialError {
  return new DialError("connect", code, `The connection to ${name} ended during the TLS handshake (${code})`);
}
