import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import process from "node:process";
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { startFaultServer } from "../servers/fault_server.ts";
import { checkReport } from "./check_report.ts";
import { binary, ended, inBatches, inSandbox } from "./sandbox.ts";

test(
  "the report keeps of each kind what the contract names",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    sandbox.write("text.txt", "hello\n");
    sandbox.write("doc.json", '{"a":[1,9007199254740993]}');
    sandbox.write("bytes.bin", Uint8Array.of(0xff, 0xfe, 0x00));
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
name: kinds
params: { day: { default: "2026-11-21" } }
tasks:
  http: { http: { url: "${server.url}/json?text={}" } }
  text: { file: { path: text.txt }, save: out/copy.txt }
  json: { file: { path: doc.json, format: json } }
  bytes: { file: { path: bytes.bin, format: bytes } }
  exec: { exec: { shell: "echo out; printf '\\\\377' >&2" } }
  sql: { sql: { query: "select 9007199254740993 as big, 'x' as text, null as missing, 1.5 as half", url: "sqlite:x.db" } }
`);
    await server.close();
    assert.equal(code, 0, stderr);
    const raw = sandbox.read("report.json");
    assert.match(raw, /"json":\{"a":\[1,9007199254740993\]\}/, "whole numbers are exact");
    assert.match(raw, /"big":9007199254740993/);
    const [http, text, , bytes, exec, sql] = report.results;
    assert.equal(http.output.status, 200);
    assert.deepEqual([http.output.bytes, http.output.sha256, http.output.body], [2, sha256("{}"), "{}"]);
    assert.equal(http.output.headers["content-type"], "application/json");
    assert.deepEqual([text.output.text, text.output.sha256, text.output.saved], [
      "hello\n",
      sha256("hello\n"),
      "out/copy.txt",
    ]);
    assert.equal(bytes.output.bytes, 3);
    assert.deepEqual(
      [exec.output.exitCode, exec.output.signal, exec.output.stdout, exec.output.stderrBase64],
      [
        0,
        null,
        "out\n",
        "/w==",
      ],
    );
    assert.deepEqual(
      [exec.output.stdoutBytes, exec.output.stdoutSha256, exec.output.stderrBytes],
      [4, sha256("out\n"), 1],
    );
    assert.ok(exec.output.cpuMs >= 0 && exec.output.maxRssBytes > 0);
    assert.deepEqual([sql.output.rowCount, sql.output.columns], [1, ["big", "text", "missing", "half"]]);
    assert.deepEqual(report.run.params, { day: "2026-11-21" });
    assert.deepEqual(report.run.config, {
      path: sandbox.path("fanout.yaml"),
      sha256: sha256(sandbox.read("fanout.yaml")),
    });
    assert.equal(report.run.name, "kinds");
    assert.match(report.run.tool, /^fanout/);
  }),
);

test(
  "results stand in input order, whatever order they ended in",
  inSandbox(async (sandbox) => {
    const { report, stderr } = await sandbox.runConfig(`
version: 1
targets: { cpu: { concurrency: 8 } }
tasks:
  z: { foreach: [0.3, 0.2, 0.1, 0], target: cpu, exec: { command: [sleep, "\${{ item }}"] } }
  a: { foreach: { range: "1..4" }, target: cpu, exec: { command: ['true'] } }
`);
    const seen = report.results.map(({ task, index, item }: Result) => `${task}${index}:${item}`).join(" ");
    assert.equal(seen, "z0:0.3 z1:0.2 z2:0.1 z3:0 a0:1 a1:2 a2:3 a3:4", stderr);
  }),
);

/** A capture, and how much of 100,000 bytes of stdout of an ok and of a failed run is kept. */
const captures: readonly (readonly [capture: string, ok: number, failed: number])[] = [
  ["16KiB", 16_384, 16_384],
  ["1kB", 1_000, 1_000],
  ["all", 100_000, 100_000],
  ["none", 0, 0],
  ["failed", 0, 16_384],
];

test("capture keeps the first and the last half, marked where something is missing", async () => {
  await inBatches(captures, ([capture, ok, failed]) =>
    inSandbox(async (sandbox) => {
      const { report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  ok: { capture: ${capture}, exec: { shell: "printf A; head -c 99998 /dev/zero | tr '\\\\0' x; printf Z" }, outputs: { n: "stdout.size()" } }
  failed: { capture: ${capture}, exec: { shell: "printf A; head -c 99998 /dev/zero | tr '\\\\0' x; printf Z; exit 1" } }
`);
      assert.ok(report, stderr);
      for (const [i, kept] of [ok, failed].entries()) {
        const { output, outputs } = report.results[i];
        const { stdout, truncated } = output;
        if (i === 0) assert.equal(outputs.n, 100_000, "expressions see all of it");
        assert.deepEqual(
          [output.stdoutBytes, output.stdoutSha256, output.stderrBytes, output.stderrSha256],
          [100_000, sha256(`A${"x".repeat(99_998)}Z`), 0, sha256("")],
          capture,
        );
        if (kept === 0) {
          assert.equal(stdout ?? "", "", capture);
          continue;
        }
        assert.match(stdout, /^A.*Z$/s, capture);
        assert.equal(stdout.match(/[AxZ]/g).length, kept, capture);
        assert.equal(truncated, kept < 100_000, capture);
        if (kept < 100_000) assert.match(stdout, /x[^x]+x/, "the gap is marked");
      }
    })());
});

