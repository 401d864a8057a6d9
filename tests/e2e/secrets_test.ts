import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { startFaultServer } from "../servers/fault_server.ts";
import { inBatches, inSandbox, type Sandbox } from "./sandbox.ts";

const token = 'tok+en/"quoted"\\é with space&more=1';
const password = "hunter2hunter2";

/** Every way a secret might be written; none may be found in what fanout writes. */
function spellings(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = [0, 1, 2].map((skip) =>
    btoa(String.fromCharCode(...new Uint8Array(skip), ...bytes)).replace(/=+$/, "").slice(
      skip === 0 ? 0 : skip + 1,
      -2,
    )
  );
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    encodeURIComponent(secret).toLowerCase(),
    encodeURIComponent(secret).replaceAll("%20", "+"),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

function findsSecret(text: string, secret: string): string | undefined {
  return spellings(secret).find((spelling) => text.includes(spelling));
}

/** Everything a run left in the sandbox but what `save` wrote. */
function written(sandbox: Sandbox): string {
  return execFileSync("sh", ["-c", "cat report*.json; find state -type f -exec cat {} +"], {
    cwd: sandbox.directory,
    encoding: "utf8",
  });
}

test(
  "a secret appears nowhere, however it is spelled, but in what save writes",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    sandbox.write("password.txt", `${password}\n`);
    const config = `
version: 1
secrets:
  token: { env: API_TOKEN }
  password: { file: password.txt }
  fromCommand: { command: [sh, -c, "echo command-secret"] }
targets:
  api: { http: { baseUrl: "${server.url}", headers: { authorization: "Bearer \${{ secrets.token }}", x-key: "\${{ secrets.password }}" } } }
tasks:
  echoed: { target: api, http: { url: /echo, method: POST, json: { t: "\${{ secrets.token }}" }, query: { q: "\${{ secrets.token }}" } }, save: out/echo.json, idempotent: true, outputs: { target: json.target, headers: json.headers } }
  refused: { http: { url: "http://127.0.0.1:1/?t=\${{ secrets.token }}" }, retry: 1 }
  status: { target: api, http: { url: "/status/500", method: POST, body: "\${{ secrets.token }}" } }
  printed: { exec: { shell: 'printf %s "$T"; printf %s "$T" >&2; printf %s "$T" | base64 -w0; printf "x%s" "$T" | base64 -w0; printf "xx%s" "$T" | base64; printf "%s" "$P$C"', env: { T: "\${{ secrets.token }}", P: "\${{ secrets.password }}", C: "\${{ secrets.fromCommand }}" } } }
  failed: { exec: { shell: 'echo "cannot log in with $T" >&2; exit 1', env: { T: "\${{ secrets.token }}" } } }
  stdin: { exec: { command: [cat], stdin: "\${{ secrets.token }}" }, expect: ["stdout == 'no'"] }
  shownInPart: { exec: { shell: 'printf "%055d%s%055d" 0 "$P" 0', env: { P: "\${{ secrets.password }}" } }, expect: ["stdout == 'no'"] }
  cut: { exec: { shell: 'head -c 16380 /dev/zero | tr "\\\\0" x; printf %s "$P"; head -c 100000 /dev/zero | tr "\\\\0" y', env: { P: "\${{ secrets.password }}" } }, capture: 32KiB }
  environment: { exec: { command: [env] } }
  item: { foreach: ["hunter2hunter2", "ok"], key: "\${{ item }}", exec: { command: [echo, "\${{ item }}"] } }
  urls: { exec: { command: [echo, "postgres://me:s3cr3t-pass@db/x and https://user@host/"] } }
  template: { http: { url: "${server.url}/echo", headers: { a: "\${{ secrets.token }}\\n" } } }
`;
    const { stdout, stderr, report } = await sandbox.runConfig(config, ["-v"], { env: { API_TOKEN: token } });
    await server.close();
    assert.ok(report, stderr);
    const everything = written(sandbox) + stdout + stderr;
    for (const secret of [token, password, "command-secret", "s3cr3t-pass"]) {
      const found = findsSecret(everything, secret);
      assert.equal(found, undefined, `${found} of ${secret} near ${near(everything, found ?? "")}`);
    }
    const saved = sandbox.json("out/echo.json");
    const sent = JSON.parse(saved.body).t;
    assert.equal(sent.length, new TextEncoder().encode(token).length, "what save writes is the data itself");
    assert.ok(report.results[0].output.body.includes("***"));
    const environment = report.results.find((result: { task: string }) => result.task === "environment");
    assert.doesNotMatch(environment.output.stdout, /API_TOKEN/, "the variable is not inherited");
    assert.match(environment.output.stdout, /PATH=/);
    // Not even a part of it at the place where the text was cut.
    const cut = report.results.find((result: { task: string }) => result.task === "cut").output.stdout;
    assert.doesNotMatch(cut, /hun|ter2/);
    const shown = report.results.find((result: { task: string }) => result.task === "shownInPart").error;
    assert.match(
      shown.message,
      /^expected stdout == 'no', but stdout is "0{55}\*\*\*00…" \(124 characters\)$/,
    );
  }),
);

