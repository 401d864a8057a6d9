import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestCertificates } from "./test_certificates.ts";
import { findProgram, freePort, serverDirectory, startServer, type Throwaway } from "./throwaway.ts";

/** A Redis server with a password, on the loopback interface (plain and TLS) and a socket in its directory. */
export interface RedisServer extends Throwaway {
  readonly tlsPort: number;
  readonly socket: string;
  readonly ca: string;
  /** `redis://` with its password. */
  url(): string;
  /** Sends a command by a connection of its own, and gives what it answers as text. */
  cli(...words: readonly string[]): string;
}

export const redisPassword = "se cret/@:1";

/** Starts one, at once. */
export async function startRedis(...settings: readonly string[]): Promise<RedisServer> {
  const directory = serverDirectory("redis");
  const { ca, server } = makeTestCertificates();
  for (
    const [name, text] of Object.entries({
      "ca.pem": ca,
      "server.pem": server.cert,
      "server.key": server.key,
    })
  ) {
    writeFileSync(join(directory, name), text);
  }
  const [port, tlsPort] = [await freePort(), await freePort()];
  const socket = join(directory, "s.sock");
  const cli = (...words: readonly string[]) =>
    spawnSync("redis-cli", ["-s", socket, "--no-auth-warning", ...words], {
      encoding: "utf8",
      env: { ...process.env, REDISCLI_AUTH: redisPassword },
    });
  const options = {
    port,
    "tls-port": tlsPort,
    "tls-cert-file": join(directory, "server.pem"),
    "tls-key-file": join(directory, "server.key"),
    "tls-ca-cert-file": join(directory, "ca.pem"),
    "tls-auth-clients": "no",
    unixsocket: socket,
    bind: "127.0.0.1",
    dir: directory,
    save: "",
    requirepass: redisPassword,
  };
  const started = await startServer(port, directory, {
    command: [
      findProgram("redis-server") ?? "redis-server",
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ...settings,
    ],
    isReady: () => cli("ping").stdout.trim() === "PONG",
  });
  return Object.assign(started, {
    tlsPort,
    socket,
    ca: join(directory, "ca.pem"),
    url: () => `redis://:${encodeURIComponent(redisPassword)}@127.0.0.1:${port}/0`,
    cli: (...words: readonly string[]) => cli(...words).stdout.trim(),
  });
}
