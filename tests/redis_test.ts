import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { ValueMap } from "../src/model/json.ts";
import { isReader } from "../src/tasks/redis_commands.ts";
import { redisPassword, type RedisServer, startRedis } from "./servers/redis.ts";
import { needs } from "./servers/throwaway.ts";
import { eventually } from "./support/eventually.ts";
import { type OpenedTask, openTask, poolPlan, type TaskOptions, TestCall } from "./support/open_task.ts";

const available = needs("redis-server", "redis-cli", "openssl");
let server: RedisServer;
const opened: OpenedTask[] = [];

before(async () => {
  if (available.skip === undefined) server = await startRedis();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((task) => task.close()));
});

after(async () => {
  await server?.remove();
});

test("Redis: arguments are sent as they are, and replies keep their types", available, async () => {
  const key = "a key\r\nwith lines";
  const cases: readonly (readonly [readonly string[], unknown, unknown])[] = [
    [["SET", key, "${{ item.text }}"], "OK", "OK"],
    [["GET", key], "ü '\"\n", "ü '\"\n"],
    [["SET", "bytes", "${{ item.bytes }}"], "OK", "OK"],
    [["GET", "bytes"], new Uint8Array([255, 0]), undefined],
    [["SET", "n", "${{ item.number }}"], "OK", "OK"],
    [["INCR", "n"], 9007199254740994n, 9007199254740994n],
    [["GET", "nothing"], null, null],
    [["RPUSH", "list", "1", "two"], 2, 2],
    [["LRANGE", "list", "0", "-1"], ["1", "two"], ["1", "two"]],
    [["EVAL", "return {1, {'a', false}, redis.error_reply('ERR inside')}", "0"], [1, ["a", null], {
      error: "ERR inside",
    }], undefined],
  ];
  const item = { text: "ü '\"\n", bytes: new Uint8Array([255, 0]), number: 9007199254740993n };
  for (const [command, value, output] of cases) {
    const answer = await (await redis({ command })).answer({ item });
    assert.deepEqual(answer.fields.value, value, command.join(" "));
    if (output !== undefined) assert.deepEqual(answer.output, { value: output });
    else if (value instanceof Uint8Array) assert.deepEqual(answer.output, { valueBase64: "/wA=" });
  }
});

test("Redis: the report keeps a part of a large reply, and a reply can be saved", available, async () => {
  const capture = { mode: "size", bytes: 100 } as const;
  server.cli("set", "large", "x".repeat(1000));
  const task = await redis({ command: ["GET", "large"] }, { capture, save: "large.txt" });
  const { output, fields } = await task.answer();
  assert.equal(output.truncated, true);
  assert.ok(String(output.value).length < 200);
  assert.equal(fields.value, "x".repeat(1000));
  assert.equal(task.saved(), "x".repeat(1000));
  server.cli("rpush", "long", ...Array.from({ length: 100 }, (_, index) => String(index)));
  const list = await redis({ command: ["LRANGE", "long", "0", "-1"] }, { capture, save: "list.json" });
  const { output: kept } = await list.answer();
  assert.deepEqual((kept.value as string[]).slice(0, 2), ["0", "1"]);
  assert.ok((kept.value as string[]).length < 30);
  assert.equal(JSON.parse(list.saved()).length, 100);
  const { error } = await (await redis({ command: ["GET", "large"], maxBytes: 500 })).failure();
  assert.equal(error.code, "too_large");
});

const failures: readonly (readonly [string, readonly string[], string, RegExp, boolean])[] = [
  ["an unknown command", ["NOSUCH"], "query", /unknown command/, false],
  ["a wrong type", ["INCR", "text"], "query", /not an integer/, false],
  ["a command that never answers", ["SUBSCRIBE", "x"], "query", /does not answer once/, false],
  [
    "a command that silences the connection",
    ["CLIENT", "REPLY", "OFF"],
    "query",
    /does not answer once/,
    false,
  ],
  [
    "a transaction that no command would be in",
    ["MULTI"],
    "query",
    /MULTI says nothing to the next .*EVAL/,
    false,
  ],
  ["a database that no command would be in", ["select", "3"], "query", /at the end of the URL/, false],
  ["another protocol", ["HELLO", "3"], "query", /fanout has chosen the protocol/, false],
  [
    "a loading server",
    ["EVAL", "return redis.error_reply('LOADING later')", "0"],
    "connect",
    /LOADING/,
    true,
  ],
  [
    "a server without its master",
    ["EVAL", "return redis.error_reply('MASTERDOWN x')", "0"],
    "connect",
    /MASTERDOWN/,
    true,
  ],
  [
    "a cluster that is down",
    ["EVAL", "return redis.error_reply('CLUSTERDOWN x')", "0"],
    "connect",
    /CLUSTERDOWN/,
    true,
  ],
  ["a replica", ["EVAL", "return redis.error_reply('READONLY x')", "0"], "permission", /readOnly/, false],
];

