import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { lstatSync, symlinkSync } from "node:fs";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";
import { ended, inSandbox } from "./sandbox.ts";

/** The first inputs take longest. */
const config = `
version: 1
targets: { p: { concurrency: 8 } }
tasks:
  slow: { target: p, foreach: { range: "1..6" }, exec: { shell: 'sleep 0.$((7 - N))', env: { N: "\${{ item }}" } } }
  after: { target: p, foreach: { from: slow }, exec: { command: [echo, "\${{ item.item }}"] } }
`;

const placesOf = (lines: string) =>
  lines.trimEnd().split("\n").map((line) => JSON.parse(line)).map(({ task, index }) => `${task}${index}`);
const inputOrder = [0, 1, 2, 3, 4, 5].map((index) => `slow${index}`).concat(
  [0, 1, 2, 3, 4, 5].map((index) => `after${index}`),
);

test(
  "fanout run --stream writes each result as it finishes, the very one of the report",
  inSandbox(async (sandbox) => {
    const { code, stdout, report } = await sandbox.runConfig(config, ["--stream"]);
    assert.equal(code, 0);
    const places = placesOf(stdout);
    assert.deepEqual(places.toSorted(), inputOrder.toSorted());
    assert.ok(places.indexOf("slow5") < places.indexOf("slow0"), "the quick one came first");
    for (const line of stdout.trimEnd().split("\n")) {
      const result = JSON.parse(line);
      const same = report.results.find((one: { task: string; index: number }) =>
        one.task === result.task && one.index === result.index
      );
      assert.deepEqual(result, same);
    }
  }),
);

test(
  "fanout run --stream=PATH --order input writes a private file in input order",
  inSandbox(async (sandbox) => {
    sandbox.write("out.ndjson", "what stood there before\n");
    const { code } = await sandbox.runConfig(config, ["--stream=out.ndjson", "--order", "input"]);
    assert.equal(code, 0);
    assert.deepEqual(placesOf(sandbox.read("out.ndjson")), inputOrder);
  }),
);

test(
  "fanout run --stream=PATH is there without any result too, and leaves symlinks and /dev/stdout what they are",
  inSandbox(async (sandbox) => {
    sandbox.write("out.ndjson", "what stood there before\n");
    const empty = "version: 1\ntasks: { a: { foreach: [], exec: { command: [echo] } } }\n";
    assert.equal((await sandbox.runConfig(empty, ["--stream=out.ndjson"])).code, 0);
    assert.equal(sandbox.read("out.ndjson"), "");

    symlinkSync("out.ndjson", sandbox.path("link"));
    const { code } = await sandbox.runConfig(config, ["--stream=link", "--order", "input"]);
    assert.equal(code, 0);
    assert.ok(lstatSync(sandbox.path("link")).isSymbolicLink());
    assert.deepEqual(placesOf(sandbox.read("out.ndjson")), inputOrder);

    for (const place of ["-", "/dev/stdout", "/dev/fd/1"]) {
      const { stdout } = await sandbox.runConfig(config, [`--stream=${place}`, "--order", "input"]);
      assert.deepEqual(placesOf(stdout), inputOrder, place);
    }
  }),
);

test(
  "fanout run --stream goes on and writes its report when nobody reads any more",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", config);
    const child = sandbox.start(["run", "fanout.yaml", "--stream", "--report", "report.json"]);
    child.stdout!.once("data", () => child.stdout!.destroy());
    const end = await ended(child);
    assert.equal(end.code, 0, end.stderr);
    assert.equal(sandbox.json("report.json").summary.ok, 12);
  }),
);

test(
  "fanout run --stream holds up nothing for a reader that takes its time",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "fanout.yaml",
      `
version: 1
tasks:
  many: { foreach: { range: "1..3000" }, file: { path: fanout.yaml } }
  last: { needs: [many], exec: { command: [touch, done] } }
`,
    );
    const child = sandbox.start(["run", "fanout.yaml", "--stream"]);
    child.stdout!.pause();
    const watch = spawn("sh", [
      "-c",
      "i=0; while [ ! -e done ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i+1)); done; test -e done",
    ], {
      cwd: sandbox.directory,
    });
    const [code] = await once(watch, "exit");
    assert.equal(code, 0, "the last task ran while nobody read");
    child.stdout!.resume();
    const end = await ended(child);
    assert.equal(end.code, 0);
    assert.equal(end.stdout.trimEnd().split("\n").length, 3_001);
  }),
);

test(
  "fanout run refuses a stream over the config, and --order without --stream",
  inSandbox(async (sandbox) => {
    const over = await sandbox.runConfig(config, ["--stream=fanout.yaml"]);
    assert.equal(over.code, 2);
    assert.match(over.stderr, /the stream would overwrite the config/);
    const alone = await sandbox.runConfig(config, ["--order", "input"]);
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--order goes with --stream/);
  }),
);

test(
  "fanout run --stream has its report written while its reader takes no more, and a signal ends the wait",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "fanout.yaml",
      `
version: 1
tasks: { many: { foreach: { range: "1..3000" }, file: { path: fanout.yaml } } }
`,
    );
    const child = sandbox.start(["run", "fanout.yaml", "--stream", "--report", "report.json"]);
    child.stdout!.pause();
    const end = once(child, "exit");
    while (!sandbox.exists("report.json")) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(sandbox.json("report.json").summary.ok, 3_000);
    process.kill(child.pid!, "SIGINT");
    assert.deepEqual(await end, [0, null]);
    child.stdout!.destroy();
  }),
);
