import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { findProgram, needs } from "../servers/throwaway.ts";
import { checkCronJobs } from "../support/check_cron_job.ts";
import { cronCommand } from "../support/cron_command.ts";
import { binary, inSandbox, type Sandbox } from "./sandbox.ts";

const config = `
version: 1
name: nightly_sync
run: { timeout: 20m, lock: { ifHeld: skip } }
secrets: { token: { env: API_TOKEN } }
tasks:
  work: { exec: { command: [touch, "\${{ params.file }}"] } }
  list: { needs: [work], exec: { command: [echo, done] }, save: out/list.txt }
params: { file: { default: made }, same: { env: API_TOKEN, default: x }, region: { env: REGION, default: eu } }
report: { json: reports/nightly.json }
`;
const env = { API_TOKEN: "abcdef-token" };

/** A path that every layer below would like to read in its own way. */
const oddFile = String.raw`it's 100% "odd" \\ \% $HOME;/nightly one.yaml`;
const oddValue = String.raw`; a\\b\%c $(id) $$(X) "q" 'p' 5%`;

const times = [
  "0 2 * * *",
  "@daily",
  "@weekly",
  "*/15 8-18 1,15 * mon-fri",
  "30 4 29 2 *",
  "0 22 * jan-mar,DEC FRI-SUN",
  "0 0 * * 5-7",
  "5-55/10 */6 * * 0,7",
];

/** Everything printed for one time. */
async function schedule(sandbox: Sandbox, at: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await sandbox.run(["schedule", oddFile, "--at", at, ...more]);
  assert.equal(code, 0, stderr);
  return stdout;
}

test(
  "fanout schedule prints a crontab line that runs as it stands, in an empty environment",
  inSandbox(async (sandbox) => {
    const file = sandbox.write(oddFile, config);
    const made = sandbox.path(String.raw`made by $cron at 100%\\of \%`);
    const stdout = await schedule(sandbox, "*/5 * * * *", "--set", `file=${made}`);
    const line = stdout.trimEnd().split("\n").at(-1)!;
    assert.ok(line.startsWith(`*/5 * * * * ${binary} run `), line);
    for (const reading of ["one", "both"] as const) {
      const command = cronCommand(line.slice("*/5 * * * * ".length), reading);
      const ran = spawnSync("sh", ["-c", command], {
        cwd: "/",
        env: { PATH: "/usr/bin:/bin", HOME: sandbox.directory, ...env },
        encoding: "utf8",
      });
      assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, "", ""]);
      assert.ok(sandbox.exists(String.raw`made by $cron at 100%\\of \%`), `${reading}: ${command} ${file}`);
      sandbox.unlink(String.raw`made by $cron at 100%\\of \%`);
    }
  }),
);

test(
  "fanout schedule prints crontabs that crontab accepts",
  needs("crontab"),
  inSandbox(async (sandbox) => {
    sandbox.write(oddFile, config);
    const crontab = findProgram("crontab")!;
    // Only a dry run, which Debian's calls -n and cronie -T; without one of them nothing is called.
    const usage = spawnSync(crontab, ["-h"], { encoding: "utf8" }).stderr;
    const flag = /-T <file>/.test(usage) ? "-T" : /-n\s.*dry run/i.test(usage) ? "-n" : undefined;
    assert.ok(flag !== undefined, `crontab knows no dry run: ${usage}`);
    const check = (text: string) =>
      spawnSync(crontab, [flag, sandbox.write("crontab.txt", text)], { encoding: "utf8" });
    for (const at of times) {
      const text = await schedule(sandbox, at, "--set", `file=${oddValue}`);
      const { status, stderr } = check(text);
      assert.equal(status, 0, `${text}${stderr}`);
    }
    assert.notEqual(check("61 2 * * * true\n").status, 0, "it looks");
    // The longest line that is printed is one that it takes.
    const ofLength = (length: number) =>
      sandbox.run(["schedule", oddFile, "--at", "@daily", "--set", `file=${"x".repeat(length)}`]);
    const bytes = Number(/has (\d+) bytes/.exec((await ofLength(998)).stderr)![1]);
    const longest = await ofLength(998 - (bytes - 998));
    assert.equal(longest.code, 0, longest.stderr);
    assert.equal(check(longest.stdout).status, 0);
    assert.notEqual(check(longest.stdout.replace("xx", "xxx")).status, 0);
  }),
);

