import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { binary, inSandbox } from "./sandbox.ts";

const config = `
version: 1
name: nightly_sync
run: { timeout: 20m, lock: { ifHeld: skip } }
tasks: { work: { exec: { command: [touch, "\${{ params.file }}"] } } }
params: { file: { default: made } }
`;

test(
  "fanout schedule prints a crontab line that runs as it stands, in an empty environment",
  inSandbox(async (sandbox) => {
    const file = sandbox.write("it's 100%.yaml", config);
    const made = sandbox.path("made by $cron");
    const { code, stdout, stderr } = await sandbox.run([
      "schedule",
      file,
      "--at",
      "*/5 * * * *",
      "--set",
      `file=${made}`,
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    const line = stdout.trimEnd().split("\n").at(-1)!;
    assert.ok(line.startsWith(`*/5 * * * * ${binary} run `), line);
    const command = line.slice("*/5 * * * * ".length).replaceAll("\\%", "%");
    const env = { PATH: "/usr/bin:/bin", HOME: sandbox.directory };
    const ran = spawnSync("sh", ["-c", command], { cwd: "/", env, encoding: "utf8" });
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, "", ""]);
    assert.ok(sandbox.exists("made by $cron"));
  }),
);

test(
  "fanout schedule writes units that systemd accepts, for the times that were meant",
  inSandbox(async (sandbox) => {
    const file = sandbox.write("it's 100%.yaml", config);
    for (const at of ["0 2 * * *", "*/15 8-18 1,15 * mon-fri", "30 4 29 2 *"]) {
      const { code, stderr } = await sandbox.run([
        "schedule",
        file,
        "--at",
        at,
        "--as",
        "systemd",
        "-o",
        "units",
      ]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /systemctl enable --now nightly-sync\.timer/);
      for (const unit of ["nightly-sync.timer", "nightly-sync.service"]) {
        const verified = spawnSync("systemd-analyze", ["verify", sandbox.path(`units/${unit}`)], {
          encoding: "utf8",
        });
        assert.deepEqual([verified.status, verified.stdout], [0, ""], `${at}: ${verified.stderr}`);
      }
      const timer = sandbox.read("units/nightly-sync.timer");
      for (const [, calendar] of timer.matchAll(/^OnCalendar=(.*)$/gm)) {
        const meant = execFileSync("systemd-analyze", ["calendar", calendar!], { encoding: "utf8" });
        assert.match(meant, /Next elapse: [A-Z]/, `${at}: ${meant}`);
      }
    }
  }),
);

test(
  "fanout schedule says what is wrong, and that starts may overlap",
  inSandbox(async (sandbox) => {
    sandbox.write("good.yaml", config.replace(", lock: { ifHeld: skip }", ""));
    sandbox.write("bad.yaml", "version: 1\ntask: {}\n");
    const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [["good.yaml"], /--at says when/],
      [["good.yaml", "--at", "0 2 * *"], /five fields/],
      [["good.yaml", "--at", "@daily", "--as", "launchd"], /--as takes cron, systemd, kubernetes/],
      [["good.yaml", "--at", "@daily", "-o", "x"], /-o is for --as systemd/],
      [["good.yaml", "--at", "@daily", "--image", "x"], /--image is for --as kubernetes/],
      [["bad.yaml", "--at", "@daily"], /unknown key "task"/],
      [["none.yaml", "--at", "@daily"], /no such file/],
    ];
    for (const [args, says] of cases) {
      const { code, stdout, stderr } = await sandbox.run(["schedule", ...args]);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, says);
    }
    const { code, stderr } = await sandbox.run([
      "schedule",
      "good.yaml",
      "--at",
      "@daily",
      "--as",
      "kubernetes",
    ]);
    assert.equal(code, 0);
    assert.match(stderr, /two starts may overlap; add {2}run: \{ lock/);
  }),
);
