import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UnusableError } from "../model/unusable_error.ts";
import type { HttpClient, HttpOptions, HttpPort, HttpTls } from "./http_port.ts";
import type { TlsMaterial } from "./http_tls.ts";

/** HTTP/1.1 as this machine speaks it. What it needs is loaded with the first client. */
export const realHttp: HttpPort = {
  async open(options: HttpOptions): Promise<HttpClient> {
    const [tls, { Http1Client }] = await Promise.all([
      readMaterial(options.tls, options.directory),
      import("./http_client.ts"),
    ]);
    return new Http1Client(options, tls);
  },
};

async function readMaterial(tls: HttpTls, directory: string): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all(
    (["ca", "cert", "key"] as const).map((name) => readPem(name, tls[name], directory)),
  );
  return { ca, cert, key, insecure: tls.insecure, serverName: tls.serverName ?? undefined };
}

async function readPem(name: string, text: string | null, directory: string): Promise<string | undefined> {
  if (text === null) return undefined;
  const pem = text.includes("-----BEGIN ")
    ? text
    : await readFile(resolve(directory, text), "utf8").catch((error) => {
      throw new UnusableError(`Cannot read tls.${name}: ${(error as Error).message}`);
    });
  if (pem.includes("-----BEGIN ")) return pem;
  throw new UnusableError(`Cannot use tls.${name}: ${text} is no PEM file (it has no line "-----BEGIN …")`);
}