test(
  "fanout schedule writes units that systemd accepts without a word, for the times that were meant",
  needs("systemd-analyze"),
  inSandbox(async (sandbox) => {
    sandbox.write(oddFile, config);
    const verify = (unit: string) => {
      const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
      // It may have something to say of the machine's own units.
      const ours = stderr.split("\n").filter((line) => /nightly-sync/.test(line));
      return [status, stdout, ...ours];
    };
    for (const at of times) {
      await schedule(sandbox, at, "--as", "systemd", "-o", "units", "--set", `file=${oddValue}`);
      for (const unit of ["nightly-sync.timer", "nightly-sync.service"]) {
        assert.deepEqual(verify(sandbox.path(`units/${unit}`)), [0, ""], at);
      }
      const timer = sandbox.read("units/nightly-sync.timer");
      const calendars = [...timer.matchAll(/^OnCalendar=(.*)$/gm)];
      assert.ok(calendars.length > 0);
      for (const [, calendar] of calendars) {
        const meant = execFileSync("systemd-analyze", ["calendar", calendar!], { encoding: "utf8" });
        assert.match(meant, /Next elapse: [A-Z]/, `${at}: ${meant}`);
      }
    }
    const service = sandbox.read("units/nightly-sync.service");
    sandbox.write("units/nightly-sync.service", service.replace("KillMode=", "KillMood="));
    assert.notDeepEqual(verify(sandbox.path("units/nightly-sync.service")), [0, ""], "it looks");
  }),
);

test(
  "fanout schedule prints CronJobs by the schema of Kubernetes, whose container's command runs as it stands",
  inSandbox(async (sandbox) => {
    sandbox.write(oddFile, config);
    const printed: string[] = [];
    for (const at of times) {
      printed.push(await schedule(sandbox, at, "--as", "kubernetes", "--set", `file=${oddValue}`));
    }
    const made = sandbox.path("made $$(X) by $(Y)");
    printed.push(
      await schedule(sandbox, "@daily", "--as", "kubernetes", "--image", "r/f:1", "--set", `file=${made}`),
    );
    assert.throws(
      () => checkCronJobs(sandbox, [printed[0]!.replace("restartPolicy", "restartPolice")]),
      /restartPolice.* does not exist in type 'PodSpec'/,
      "it looks",
    );
    const [container, volumes] = (({ spec: { jobTemplate } }) => {
      const { containers, volumes } = jobTemplate.spec.template.spec;
      return [containers[0], volumes];
    })(checkCronJobs(sandbox, printed).at(-1));

    // The pod: a directory that can be written, and in it the config.
    const mount = container.volumeMounts.find(({ name }: { name: string }) => name === "config");
    const own = volumes.find(({ name }: { name: string }) => name === "config");
    assert.deepEqual([own.configMap.name, mount.mountPath], ["nightly-sync", `/work/${mount.subPath}`]);
    const inPod = (text: string) => text.replaceAll(/^\/work/g, sandbox.path("work"));
    sandbox.write(`work/${mount.subPath}`, sandbox.read(oddFile));
    const args = container.args.map((word: string) => inPod(word.replaceAll("$$", "$")));
    const state = container.env.find(({ name }: { name: string }) => name === "XDG_STATE_HOME").value;
    const { code, stderr } = await sandbox.run(args, {
      cwd: "/",
      env: { ...env, XDG_STATE_HOME: inPod(state) },
    });
    assert.equal(code, 0, stderr);
    assert.ok(sandbox.exists("made $$(X) by $(Y)"));
    assert.equal(sandbox.read("work/out/list.txt"), "done\n");
    assert.equal(sandbox.json("work/reports/nightly.json").summary.ok, 2);
    assert.ok(sandbox.exists("work/.state/fanout"));
  }),
);

test(
  "fanout schedule says what is wrong, and that starts may overlap",
  inSandbox(async (sandbox) => {
    sandbox.write("good.yaml", config.replace(", lock: { ifHeld: skip }", ""));
    sandbox.write("bad.yaml", "version: 1\ntask: {}\n");
    const evil = "file=x\n* * * * * evil";
    const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [["good.yaml"], /--at says when/],
      [["good.yaml", "--at", "0 2 * *"], /five fields/],
      [["good.yaml", "--at", "CRON_TZ=UTC 0 2 * * *"], /five fields/],
      [["good.yaml", "--at", "*/90 * * * *"], /a step of 90 goes past 59/],
      [["good.yaml", "--at", "@daily", "--as", "launchd"], /--as takes cron, systemd, kubernetes/],
      [["good.yaml", "--at", "@daily", "-o", "x"], /-o is for --as systemd/],
      [["good.yaml", "--at", "@daily", "--image", "x"], /--image is for --as kubernetes/],
      [["good.yaml", "--at", "@daily", "--set", evil], /"file=x\\n.* evil" holds control characters/],
      [["good.yaml", "--at", "@daily", "--set", evil, "--as", "systemd"], /holds control characters/],
      [["good.yaml", "--at", "@daily", "--set", `file=${"x".repeat(1_000)}`], /bytes and cron takes 998/],
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

    sandbox.write("name.yaml", config.replace("nightly_sync", `"x\\n* * * * * evil"`));
    for (const as of ["cron", "systemd", "kubernetes"]) {
      const { stdout } = await sandbox.run(["schedule", "name.yaml", "--at", "@daily", "--as", as]);
      assert.doesNotMatch(stdout, /^\* \* \* \* \* evil/m, as);
    }
  }),
);