test(
  "run.captureBudget leaves later ok results without texts",
  inSandbox(async (sandbox) => {
    const { report, stderr } = await sandbox.runConfig(`
version: 1
run: { captureBudget: 3KiB }
targets: { cpu: { concurrency: 1 } }
tasks: { a: { foreach: { range: "1..6" }, target: cpu, exec: { shell: "head -c 1500 /dev/zero | tr '\\\\0' x" } } }
`);
    assert.ok(report, stderr);
    const kept = report.results.map(({ output }: Result) => (output.stdout ?? "").length > 0);
    assert.equal(kept[0], true);
    assert.equal(kept.at(-1), false);
  }),
);

test(
  "reports, journals and what save writes are private; directories too",
  inSandbox(async (sandbox) => {
    const { code, stderr } = await sandbox.runConfig(
      "version: 1\ntasks: { a: { exec: { command: [echo, x] }, save: out/deep/x.txt } }\n",
      ["--report", "reports/new/report.json"].slice(2),
    );
    assert.equal(code, 0, stderr);
    assert.equal((await sandbox.run(["run", "fanout.yaml", "--report", "reports/new/r.json"])).code, 0);
    for (const file of ["report.json", "reports/new/r.json", "out/deep/x.txt"]) {
      assert.equal(statSync(sandbox.path(file)).mode & 0o777, 0o600, file);
    }
    for (const directory of ["reports", "reports/new", "out", "out/deep"]) {
      assert.equal(statSync(sandbox.path(directory)).mode & 0o777, 0o700, directory);
    }
    for (const entry of readdirSync(sandbox.path("state"), { recursive: true, withFileTypes: true })) {
      const { mode } = statSync(`${entry.parentPath}/${entry.name}`);
      assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
    }
  }),
);