test(
  "authorization, cookie and set-cookie values are masked though nobody called them secret",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    const { report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  cookies: { http: { url: "${server.url}/cookies" } }
  sent: { http: { url: "${server.url}/echo", headers: { Authorization: "Basic literal-credentials", Cookie: "session=abcdef" } } }
`);
    await server.close();
    const [cookies] = report.results;
    assert.ok(cookies.output, stderr);
    assert.doesNotMatch(JSON.stringify(cookies.output.headers), /a=1|b=2/);
    assert.match(JSON.stringify(cookies.output.headers), /\*\*\*/);
  }),
);

const refused:
  readonly (readonly [what: string, config: string, env: Record<string, string>, says: RegExp])[] = [
    ["too short", "secrets: { s: { env: S } }", { S: "12345" }, /"?s"?.*6/],
    ["not there", "secrets: { s: { env: S } }", {}, /S/],
    ["no such file", "secrets: { s: { file: none } }", {}, /none/],
    ["a command that fails", "secrets: { s: { command: ['false'] } }", {}, /false|exit/],
    ["no source", "secrets: { s: {} }", {}, /env.*file.*command/],
  ];

test("a secret that cannot be used is exit 2 before anything runs", async () => {
  await inBatches(refused, ([what, config, env, says]) =>
    inSandbox(async (sandbox) => {
      const { code, stderr } = await sandbox.runConfig(
        `version: 1\n${config}\ntasks: { a: { exec: { shell: 'touch ran; : $S', env: { X: "\${{ secrets.s }}" } } } }\n`,
        [],
        { env },
      );
      assert.equal(code, 2, `${what}: ${stderr}`);
      assert.match(stderr, says, what);
      assert.ok(!sandbox.exists("ran"));
      if (env.S !== undefined) assert.ok(!stderr.includes(env.S), "not even a short one is shown");
    })());
});

const misplaced: readonly string[] = [
  'a: { exec: { command: [echo, "${{ secrets.s }}"] } }',
  'a: { foreach: [1], key: "${{ secrets.s }}", exec: { command: [x] } }',
  "a: { if: \"secrets.s == 'x'\", exec: { command: [x] } }",
  "a: { exec: { command: [x] }, outputs: { o: secrets.s } }",
  'a: { exec: { command: [x] }, save: "out/${{ secrets.s }}" }',
  "a: { exec: { command: [x] }, save: { path: out, if: \"secrets.s == 'x'\" } }",
];

test("a declared secret in outputs, key, save, if or exec.command is a config error", async () => {
  await inBatches(misplaced, (task) =>
    inSandbox(async (sandbox) => {
      sandbox.write("fanout.yaml", `version: 1\nsecrets: { s: { env: S } }\ntasks:\n  ${task}\n`);
      const { code, stderr } = await sandbox.run(["check", "fanout.yaml"]);
      assert.equal(code, 2, task);
      assert.match(stderr, /secret/, task);
    })());
});

test(
  "plan and check show no secret, and read none",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "fanout.yaml",
      `version: 1
secrets: { s: { env: S } }
targets: { db: { sql: { url: "sqlite:x.db" } }, api: { http: { baseUrl: "http://u:pass-in-url@h/", headers: { a: "\${{ secrets.s }}" } } } }
tasks: { a: { target: api, http: { url: / } } }
`,
    );
    sandbox.write("bad.yaml", sandbox.read("fanout.yaml").replace("baseUrl:", "baseURL:"));
    for (const args of [["plan", "fanout.yaml"], ["plan", "fanout.yaml", "--json"], ["check", "bad.yaml"]]) {
      const { stdout, stderr } = await sandbox.run(args, { env: { S: "very-secret-value" } });
      assert.notEqual(stdout + stderr, "");
      assert.doesNotMatch(stdout + stderr, /very-secret-value|pass-in-url/, args.join(" "));
    }
  }),
);

test(
  "plan says which secrets are not there, and runs no command for it",
  inSandbox(async (sandbox) => {
    sandbox.write("there.txt", "very-secret-value");
    sandbox.write(
      "fanout.yaml",
      `version: 1
secrets:
  unset: { env: NOT_SET }
  given: { env: GIVEN }
  lost: { file: lost.txt }
  there: { file: there.txt }
  printed: { command: [touch, ran] }
tasks: { a: { exec: { command: [echo] } } }
`,
    );
    const { code, stdout, stderr } = await sandbox.run(["plan", "fanout.yaml"], {
      env: { GIVEN: "very-secret-value" },
    });
    assert.equal(code, 0, stderr);
    const told = stdout.slice(stdout.indexOf("secrets\n"), stdout.indexOf("\nrun\n"))
      .replaceAll(`${sandbox.directory}/`, "");
    assert.equal(
      told.trim().replace(/\s+/g, " "),
      "secrets unset hidden env NOT_SET (not set) given hidden env GIVEN " +
        "lost hidden file lost.txt (there is no such file) there hidden file there.txt printed hidden command touch ran",
    );
    assert.ok(!sandbox.exists("ran"));
  }),
);

function near(text: string, found: string): string {
  const at = text.indexOf(found);
  return text.slice(Math.max(0, at - 200), at + 200);
}
