import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

const config = `
version: 1
secrets: { token: { env: TOKEN } }
params: { base: nowhere }
targets:
  broken: { http: { baseUrl: "http://127.0.0.1:1", headers: { authorization: "Bearer \${{ secrets.token }}" } } }
  foreign: { http: { baseUrl: "http://127.0.0.1:1", headers: { x-name: "日本" } } }
  lost: { http: { baseUrl: "\${{ params.base }}" } }
  hidden: { http: { baseUrl: "\${{ secrets.token }}" } }
  untrusted: { http: { baseUrl: "https://127.0.0.1:1", tls: { ca: missing.pem } } }
tasks:
  a: { target: broken, http: { url: /x } }
  b: { target: foreign, http: { url: /x } }
  c: { target: lost, http: { url: /x } }
  d: { target: hidden, http: { url: /x } }
  e: { target: untrusted, http: { url: /x } }
  f: { foreach: { lines: missing.txt }, exec: { command: [touch, ran] } }
  g: { exec: { command: [touch, ran] } }
`;

test(
  "a target that cannot be used is told before anything runs, with all the others and without its secrets",
  inSandbox(async (sandbox) => {
    sandbox.write("job.yaml", config);
    const env = { TOKEN: "secret-of\ntwo-lines" };
    for (const command of [["run", "job.yaml"], ["tune", "job.yaml", "--target", "broken"]]) {
      const { code, stderr } = await sandbox.run(command, { env });
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /job\.yaml:12:30: header "authorization" would hold the character U\+000A \(a line break\)/,
      );
      assert.doesNotMatch(stderr, /two-lines|^\s+at |\.ts:\d/m);
    }
    const { stderr } = await sandbox.run(["run", "job.yaml"], { env });
    assert.deepEqual(
      stderr.match(/^job\.yaml:.*/gm)!.slice(1).map((line) => line.replace(/^job\.yaml:(\d+):\d+: /, "$1 ")),
      [
        '13 header "x-name" would hold the character U+65E5, which no header may; encode it first, with urlEncode() for example',
        '14 Cannot use the baseUrl of target "lost": "nowhere" is no http or https URL',
        '15 Cannot use the baseUrl of target "hidden": "***" is no http or https URL',
        `16 Cannot read tls.ca: ENOENT: no such file or directory, open '${sandbox.path("missing.pem")}'`,
        `17 cannot read "missing.txt": there is no such file (looked in ${sandbox.directory})`,
      ],
    );
    assert.ok(!sandbox.exists("ran"));
    const alone = await sandbox.run(["run", "job.yaml", "--only", "g"], { env });
    assert.equal(alone.code, 0, alone.stderr);
  }),
);

const databases = `
version: 1
secrets: { url: { env: DB } }
params: { lite: "sqlite:data.db", cache: "redis://127.0.0.1:99999", task: "sqlite://data.db", none: "" }
targets:
  db: { sql: { url: "\${{ secrets.url }}" } }
  cache: { redis: { url: "\${{ params.cache }}" } }
tasks:
  a: { target: db, sql: { query: select 1 } }
  b: { target: cache, redis: { command: [PING] } }
  c: { sql: { url: "\${{ params.task }}", query: select 1 } }
  d: { if: "params.none != ''", sql: { url: "\${{ params.none }}", query: select 1 } }
  e: { foreach: [nowhere], sql: { url: "\${{ item }}", query: select 1 } }
  f: { exec: { command: [touch, ran] } }
  g: { sql: { url: "\${{ params.lite }}", query: "select ?", params: [1, 2] } }
`;

test(
  "a database's URL and query that cannot be used are told before anything runs, where it is known by then",
  inSandbox(async (sandbox) => {
    sandbox.write("job.yaml", databases);
    const env = { DB: "postgress://user:hunter22@host/name" };
    const { code, stderr } = await sandbox.run(["run", "job.yaml"], { env });
    assert.equal(code, 2, stderr);
    assert.deepEqual(
      stderr.match(/^job\.yaml:.*/gm)!.map((line) =>
        line.replace(/^job\.yaml:(\d+):\d+: /, "$1 ").replace(/;.*/, "")
      ),
      [
        '9 Cannot use the url of target "db": postgress: is not known',
        '10 Cannot use the url of target "cache": it cannot be read as scheme://host:port/name with user:password@ before the host',
        "11 Cannot use sql.url: SQLite has no host: write sqlite:data.db, or sqlite:///data.db for an absolute path",
        "15 Cannot send the query: the query has 1 placeholder and params has 2 values",
      ],
    );
    assert.doesNotMatch(stderr, /hunter22/);
    assert.ok(!sandbox.exists("ran"));
    const others = await sandbox.run(["run", "job.yaml", "--only", "d,e", "--report", "r.json"], { env });
    assert.equal(others.code, 1, others.stderr);
    const { results } = JSON.parse(sandbox.read("r.json"));
    assert.deepEqual(
      results.map(({ outcome, error }: { outcome: string; error?: { code: string } }) =>
        error?.code ?? outcome
      ),
      ["skipped", "template"],
    );
  }),
);

test(
  "headers and shell texts that can never be used are found when the config is loaded",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "job.yaml",
      `
version: 1
tasks:
  a:
    http:
      url: http://127.0.0.1:1/
      headers:
        x-a: "two\\nlines"
        x-b: "日本"
        x-c: "nul\\0"
        x-d: |
          a block ends with a line break
        x-e: "tab\\tand é"
  b: { exec: { shell: " " } }
`,
    );
    const { code, stderr } = await sandbox.run(["check", "job.yaml"]);
    assert.equal(code, 2);
    assert.deepEqual(stderr.match(/^job\.yaml:\d+/gm), [8, 9, 10, 11, 14].map((line) => `job.yaml:${line}`));
  }),
);