test(
  "a report goes through /dev/stdout and FIFOs, and replaces a file as a whole",
  inSandbox(async (sandbox) => {
    const config = "version: 1\ntasks: { a: { exec: { command: [echo, x] } } }\n";
    sandbox.write("fanout.yaml", config);
    const piped = await sandbox.run(["run", "fanout.yaml", "--report", "/dev/stdout"]);
    assert.equal(piped.code, 0, piped.stderr);
    checkReport(JSON.parse(piped.stdout));

    await sandbox.shell("mkfifo pipe");
    const child = sandbox.start(["run", "fanout.yaml", "--report", "pipe"]);
    const [text, end] = await Promise.all([sandbox.shell("cat pipe"), ended(child)]);
    assert.equal(end.code, 0, end.stderr);
    checkReport(JSON.parse(text));
    assert.ok(statSync(sandbox.path("pipe")).isFIFO());

    sandbox.write("old.json", "x".repeat(100_000));
    const before = statSync(sandbox.path("old.json")).ino;
    assert.equal((await sandbox.run(["run", "fanout.yaml", "--report", "old.json"])).code, 0);
    checkReport(sandbox.json("old.json"));
    assert.notEqual(statSync(sandbox.path("old.json")).ino, before);
    assert.deepEqual(readdirSync(sandbox.directory).sort(), ["fanout.yaml", "old.json", "pipe", "state"]);

    const devNull = await sandbox.run(["run", "fanout.yaml", "--report", "/dev/null"]);
    assert.equal(devNull.code, 0, devNull.stderr);
  }),
);

test(
  "a place that cannot be written is exit 3 before anything runs",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", "version: 1\ntasks: { a: { exec: { command: [touch, ran] } } }\n");
    sandbox.write("file", "x");
    sandbox.write("closed/keep", "x");
    chmodSync(sandbox.path("closed"), 0o555);
    const places = ["file/r.json", "/proc/r.json", ".", "/dev/null/x"];
    // The superuser may write anywhere.
    if (process.getuid!() !== 0) places.push("closed/r.json");
    for (const place of places) {
      const { code, stderr } = await sandbox.run(["run", "fanout.yaml", "--report", place]);
      assert.equal(code, 3, `${place}: ${stderr}`);
      assert.ok(stderr.includes(place.replace(/^\.$/, sandbox.directory)), stderr);
    }
    const state = await sandbox.run(["run", "fanout.yaml", "--state-dir", "file"]);
    assert.equal(state.code, 3, state.stderr);
    assert.ok(!sandbox.exists("ran"));
    chmodSync(sandbox.path("closed"), 0o755);
  }),
);

test(
  "no output may take the place of the config, an input or another output",
  inSandbox(async (sandbox) => {
    sandbox.write("in.txt", "x\n");
    sandbox.write("params.yaml", "p: 1\n");
    sandbox.write(
      "fanout.yaml",
      "version: 1\nparams: { p: { default: 1 } }\ntasks: { a: { foreach: { lines: in.txt }, exec: { command: [touch, ran] } } }\n",
    );
    symlinkSync("in.txt", sandbox.path("link"));
    for (const place of ["fanout.yaml", "./x/../fanout.yaml", "in.txt", "link", "params.yaml"]) {
      const before = ["fanout.yaml", "in.txt", "params.yaml"].map((name) => sandbox.read(name));
      const { code, stderr } = await sandbox.run(
        ["run", "fanout.yaml", "--report", place, "--params", "params.yaml"],
      );
      assert.equal(code, 2, `${place}: ${stderr}`);
      assert.deepEqual(["fanout.yaml", "in.txt", "params.yaml"].map((name) => sandbox.read(name)), before);
    }
    assert.ok(!sandbox.exists("ran"));
    const saved = await sandbox.run([
      "check",
      sandbox.write(
        "over.yaml",
        "version: 1\ntasks: { a: { exec: { command: [echo] }, save: over.yaml } }\n",
      ),
    ]);
    assert.equal(saved.code, 2, saved.stderr);
    // Two outputs on one stdout, whatever it is.
    for (const target of ["", " | cat > mixed", " > mixed"]) {
      for (const place of ["/dev/stdout", "-", ...(target === " > mixed" ? ["mixed"] : [])]) {
        const mixed = sandbox.startProgram(
          ["sh", "-c", `{ ${binary} run fanout.yaml --stream --report ${place}; echo $? > code; }${target}`],
        );
        const { stderr } = await ended(mixed);
        assert.equal(sandbox.read("code"), "2\n", `${target} ${place}: ${stderr}`);
      }
    }
    assert.ok(!sandbox.exists("ran"));
    const report = await sandbox.run([
      "check",
      sandbox.write(
        "same.yaml",
        "version: 1\nreport: { json: r.json }\ntasks: { a: { exec: { command: [echo] }, save: r.json } }\n",
      ),
    ]);
    assert.equal(report.code, 2, report.stderr);
  }),
);

