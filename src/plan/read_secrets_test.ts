import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecretSource } from "../model/plan.ts";
import { manualClock } from "../../tests/support/manual_clock.ts";
import { realClock } from "../runtime/clock.ts";
import type { ByteReader, Clock } from "../runtime/ports.ts";
import { realProcesses } from "../runtime/processes.ts";
import { readSecrets } from "./read_secrets.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Files by path: their chunks, or the message that reading fails with. */
function read(
  secrets: Record<string, SecretSource>,
  environment: Record<string, string>,
  files: Record<string, Uint8Array[] | string> = {},
  clock: Clock = realClock,
) {
  const problems: string[] = [];
  const open = (path: string): ByteReader => {
    const file = files[path]!;
    const chunks = typeof file === "string" ? [] : [...file];
    return {
      read: () =>
        typeof file === "string" ? Promise.reject(new Error(file)) : Promise.resolve(chunks.shift() ?? null),
      close: () => {},
    };
  };
  const probe = (path: string) =>
    Promise.resolve(
      path in files
        ? { readable: true as const, bytes: path === "/huge" ? 1e6 : 20, modifiedMs: 0 }
        : { readable: false as const, why: "there is no such file" },
    );
  const ports = { host: { environment }, sources: { probe, open }, processes: realProcesses, clock };
  const config = { path: "x.yaml", directory: "/", sha256: "" };
  return readSecrets(
    { secrets, config },
    ports,
    (path, message) => problems.push(`${path.join(".")} ${message}`),
  )
    .then((values) => ({ values: Object.fromEntries(values), problems }));
}

test("readSecrets() reads variables and files and cuts one trailing newline", async () => {
  const { values, problems } = await read(
    { a: { env: "A" }, b: { file: "/b" }, c: { file: "/c" } },
    { A: "sesame\n\n" },
    { "/b": [encode("open "), encode("é"), encode("door\r\n")], "/c": [encode("čšžřčě")] },
  );
  assert.deepEqual(values, { a: "sesame\n", b: "open édoor", c: "čšžřčě" });
  assert.deepEqual(problems, []);
});

test("readSecrets() joins characters that chunks cut apart", async () => {
  const bytes = encode("pässwörd");
  const { values } = await read({ a: { file: "/a" } }, {}, {
    "/a": [...bytes].map((byte) => Uint8Array.of(byte)),
  });
  assert.deepEqual(values, { a: "pässwörd" });
});

const wrong: readonly (readonly [SecretSource, string])[] = [
  [
    { env: "NOT_SET" },
    "secrets.x secret x: the environment variable NOT_SET is not set: export it, or change the config",
  ],
  [{ env: "EMPTY" }, "secrets.x secret x: the environment variable EMPTY gives an empty text"],
  [
    { env: "SHORT" },
    "secrets.x secret x: the environment variable SHORT has 5 characters: a secret has at least 6, or it could not be masked",
  ],
  [{ file: "/missing" }, "secrets.x secret x: the file /missing cannot be read: there is no such file"],
  [{ file: "/newline" }, "secrets.x secret x: the file /newline gives an empty text"],
  [{ file: "/binary" }, "secrets.x secret x: the file /binary cannot be read: it is no UTF-8 text"],
  [{ file: "/denied" }, "secrets.x secret x: the file /denied cannot be read: permission denied"],
  [{ file: "/huge" }, "secrets.x secret x: the file /huge has 1000000 bytes: a secret has at most 65536"],
];

for (const [source, message] of wrong) {
  test(`readSecrets() of ${JSON.stringify(source)} names it and no value`, async () => {
    const { values, problems } = await read({ x: source }, { EMPTY: "", SHORT: "12345" }, {
      "/newline": [encode("\n")],
      "/binary": [Uint8Array.of(0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff)],
      "/denied": "permission denied",
      "/huge": [],
    });
    assert.deepEqual(values, {});
    assert.deepEqual(problems, [message]);
  });
}

test("readSecrets() stops reading a file that grows for ever", async () => {
  const chunk = new Uint8Array(60_000).fill(97);
  const { values, problems } = await read({ x: { file: "/log" } }, {}, { "/log": [chunk, chunk, chunk] });
  assert.deepEqual(values, {});
  assert.match(problems[0]!, /still growing/);
});

const sh = (script: string): SecretSource => ({ command: ["/bin/sh", "-c", script] });

test("readSecrets() takes what a command prints, with its environment, in the config's directory", async () => {
  const secrets = {
    a: sh('printf "%s" "$TOKEN"'),
    b: sh("pwd; echo door"),
    c: sh("cat; echo sesame 1>&2; echo sesame"),
  };
  const { values, problems } = await read(secrets, { TOKEN: "open sesame", PATH: "/bin:/usr/bin" });
  assert.deepEqual(values, { a: "open sesame", b: "/\ndoor", c: "sesame" });
  assert.deepEqual(problems, []);
});

const failing: readonly (readonly [SecretSource, RegExp])[] = [
  [
    sh("echo sesame; echo no such key >&2; exit 3"),
    /^secrets\.x secret x: the command \/bin\/sh exited with 3: no such key$/,
  ],
  [sh("kill -9 $$"), /the command \/bin\/sh was ended by SIGKILL$/],
  [{ command: ["/no/such/program"] }, /the command \/no\/such\/program could not be started: /],
  [sh("head -c 70000 /dev/zero"), /the command \/bin\/sh printed 70000 bytes: a secret has at most 65536$/],
  [sh("printf '\\377\\377\\377\\377\\377\\377'"), /the command \/bin\/sh printed what is no UTF-8 text$/],
  [sh("true"), /the command \/bin\/sh gives an empty text$/],
];

for (const [source, message] of failing) {
  test(`readSecrets() of ${JSON.stringify(source)} says what went wrong`, async () => {
    const { values, problems } = await read({ x: source }, { PATH: "/bin:/usr/bin" });
    assert.deepEqual(values, {});
    assert.match(problems.join(), message);
    assert.doesNotMatch(problems.join(), /sesame/);
  });
}

test("readSecrets() ends a command that does not end", async () => {
  const clock = manualClock();
  const reading = read({ x: sh("echo waiting >&2; exec sleep 600") }, { PATH: "/bin:/usr/bin" }, {}, clock);
  while (clock.armed === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(30_000);
  let over = false;
  reading.finally(() => over = true);
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1);
  }
  const { values, problems } = await reading;
  assert.deepEqual(values, {});
  assert.match(problems.join(), /the command \/bin\/sh did not end within 30s/);
  assert.equal(clock.armed, 0);
});
