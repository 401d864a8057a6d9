import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { startFaultServer } from "../servers/fault_server.ts";
import { checkReport } from "./check_report.ts";
import { binary, ended, inSandbox } from "./sandbox.ts";

test(
  "a config of 2,000 tasks is checked, planned and run in seconds",
  inSandbox(async (sandbox) => {
    const tasks = Array.from(
      { length: 2_000 },
      (_, i) =>
        `  t${i}: { ${
          i === 0 ? "" : `needs: [t${i - 1}], `
        }file: { path: in.txt }, outputs: { n: "text.size()" } }`,
    );
    sandbox.write("in.txt", "x");
    const config = `version: 1\ntasks:\n${tasks.join("\n")}\n`;
    const from = performance.now();
    const { code, report, stderr } = await sandbox.runConfig(config);
    assert.equal(code, 0, stderr);
    assert.equal(report.summary.ok, 2_000);
    assert.ok(performance.now() - from < 15_000, `${performance.now() - from} ms`);
  }),
);

test(
  "100,000 inputs take seconds and little memory",
  inSandbox(async (sandbox) => {
    sandbox.write("in.txt", "x");
    sandbox.write(
      "fanout.yaml",
      'version: 1\ntasks: { a: { foreach: { range: "1..100000" }, key: "k${{ item }}", file: { path: in.txt }, outputs: { n: item } } }\n',
    );
    const from = performance.now();
    const child = sandbox.start(["run", "fanout.yaml", "--report", "report.json", "--progress", "none"]);
    let peakKiB = 0;
    const timer = setInterval(() => {
      try {
        peakKiB = Number(
          /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? peakKiB,
        );
      } catch {
        // It ended meanwhile.
      }
    }, 100);
    const { code, stderr } = await ended(child);
    clearInterval(timer);
    assert.equal(code, 0, stderr);
    const tookMs = performance.now() - from;
    assert.ok(tookMs < 40_000, `${tookMs} ms`);
    assert.ok(peakKiB < 400_000, `${peakKiB} KiB`);
    checkReport(sandbox.json("report.json"));
  }),
);

test(
  "huge, endless and binary output is capped, and nothing waits for it",
  inSandbox(async (sandbox) => {
    const { report, stderr } = await sandbox.runConfig(`
version: 1
targets: { cpu: { concurrency: 4 } }
defaults: { timeout: 10s, retry: 1 }
tasks:
  huge: { target: cpu, exec: { shell: "head -c 50000000 /dev/zero" } }
  endless: { target: cpu, exec: { command: [yes] } }
  binary: { target: cpu, exec: { shell: "head -c 1000 /dev/urandom" } }
  broken: { target: cpu, exec: { shell: "printf 'a\\\\377b\\\\000c'" } }
  holds: { target: cpu, exec: { shell: "sleep 30 & echo parent" } }
`);
    assert.ok(report, stderr);
    const seen = report.results.map(({ task, outcome, error }: Result) =>
      `${task} ${error?.code ?? outcome}`
    );
    assert.match(seen[0], /huge (ok|too_large)/);
    assert.match(seen[1], /endless (too_large|timeout)/);
    assert.deepEqual(seen.slice(2, 4), ["binary ok", "broken ok"]);
    assert.ok(report.run.durationMs < 12_000);
    const binaryOutput = report.results[2].output.stdoutBase64;
    assert.equal(atob(binaryOutput).length, 1_000);
    assert.equal(atob(report.results[3].output.stdoutBase64), "a\xffb\0c");
  }),
);

test(
  "a run works where there is little: no HOME, an empty environment, LANG=C, few descriptors, a closed stdin",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", "version: 1\ntasks: { a: { exec: { command: ['true'] } } }\n");
    const run = (env: Record<string, string>, script: string) =>
      // `spawnSync` of Deno adds to the environment what it was told to leave out.
      spawnSync("/usr/bin/env", ["-i", ...variables(env), "/bin/sh", "-c", script, binary], {
        cwd: sandbox.directory,
        encoding: "utf8",
      });
    const cases: readonly (readonly [what: string, env: Record<string, string>, script: string])[] = [
      ["no HOME", { PATH: process.env.PATH! }, '"$0" run fanout.yaml'],
      ["nothing at all", {}, 'env -i "$0" run fanout.yaml'],
      [
        "LANG=C",
        { PATH: process.env.PATH!, LANG: "C", LC_ALL: "C", HOME: sandbox.directory },
        '"$0" run fanout.yaml',
      ],
      ["an empty HOME", { PATH: process.env.PATH!, HOME: "" }, '"$0" run fanout.yaml'],
      [
        "a HOME that is not there",
        { PATH: process.env.PATH!, HOME: "/nowhere/at/all" },
        '"$0" run fanout.yaml --state-dir s',
      ],
      [
        "64 descriptors",
        { PATH: process.env.PATH!, HOME: sandbox.directory },
        'ulimit -n 64; "$0" run fanout.yaml',
      ],
      ["a closed stdin", { PATH: process.env.PATH!, HOME: sandbox.directory }, '"$0" run fanout.yaml <&-'],
      ["a closed stdout", { PATH: process.env.PATH!, HOME: sandbox.directory }, '"$0" run fanout.yaml >&-'],
      ["a closed stderr", { PATH: process.env.PATH!, HOME: sandbox.directory }, '"$0" run fanout.yaml 2>&-'],
      [
        "a full stdout",
        { PATH: process.env.PATH!, HOME: sandbox.directory },
        '"$0" run fanout.yaml >/dev/full',
      ],
      [
        "nobody reads stderr",
        { PATH: process.env.PATH!, HOME: sandbox.directory },
        '{ "$0" run fanout.yaml -v; echo $? >code; } 2>&1 | true; exit $(cat code)',
      ],
    ];
    for (const [what, env, script] of cases) {
      const { status, stderr } = run(env, script);
      assert.equal(status, 0, `${what}: ${stderr}`);
    }
  }),
);

