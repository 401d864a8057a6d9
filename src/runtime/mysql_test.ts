import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants as crypto, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openMysql } from "./mysql.ts";

const password = "pässword";
const padding = crypto.RSA_PKCS1_OAEP_PADDING;
const askForKey = Buffer.from([2]);
const scramble = Buffer.from("abcdefghijklmnopqrst");

test("openMysql() signs in to MySQL 8 by a socket with the password as it is, and by TCP with it encrypted", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fanout-mysql-"));
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const said: string[] = [];
  const server = createServer(async (socket) => {
    const packets = readPackets(socket);
    const next = async () => (await packets.next()).value!;
    send(socket, 0, greeting());
    await next();
    // What it knows of the account is not in its memory: it wants the whole password.
    send(socket, 2, Buffer.from([1, 4]));
    const first = await next();
    if (!first.equals(askForKey)) said.push(first.toString());
    else {
      const pem = publicKey.export({ type: "spki", format: "pem" });
      send(socket, 4, Buffer.concat([Buffer.from([1]), Buffer.from(pem)]));
      const decrypted = privateDecrypt({ key: privateKey, padding, oaepHash: "sha1" }, await next());
      said.push(
        "encrypted",
        decrypted.map((byte, index) => byte ^ scramble[index % scramble.length]!).toString(),
      );
    }
    send(socket, said.length === 1 ? 4 : 6, Buffer.from([0, 0, 0, 2, 0, 0, 0]));
    // It says goodbye.
    await next();
    socket.destroy();
  });
  try {
    const socketPath = join(directory, "s.sock");
    server.listen(socketPath);
    await once(server, "listening");
    await signIn(socketPath, 0);
    assert.deepEqual(said.splice(0), [`${password}\0`]);
    server.close();
    await once(server, "close");
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    await signIn("127.0.0.1", (server.address() as { port: number }).port);
    assert.deepEqual(said, ["encrypted", `${password}\0`]);
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});

async function signIn(host: string, port: number): Promise<void> {
  const opened = await openMysql({
    host,
    port,
    user: "app",
    password,
    database: null,
    connectMs: 5_000,
    tls: { mode: "disable", ca: null, cert: null, key: null, serverName: null },
  }).opened;
  assert.ok(!("kind" in opened), JSON.stringify(opened));
  await opened.close();
}

/** What MySQL 8 says first, with `caching_sha2_password`. */
function greeting(): Buffer {
  return Buffer.concat([
    Buffer.from("\x0a8.4.0\0"),
    Buffer.from([1, 0, 0, 0]),
    scramble.subarray(0, 8),
    // Capabilities: protocol 4.1, long password, secure connection; then the character set, and plugins.
    Buffer.from([0, 0x01, 0x82, 255, 2, 0, 0x08, 0, 21]),
    Buffer.alloc(10),
    scramble.subarray(8),
    Buffer.from("\0caching_sha2_password\0"),
  ]);
}

function send(socket: Socket, sequence: number, payload: Buffer): void {
  const head = Buffer.from([payload.length & 0xff, payload.length >> 8, 0, sequence]);
  socket.write(Buffer.concat([head, payload]));
}

async function* readPackets(socket: Socket): AsyncGenerator<Buffer, undefined> {
  let data = Buffer.alloc(0);
  for await (const chunk of socket) {
    data = Buffer.concat([data, chunk]);
    for (let length; data.length >= 4 && data.length >= (length = data.readUIntLE(0, 3) + 4);) {
      yield data.subarray(4, length);
      data = data.subarray(length);
    }
  }
}