for (const [name, command, code, message, retryable] of failures) {
  test(`Redis: ${name} fails, and the next command works`, available, async () => {
    server.cli("set", "text", "x");
    const pool = poolPlan(1);
    const { error } = await (await redis({ command }, { pool })).failure();
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.equal(error.retryable, retryable);
    assert.equal((await (await redis({ command: ["PING"] }, { pool })).answer()).fields.value, "PONG");
  });
}

test("Redis: a command that changes its connection leaves none behind", available, async () => {
  const pool = poolPlan(1);
  await (await redis({ command: ["CLIENT", "SETNAME", "changed"] }, { pool })).answer();
  const { fields } = await (await redis({ command: ["CLIENT", "GETNAME"] }, { pool })).answer();
  assert.notEqual(fields.value, "changed");
});

test("Redis: a blocking command that is cancelled takes nothing and is told apart", available, async () => {
  const call = new TestCall();
  const running = (await redis({ command: ["BLPOP", "queue", "0"] })).failure({}, call);
  await eventually(() => server.cli("client", "list").includes("cmd=blpop"));
  call.cancel();
  assert.deepEqual((await running).error, {
    code: "timeout",
    message: "timed out after 1s",
    retryable: false,
  });
  await eventually(() => !server.cli("client", "list").includes("cmd=blpop"));
  server.cli("rpush", "queue", "still here");
  assert.equal(server.cli("lpop", "queue"), "still here");
});

test("Redis: a script that is cancelled may have done anything, and a read nothing", available, async () => {
  server.cli("config", "set", "busy-reply-threshold", "100");
  const script = "local i = 0 while i < 3e8 do i = i + 1 end return 1";
  const cases = [["EVAL", "outcome_unknown"], ["EVAL_RO", "timeout"]] as const;
  for (const [name, code] of cases) {
    const call = new TestCall();
    const running = (await redis({ command: [name, script, "0"] })).failure({}, call);
    await eventually(() => server.cli("ping").includes("BUSY"));
    call.cancel();
    const { error } = await running;
    assert.equal(error.code, code);
    assert.equal(error.retryable, code === "timeout");
    // On a busy machine it would run for longer than the tests that follow wait.
    server.cli("script", "kill");
  }
});

test(
  "Redis: a connection killed in the middle is ambiguous unless the command reads",
  available,
  async () => {
    const cases: readonly (readonly [readonly string[], TaskOptions, string])[] = [
      [["BLPOP", "killed", "0"], {}, "outcome_unknown"],
      [["BLPOP", "killed", "0"], { idempotent: true }, "reset"],
      [["XREAD", "BLOCK", "0", "STREAMS", "killed", "$"], {}, "reset"],
    ];
    for (const [command, options, code] of cases) {
      const running = (await redis({ command }, options)).failure();
      await eventually(() => server.cli("client", "list").includes(`cmd=${command[0]!.toLowerCase()}`));
      server.cli("client", "kill", "type", "normal", "skipme", "yes");
      const { error } = await running;
      assert.equal(error.code, code, error.message);
      assert.equal(error.retryable, code === "reset");
    }
  },
);

test("Redis: a wrong password is tried once, and shows nowhere", available, async () => {
  const task = await redis({
    url: server.url().replace(encodeURIComponent(redisPassword), "hunter2"),
    command: ["PING"],
  });
  const { error } = await task.failure();
  assert.equal(error.code, "auth");
  assert.equal(error.retryable, false);
  assert.doesNotMatch(error.message, /hunter|se cret/);
  assert.deepEqual((await task.failure()).error, error);
});

test("Redis: too many connections are back-pressure", available, async () => {
  server.cli("config", "set", "maxclients", "1");
  try {
    await (await redis({ command: ["PING"] })).answer();
    const result = await (await redis({ command: ["PING"] })).perform();
    assert.equal(result.kind, "backpressure", JSON.stringify(result));
    // A server that is busy notices late, when it was written to already.
    const task = await redis({ command: ["PING"] });
    server.pause();
    const late = task.perform();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.resume();
    assert.equal((await late).kind, "backpressure");
  } finally {
    await Promise.all(opened.splice(0).map((task) => task.close()));
    await eventually(() => server.cli("config", "set", "maxclients", "1000") === "OK");
  }
});

