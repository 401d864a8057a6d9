import assert from "node:assert/strict";
import { test } from "node:test";
import { startQueueServer } from "../servers/queue_server.ts";
import { type RawRequest, startRawServer } from "../servers/raw_http_server.ts";
import { eventually } from "../support/eventually.ts";
import { ended, inSandbox, send } from "./sandbox.ts";

test(
  "fanout tune finds the knee of a server that works on four requests at a time, and sends no other task's",
  inSandbox(async (sandbox) => {
    // Long enough that what a busy machine adds to a request is little beside it: 10 % would hide the knee.
    const server = await startQueueServer({ capacity: () => 4, workMs: () => 250, policy: "queue" });
    sandbox.write(
      "tune.yaml",
      `
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 64 } }
tasks:
  ids: { target: api, http: { url: /ids }, outputs: { ok: "json.size() == 0" } }
  get: { needs: [ids], target: api, foreach: { range: "1..7" }, key: "\${{ item }}", http: { url: "/get/\${{ item }}" }, save: "out/\${{ item }}" }
  post: { target: api, http: { url: /post, method: POST } }
`,
    );
    try {
      const { code, stdout, stderr } = await sandbox.run(
        ["tune", "tune.yaml", "--target", "api", "--for", "2s", "--max", "8"],
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^at a time {2}per second/);
      assert.match(stdout, /^ +4 .*← knee$/m);
      assert.match(stdout, /targets:\n {2}api: \{ concurrency: 4 \}\n$/);
      assert.match(stderr, /"post" is left out: .*idempotent: true/);
      const paths = new Set(server.seen.map(({ path }) => path));
      assert.ok(!paths.has("/post"));
      assert.deepEqual([...paths].filter((path) => path.startsWith("/get")).length, 7);
      assert.ok(!sandbox.exists("out") && !sandbox.exists("state"), "nothing was written");

      const json = await sandbox.run(
        ["tune", "tune.yaml", "--target", "api", "--for", "1s", "--max", "2", "--json"],
      );
      const found = JSON.parse(json.stdout);
      assert.deepEqual(found.measured.map((one: { concurrency: number }) => one.concurrency), [1, 2]);
      assert.equal(found.recommended.concurrency, 2);
    } finally {
      await server.close();
    }
  }),
);

test(
  "fanout tune shows what it has measured when a signal comes, and recommends nothing",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "tune.yaml",
      `
version: 1
targets: { quick: { concurrency: 2 } }
tasks: { wait: { target: quick, idempotent: true, foreach: { range: "1..3" }, exec: { command: [sleep, "0.05"] } } }
`,
    );
    const child = sandbox.start(["tune", "tune.yaml", "--target", "quick", "--for", "500ms", "--max", "64"]);
    const end = ended(child);
    let said = "";
    child.stderr!.on("data", (chunk) => said += chunk);
    await eventually(() => said.includes("measuring 2 at a time"));
    send(child, "SIGINT");
    const { code, stdout, stderr } = await end;
    assert.equal(code, 130);
    assert.match(stdout, /^at a time {2}per second.*\n +1 .*\n/);
    assert.doesNotMatch(stdout, /knee|targets:/);
    assert.match(stderr, /SIGINT came before the end: nothing is recommended\n$/);
  }),
);

test(
  "fanout tune ends at a signal, says what cannot be tuned, and does not recommend from failures",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "tune.yaml",
      `
version: 1
run: { grace: 50ms }
targets: { slow: { concurrency: 2 }, dead: { http: { baseUrl: "http://127.0.0.1:1" } } }
tasks:
  wait: { target: slow, idempotent: true, foreach: { range: "1..3" }, exec: { command: [sleep, "30"] } }
  get: { target: dead, http: { url: /x } }
`,
    );
    const child = sandbox.start(["tune", "tune.yaml", "--target", "slow"]);
    const end = ended(child);
    await eventually(() => sandbox.survivors().some(({ command }) => /\bsleep 30\b/.test(command)));
    send(child, "SIGINT");
    const { code, stdout, stderr } = await end;
    assert.deepEqual([code, stdout], [130, ""], stderr);
    assert.deepEqual(sandbox.survivors(), []);

    const dead = await sandbox.run(["tune", "tune.yaml", "--target", "dead"]);
    assert.equal(dead.code, 1);
    assert.match(dead.stderr, /nothing to recommend for dead: most attempts fail \(connect\)/);
    const unknown = await sandbox.run(["tune", "tune.yaml", "--target", "deaf"]);
    assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
    assert.match(unknown.stderr, /cannot tune deaf: no task uses a target "deaf"; .*slow, dead/);
    assert.match((await sandbox.run(["tune", "tune.yaml"])).stderr, /--target says what to measure/);
  }),
);

test(
  "fanout tune tells errors of load from those that come at any concurrency",
  inSandbox(async (sandbox) => {
    const statusOf = ({ path }: RawRequest) => path === "/3" ? 404 : path === "/5" ? 503 : 200;
    const server = await startRawServer((request) => {
      const text = `HTTP/1.1 ${statusOf(request)} Said So\r\ncontent-length: 2\r\n\r\nhi`;
      setTimeout(() => request.socket.write(text), 5);
    });
    const config = `
version: 1
targets: { api: { http: { baseUrl: "http://127.0.0.1:${server.port}" }, concurrency: 4 } }
tasks: { get: { target: api, foreach: { range: "1..10" }, http: { url: "/\${{ item }}" } } }
`;
    try {
      sandbox.write("tune.yaml", config);
      const words = ["tune", "tune.yaml", "--target", "api", "--for", "5s", "--max", "2", "--json"];
      const { measured, recommended } = JSON.parse((await sandbox.run(words)).stdout);
      for (const { samples, errors, losses } of measured) {
        assert.ok(samples >= 40, `${samples} attempts are four rounds of the inputs or more`);
        assert.ok(losses >= 4 && errors >= losses + 4, `${losses} losses, ${errors} errors`);
      }
      assert.doesNotMatch(recommended.why, /fail/);
    } finally {
      await server.close();
    }
  }),
);
