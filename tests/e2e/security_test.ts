import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { startFaultServer } from "../servers/fault_server.ts";
import { binary, inBatches, inSandbox } from "./sandbox.ts";

const hostileValues = [
  "$(touch hacked)",
  "`touch hacked`",
  "; touch hacked",
  "' || touch hacked '",
  '" && touch hacked "',
  "\n touch hacked",
  "| touch hacked",
  "--option",
  "${{ params.x }}",
];

test(
  "hostile items are arguments, environment and stdin, never commands",
  inSandbox(async (sandbox) => {
    sandbox.write("items.jsonl", hostileValues.map((value) => JSON.stringify(value)).join("\n"));
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
params: { x: { default: leaked } }
tasks:
  argument: { foreach: { jsonl: items.jsonl }, exec: { command: [printf, --, "%s", "\${{ item }}"] } }
  shell: { foreach: { jsonl: items.jsonl }, exec: { shell: 'printf %s "$I"', env: { I: "\${{ item }}" } } }
  stdin: { foreach: { jsonl: items.jsonl }, exec: { command: [cat], stdin: "\${{ item }}" } }
`);
    assert.ok(report, stderr);
    assert.equal(code, 0, stderr);
    for (const { task, item, output } of report.results) {
      assert.equal(output.stdout, item, `${task} ${item}`);
    }
    assert.ok(!sandbox.exists("hacked"));
  }),
);

const refusedConfigs: readonly (readonly [task: string, says: RegExp])[] = [
  ['a: { foreach: [x], exec: { shell: "echo ${{ item }}" } }', /shell.*(static|env)|env/],
  ["a: { foreach: [x], sql: { url: 'sqlite::memory:', query: \"select '${{ item }}'\" } }", /params/],
  ["a: { exec: { shell: 'echo', command: [echo] } }", /command|shell/],
  ["a: { foreach: [x], exec: { command: [echo] }, save: '../x' }", /\.\./],
  ["a: { http: { url: 'file:///etc/passwd' } }", /file:|http/],
  ["a: { exec: { command: [echo] }, outputs: { __proto__: 'stdout' } }", /__proto__/],
  ["constructor: { exec: { command: [echo] } }", /constructor/],
];

test("fanout check refuses what would let data become code", async () => {
  await inBatches(refusedConfigs, ([task, says]) =>
    inSandbox(async (sandbox) => {
      sandbox.write("fanout.yaml", `version: 1\ntasks:\n  ${task}\n`);
      const { code, stderr } = await sandbox.run(["check", "fanout.yaml"]);
      assert.equal(code, 2, `${task}: ${stderr}`);
      assert.match(stderr, says, task);
    })());
});

test(
  "save keeps every value one segment inside the config's directory",
  inSandbox(async (sandbox) => {
    mkdirSync(sandbox.path("jobs/out"), { recursive: true });
    mkdirSync(sandbox.path("outside"));
    symlinkSync("../../outside", sandbox.path("jobs/out/link"));
    symlinkSync("../../outside/target.txt", sandbox.path("jobs/out/file.txt"));
    sandbox.write("outside/target.txt", "old");
    const values = [
      "../../outside/x",
      "..",
      ".",
      "/etc/x",
      "a/b",
      "a\0b",
      "",
      "link",
      "file",
      "good",
      "-rf",
      "ü\n",
    ];
    sandbox.write("jobs/items.jsonl", values.map((value) => JSON.stringify(value)).join("\n"));
    sandbox.write(
      "jobs/fanout.yaml",
      `
version: 1
tasks:
  into: { foreach: { jsonl: items.jsonl }, exec: { command: [echo, x] }, save: "out/\${{ item }}/x.txt" }
  file: { foreach: { jsonl: items.jsonl }, exec: { command: [echo, x] }, save: "out/\${{ item }}.txt" }
`,
    );
    const { code, stderr } = await sandbox.run(["run", "jobs/fanout.yaml", "--report", "r.json"]);
    assert.equal(code, 1, stderr);
    const report = sandbox.json("r.json");
    const outcome = (task: string, value: string) => {
      const result = report.results.find((one: Result) => one.task === task && one.item === value);
      return result.outcome === "ok" ? "ok" : result.error.code;
    };
    for (const value of ["../../outside/x", "..", ".", "/etc/x", "a/b", "a\0b", "", "link"]) {
      assert.notEqual(outcome("into", value), "ok", `into ${JSON.stringify(value)}`);
    }
    for (const value of ["../../outside/x", "/etc/x", "a/b", "a\0b"]) {
      assert.notEqual(outcome("file", value), "ok", `file ${JSON.stringify(value)}`);
    }
    for (const value of ["good", "-rf", "ü\n"]) {
      assert.equal(outcome("into", value), "ok");
      assert.equal(outcome("file", value), "ok");
      assert.equal(sandbox.read(`jobs/out/${value}.txt`), "x\n");
    }
    assert.equal(sandbox.read("outside/target.txt"), "old");
    assert.deepEqual((await sandbox.shell("ls outside")).trim(), "target.txt");
    assert.deepEqual(
      await sandbox.shell("find jobs -name '*tmp*' -o -name '.*' -type f"),
      "",
      "nothing is left behind",
    );
  }),
);

const bombs: readonly (readonly [what: string, yaml: string])[] = [
  [
    "aliases",
    `x-a: &a [x,x,x,x,x,x,x,x,x]\n${
      ["b", "c", "d", "e", "f", "g", "h", "i"].map((name, i) =>
        `x-${name}: &${name} [${Array(9).fill(`*${String.fromCharCode(97 + i)}`).join(",")}]`
      ).join("\n")
    }\nversion: 1\ntasks: { a: { foreach: *i, exec: { command: [x] } } }`,
  ],
  ["depth", `version: 1\ntasks: ${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["block depth", `version: 1\n${Array.from({ length: 3_000 }, (_, i) => " ".repeat(i) + "a:").join("\n")}`],
  ["a tag", "version: 1\ntasks: !!js/function 'x'"],
  ["size", `version: 1\n# ${"x".repeat(11_000_000)}`],
  ["no text", "\xff\xfe\x00\x01"],
  ["two documents", "version: 1\ntasks: {}\n---\nversion: 1\n"],
];

test("a config that is a bomb is refused at once", async () => {
  await inBatches(bombs, ([what, yaml]) =>
    inSandbox(async (sandbox) => {
      sandbox.write("fanout.yaml", what === "no text" ? Uint8Array.from(yaml, (c) => c.charCodeAt(0)) : yaml);
      const from = performance.now();
      const { code, stderr } = await sandbox.run(["check", "fanout.yaml"]);
      assert.equal(code, 2, `${what}: ${stderr.slice(0, 500)}`);
      assert.ok(performance.now() - from < 3_000, `${what} took ${performance.now() - from} ms`);
      assert.ok(stderr.length < 10_000, what);
      assert.doesNotMatch(stderr, /RangeError|bunfs/, what);
    })());
});

test(
  "redirects keep configured headers and bodies to their origin, and leave http alone",
  inSandbox(async (sandbox) => {
    const [server, other] = [await startFaultServer(), await startFaultServer()];
    const to = (url: string, status = 302) => `/redirect?status=${status}&to=${encodeURIComponent(url)}`;
    const { report, stderr } = await sandbox.runConfig(
      `
version: 1
secrets: { token: { env: TOKEN } }
targets: { api: { http: { baseUrl: "${server.url}", headers: { authorization: "Bearer \${{ secrets.token }}", x-api-key: "\${{ secrets.token }}" } } } }
tasks:
  same: { target: api, http: { url: "${to("/echo")}" }, save: same.json }
  cross: { target: api, http: { url: "${
        to(`${other.url}/echo`)
      }", headers: { x-mine: "\${{ secrets.token }}" } }, save: cross.json }
  body: { target: api, idempotent: true, http: { url: "${
        to(`${other.url}/echo`, 307)
      }", method: POST, body: "the body" }, save: body.json }
  absolute: { target: api, http: { url: "${other.url}/echo" }, save: absolute.json }
  file: { http: { url: "${server.url}${to("file:///etc/passwd")}" } }
  many: { http: { url: "${server.url}/redirect/11" } }
  ten: { http: { url: "${server.url}/redirect/10" } }
`,
      [],
      { env: { TOKEN: "very-secret-token" } },
    );
    await Promise.all([server.close(), other.close()]);
    assert.ok(report, stderr);
    const outcomes = report.results.map((result: Result) =>
      `${result.task} ${result.error?.code ?? result.outcome}`
    );
    assert.deepEqual(outcomes, [
      "same ok",
      "cross ok",
      "body ok",
      "absolute ok",
      "file redirect",
      "many redirect",
      "ten ok",
    ]);
    assert.match(sandbox.read("same.json"), /very-secret-token/);
    for (const name of ["cross.json", "absolute.json"]) {
      assert.doesNotMatch(sandbox.read(name), /very-secret-token|x-api-key/i, name);
    }
    assert.doesNotMatch(sandbox.read("body.json"), /the body/);
  }),
);

const addresses: readonly (readonly [url: string, network: string, code: string])[] = [
  ["http://169.254.169.254/latest", "", "blocked_address"],
  ["http://[fe80::1]/", "", "blocked_address"],
  ["http://[fd00:ec2::254]/", "", "blocked_address"],
  ["http://[::ffff:169.254.169.254]/", "", "blocked_address"],
  ["http://2852039166/", "", "blocked_address"],
  ["http://0xa9fea9fe/", "", "blocked_address"],
  ["http://127.0.0.1:1/", "network: public", "blocked_address"],
  ["http://localhost:1/", "network: public", "blocked_address"],
  ["http://10.0.0.1/", "network: public", "blocked_address"],
  ["http://0/", "network: public", "blocked_address"],
  ["http://127.0.0.1:1/", "", "connect"],
];

test(
  "addresses that data names are checked as they are dialled, whatever their spelling",
  inSandbox(async (sandbox) => {
    const tasks = addresses.map(([url, network], i) =>
      `  t${i}: { foreach: ["${url}"], http: { url: "\${{ item }}"${
        network && `, ${network}`
      } }, retry: 1, timeout: { connect: 500ms } }`
    );
    const { report, stderr } = await sandbox.runConfig(`version: 1\ntasks:\n${tasks.join("\n")}\n`);
    assert.ok(report, stderr);
    assert.deepEqual(
      report.results.map((result: Result, i: number) => [addresses[i]![0], result.error?.code]),
      addresses.map(([url, , code]) => [url, code]),
    );
  }),
);

test(
  "files of the current directory are not loaded, nor what Node.js would preload",
  inSandbox(async (sandbox) => {
    const evil = `require("fs").writeFileSync("${sandbox.path("hacked")}", "x");`;
    sandbox.write("evil.cjs", evil);
    sandbox.write("evil.js", evil);
    sandbox.write(".env", "API_TOKEN=from-dotenv-file\nFANOUT=1\n");
    sandbox.write(".env.local", "API_TOKEN=from-dotenv-file\n");
    sandbox.write("bunfig.toml", `preload = ["./evil.cjs"]\n[run]\npreload = ["./evil.cjs"]\n`);
    sandbox.write(
      "package.json",
      `{"name":"x","type":"commonjs","imports":{"#x":"./evil.cjs"},"preload":["./evil.cjs"]}`,
    );
    sandbox.write("tsconfig.json", `{"compilerOptions":{"paths":{"*":["./evil.cjs"]},"jsx":"react"}}`);
    sandbox.write("deno.json", `{"imports":{"yaml":"./evil.js"}}`);
    sandbox.write("node_modules/yaml/package.json", `{"name":"yaml","main":"../../evil.cjs"}`);
    sandbox.write(
      "fanout.yaml",
      'version: 1\nparams: { token: { env: API_TOKEN, default: none } }\ntasks: { a: { exec: { command: [echo, "${{ params.token }}"] } } }\n',
    );
    const environments: Record<string, string>[] = [
      {},
      { NODE_OPTIONS: `--require ${sandbox.path("evil.cjs")}` },
      { BUN_INSPECT_PRELOAD: sandbox.path("evil.cjs") },
      { BUN_CONFIG_PRELOAD: sandbox.path("evil.cjs") },
    ];
    for (const env of environments) {
      const { code, stderr, stdout } = await sandbox.run(["run", "fanout.yaml", "--report", "r.json"], {
        env,
      });
      const what = JSON.stringify(env);
      assert.ok(!sandbox.exists("hacked"), what);
      assert.equal(code, 0, `${what}: ${stdout}${stderr}`);
      assert.equal(sandbox.json("r.json").results[0].output.stdout, "none\n", what);
    }
  }),
);

test(
  "the binary shows no debugger and no runtime's help",
  inSandbox(async (sandbox) => {
    for (const args of [["--inspect"], ["-e", "1"], ["--eval", "1"], ["x.ts"], ["run", "--preload", "x"]]) {
      const { code, stdout } = await sandbox.run(args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    }
    assert.ok(binary.endsWith("dist/fanout"));
  }),
);

interface Result {
  readonly task: string;
  readonly item: unknown;
  readonly outcome: string;
  readonly error: { readonly code: string } | null;
}

test(
  "data that is nested without end fails the run that reads it, and ends no program",
  inSandbox(async (sandbox) => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    sandbox.write("deep.json", deep);
    const server = await startFaultServer();
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
defaults: { retry: 1 }
tasks:
  answer: { http: { url: "${server.url}/json?text=${deep.slice(199_000, 201_000)}" }, outputs: { x: json } }
  output: { exec: { command: [cat, deep.json] }, outputs: { x: json } }
  json: { file: { path: deep.json, format: json } }
  yaml: { file: { path: deep.json, format: yaml } }
  list: { foreach: { json: deep.json }, exec: { command: ["true"] } }
  lines: { foreach: { jsonl: deep.json }, exec: { command: ["true"] } }
  good: { exec: { command: ["true"] } }
`);
    await server.close();
    assert.ok(report, stderr);
    assert.equal(code, 1, stderr);
    for (const { task, outcome, error } of report.results) {
      assert.equal(outcome, task === "good" ? "ok" : "failed", `${task}: ${stderr}`);
      if (task !== "good") assert.match(error.message, /nested more than 500 levels deep/, task);
    }
  }),
);