const connections: readonly (readonly [string, () => ValueMap, string])[] = [
  ["a database by number", () => ({ url: server.url().replace(/\/0$/, "/5") }), "ok"],
  ["no password", () => ({ url: `redis://127.0.0.1:${server.port}` }), "auth"],
  ["a user of its own", () => ({ url: `redis://app:app@127.0.0.1:${server.port}` }), "ok"],
  ["rediss:// with its CA", () => ({ url: secure(), tls: { ca: server.ca } }), "ok"],
  ["rediss:// without", () => ({ url: secure() }), "tls"],
  ["rediss:// insecure", () => ({ url: secure(), tls: { insecure: true } }), "ok"],
  [
    "rediss:// for another name",
    () => ({ url: secure(), tls: { ca: server.ca, serverName: "other.test" } }),
    "tls",
  ],
  [
    "a unix socket",
    () => ({ url: `unix://:${encodeURIComponent(redisPassword)}@${server.socket}?db=1` }),
    "ok",
  ],
  ["a port nobody listens on", () => ({ url: "redis://127.0.0.1:1" }), "connect"],
  ["another URL", () => ({ url: "http://127.0.0.1" }), "template"],
];

for (const [name, spec, expected] of connections) {
  test(`Redis: connects by ${name}, or says why not`, available, async () => {
    server.cli("acl", "setuser", "app", "on", ">app", "~*", "+ping");
    const { url, ...rest } = spec();
    const task = await redis({ ...rest, url: "${{ item }}", command: ["PING"] });
    const result = await task.perform({ item: url });
    assert.equal(result.kind === "failed" ? result.error.code : "ok", expected, JSON.stringify(result));
  });
}

test("Redis: a command that an account may not send is refused for good", available, async () => {
  server.cli("acl", "setuser", "app", "on", ">app", "~*", "+ping");
  const task = await redis({ url: `redis://app:app@127.0.0.1:${server.port}`, command: ["GET", "x"] });
  assert.equal((await task.failure()).error.code, "permission");
});

test("Redis: a server that stops answering costs no more than the time it was given", available, async () => {
  const task = await redis({ command: ["INCR", "frozen"] });
  await task.answer();
  server.pause();
  try {
    const call = new TestCall();
    const running = task.failure({}, call);
    await pause(10);
    call.cancel();
    assert.equal((await running).error.code, "outcome_unknown");
    const { error, timedOut } = await (await redis({ command: ["PING"] }, { connectMs: 100 })).failure();
    assert.deepEqual([error.code, error.retryable, timedOut], ["timeout", true, true]);
  } finally {
    server.resume();
  }
});

test("Redis: commands that are taken for reads are those that Redis says only read", available, () => {
  const names = server.cli("command", "list").split("\n");
  const writes = new Set(server.cli("command", "list", "filterby", "aclcat", "write").split("\n"));
  const reads = server.cli("command", "list", "filterby", "aclcat", "read").split("\n");
  assert.deepEqual(names.filter((name) => isReader([name]) && writes.has(name)), []);
  const unknown = reads.filter((name) => !writes.has(name) && !isReader(name.split("|")));
  assert.deepEqual(
    unknown.filter((name) => !["memory", "object", "xinfo"].includes(name.split("|")[0]!)),
    [],
  );
});

test("Redis: a server killed in the middle and started again is found again", available, async () => {
  const pool = poolPlan(1);
  const running = (await redis({ command: ["BLPOP", "x", "0"] }, { pool, idempotent: true })).failure();
  await eventually(() => server.cli("client", "list").includes("cmd=blpop"));
  await server.kill();
  assert.equal((await running).error.code, "reset");
  const next = await redis({ command: ["PING"] }, { pool });
  const { error } = await next.failure();
  assert.deepEqual([error.code, error.retryable], ["connect", true]);
  await server.restart();
  assert.equal((await next.answer()).fields.value, "PONG");
});

function secure(): string {
  return server.url().replace("redis", "rediss").replace(`:${server.port}/`, `:${server.tlsPort}/`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function redis(spec: ValueMap, options: TaskOptions = {}): Promise<OpenedTask> {
  const task = await openTask("redis", { url: server.url(), ...spec }, options);
  opened.push(task);
  return task;
}