test(
  "data that names a file gets neither the config, nor an input, nor a report",
  inSandbox(async (sandbox) => {
    const config = `version: 1
tasks:
  read: { foreach: { lines: in.txt }, exec: { command: [echo] } }
  write: { foreach: [fanout.yaml, in.txt, page.html, report.json, free.txt], exec: { command: [echo, hacked] }, save: "\${{ item }}" }
report: { html: page.html }
`;
    sandbox.write("in.txt", "x\n");
    const { code, report } = await sandbox.runConfig(config);
    assert.equal(code, 1);
    assert.equal(sandbox.read("fanout.yaml"), config);
    assert.equal(sandbox.read("in.txt"), "x\n");
    assert.equal(sandbox.read("free.txt"), "hacked\n");
    const messages = report.results.slice(1).map(({ error }: { error: { message: string } | null }) =>
      error?.message
    );
    const because = ["the config", 'the input of "read"', "the html report", "the json report"];
    for (const [i, what] of because.entries()) assert.match(messages[i], new RegExp(`it is ${what}`));
    assert.equal(messages[4], undefined);
  }),
);

test(
  "report.json in the config is relative to the config, and a run's journal ends in order",
  inSandbox(async (sandbox) => {
    sandbox.write(
      "jobs/job.yaml",
      "version: 1\nreport: { json: r/x.json }\ntasks: { a: { exec: { command: ['true'] } } }\n",
    );
    const { code, stderr } = await sandbox.run(["run", "jobs/job.yaml"]);
    assert.equal(code, 0, stderr);
    checkReport(sandbox.json("jobs/r/x.json"));
    assert.equal(stderr.trimEnd().split("\n").at(-1), sandbox.path("jobs/r/x.json"));
    const journals = readdirSync(sandbox.path("state"), { recursive: true, encoding: "utf8" }).filter((
      name,
    ) => name.endsWith(".ndjson"));
    const lines = readFileSync(`${sandbox.path("state")}/${journals[0]}`, "utf8").trimEnd().split("\n");
    assert.ok(lines.every((line) => typeof JSON.parse(line) === "object"));
  }),
);

const hostile: readonly string[] = [
  "\\u0000\\u001b[31m</script><b>&amp;",
  "__proto__",
  "constructor",
  "\\ud800",
  "\\u202egnp.exe",
  "=cmd|' /C calc'!A0",
];

test(
  "hostile texts come through a run and its report unharmed",
  inSandbox(async (sandbox) => {
    sandbox.write("items.jsonl", hostile.map((text) => `{"${text}":"${text}"}`).join("\n"));
    const { code, report, stderr } = await sandbox.runConfig(
      `version: 1\ntasks: { a: { foreach: { jsonl: items.jsonl }, exec: { command: [cat], stdin: "\${{ toJson(item) }}" }, outputs: { back: json } } }\n`,
      ["-v"],
    );
    assert.equal(code, 0, stderr);
    const wanted = hostile.map((text) => JSON.parse(`["${text}"]`)[0].toWellFormed());
    assert.deepEqual(
      report.results.map(({ item }: Result) => Object.keys(item as object)[0]!.toWellFormed()),
      wanted,
    );
    assert.ok(!stderr.includes("\x1b"), "nothing moves the cursor");
  }),
);

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

interface Result {
  readonly task: string;
  readonly index: number;
  readonly item: unknown;
  readonly output: { readonly stdout?: string };
}