test(
  "output into a pipe that closes is no crash",
  inSandbox(async (sandbox) => {
    await sandbox.run(["init"]);
    for (const args of ["schema", "plan fanout.yaml", "--help", "run --help"]) {
      const { status, stderr } = spawnSync(
        "/bin/bash",
        ["-c", `"$0" ${args} | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}`, binary],
        {
          cwd: sandbox.directory,
          encoding: "utf8",
          env: { PATH: process.env.PATH!, HOME: sandbox.directory },
        },
      );
      assert.equal(stderr, "", args);
      assert.ok(status === 0 || status === 141, `${args}: ${status}`);
    }
    const { stdout } = await sandbox.run(["schema"]);
    assert.ok(stdout.length > 65_536, "all of a long output arrives");
    JSON.parse(stdout);
  }),
);

test(
  "a directory that may only be read is no obstacle, and a user who is not root none either",
  inSandbox(async (sandbox) => {
    sandbox.write("job/fanout.yaml", "version: 1\ntasks: { a: { exec: { command: [id, '-u'] } } }\n", 0o644);
    chmodSync(sandbox.directory, 0o755);
    chmodSync(sandbox.path("job"), 0o555);
    // Only the superuser can become somebody else; anybody else is somebody else already.
    const by = process.getuid!() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const command = [...variables({ PATH: process.env.PATH! }), ...by, binary, "run", "fanout.yaml"];
    const { status, stdout, stderr } = spawnSync("/usr/bin/env", [
      "-i",
      ...command,
      "--report",
      "/dev/stdout",
    ], {
      cwd: sandbox.path("job"),
      encoding: "utf8",
    });
    chmodSync(sandbox.path("job"), 0o755);
    assert.equal(status, 0, stderr);
    assert.notEqual(JSON.parse(stdout).results[0].output.stdout, "0\n");
  }),
);

test(
  "with few descriptors the machine holds a run back and fails nothing",
  inSandbox(async (sandbox) => {
    const server = await startFaultServer();
    sandbox.write(
      "fanout.yaml",
      `
version: 1
targets: { api: { http: { baseUrl: "${server.url}" }, concurrency: 100 }, cpu: { concurrency: 40 } }
tasks:
  http: { foreach: { range: "1..150" }, target: api, http: { url: "/busy?ms=20" } }
  exec: { foreach: { range: "1..60" }, target: cpu, exec: { shell: "sleep 0.05; echo x" } }
`,
    );
    const child = sandbox.startThrough(
      ["/bin/sh", "-c", 'ulimit -n 64; exec "$0" "$@"'],
      ["run", "fanout.yaml", "--report", "report.json"],
    );
    const { code, report, stderr } = await sandbox.finish(child);
    await server.close();
    assert.equal(code, 0, stderr);
    assert.equal(report.summary.ok, 210);
    assert.equal(report.summary.retries, 0);
  }),
);

test(
  "files whose names are odd are found, read and named",
  inSandbox(async (sandbox) => {
    await sandbox.shell(
      `mkdir in; cd in; echo 1 > "$(printf 'new\\nline')"; echo 2 > 'ünï 漢.txt'; echo 3 > "$(printf 'bad\\377name')"; echo 4 > ' space '; echo 5 > "quote'\\"q"; echo 6 > '-rf'; echo 7 > '[x]*?'`,
    );
    const { report, stderr } = await sandbox.runConfig(`
version: 1
tasks:
  read: { foreach: { glob: "in/*" }, file: { path: "\${{ item }}" } }
  cat: { foreach: { glob: "in/*" }, exec: { command: [cat, --, "\${{ item }}"] } }
`);
    assert.ok(report, stderr);
    const texts = report.results.filter(({ outcome }: Result) => outcome === "ok").map(({ output }: Result) =>
      (output.text ?? output.stdout)!.trim()
    );
    for (const n of [1, 2, 4, 5, 6, 7]) {
      assert.equal(texts.filter((text: string) => text === String(n)).length, 2, `file ${n}`);
    }
  }),
);

test(
  "the binary starts in milliseconds",
  inSandbox(async (sandbox) => {
    await sandbox.run(["--version"]);
    const times: number[] = [];
    for (let i = 0; i < 7; i++) {
      const from = performance.now();
      await sandbox.run(["--version"]);
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    // Some of it is this test's own: starting any process takes it 5 to 20 ms.
    assert.ok(times[3]! < 150, `${times}`);
  }),
);

function variables(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

interface Result {
  readonly task: string;
  readonly outcome: string;
  readonly error: { readonly code: string } | null;
  readonly output: { readonly text?: string; readonly stdout?: string };
}
