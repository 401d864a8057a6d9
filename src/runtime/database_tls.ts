import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import type { DatabaseTls, Trouble } from "./databases.ts";
import { describeSystemError } from "./system_error.ts";

/** Options of a TLS connection to `host`; false for none at all, or the file that cannot be read. */
export async function readTls(tls: DatabaseTls, host: string): Promise<ConnectionOptions | false | Trouble> {
  if (tls.mode === "disable") return false;
  const name = tls.serverName ?? host;
  const checksChain = tls.mode === "verify-ca" || tls.mode === "verify-full" || tls.ca !== null;
  const checksName = tls.mode === "verify-full";
  try {
    return {
      ca: await readPem(tls.ca),
      cert: await readPem(tls.cert),
      key: await readPem(tls.key),
      rejectUnauthorized: checksChain,
      // An address is no server name (RFC 6066, section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_, certificate) =>
        checksName ? checkServerIdentity(name, certificate) : undefined,
    };
  } catch (error) {
    const { path, cause } = error as UnreadableFile;
    return {
      kind: "trouble",
      code: "TLS",
      message: `cannot read ${path}: ${describeSystemError(cause)}`,
      lost: false,
    };
  }
}

class UnreadableFile extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(path, { cause });
    this.path = path;
  }
}

async function readPem(path: string | null): Promise<string | undefined> {
  if (path === null) return undefined;
  if (path.includes("-----BEGIN ")) return path;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UnreadableFile(path, error);
  }
}
