import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { parse } from "yaml";
import { cronCommand } from "../../../tests/support/cron_command.ts";
import { parseCronTime } from "./cron_time.ts";
import { crontabLine } from "./crontab.ts";
import { kubernetesCronJob } from "./kubernetes.ts";
import { type ScheduledJob, unitName } from "./scheduled_job.ts";
import { systemdUnits } from "./systemd.ts";

function job(at: string, more: Partial<ScheduledJob> = {}): ScheduledJob {
  const time = parseCronTime(at);
  if ("wrong" in time) throw new Error(time.wrong);
  const file = '/srv/jobs/it\'s 100% "mine" $HOME.yaml';
  return {
    name: "nightly_sync",
    file,
    directory: "/srv/jobs",
    command: ["/usr/local/bin/fanout", "run", file, "--set", "a=$(id) b", "--set", "c=\\%\\\\\\"],
    at: time,
    timeoutMs: 1_200_000,
    graceMs: 5_000,
    secretVariables: ["API_TOKEN"],
    paramVariables: ["REGION"],
    ...more,
  };
}

function lineOf(wanted: ScheduledJob): string {
  const line = crontabLine(wanted);
  if (typeof line !== "string") throw new Error(line.wrong);
  return line;
}

test("crontabLine() survives cron and the shell word for word", () => {
  const wanted = job("0 2 * * 1");
  const lines = lineOf(wanted).trimEnd().split("\n");
  assert.ok(lines.slice(0, -1).every((line) => line.startsWith("#")), lines.join("\n"));
  assert.ok(lines[1]!.includes("API_TOKEN, REGION"));
  const line = lines.at(-1)!;
  assert.ok(line.startsWith("0 2 * * 1 "));
  for (const reading of ["one", "both"] as const) {
    const command = cronCommand(line.slice("0 2 * * 1 ".length), reading);
    const words = execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" }).split("\0");
    assert.deepEqual(words.slice(0, -1), [...wanted.command, "--quiet"]);
  }
});

const calendars: readonly (readonly [at: string, calendars: readonly string[]])[] = [
  ["0 2 * * *", ["*-*-* 02:00:00"]],
  ["*/30 * * * *", ["*-*-* *:00,30:00"]],
  ["5 4 1 1,7 *", ["*-01,07-01 04:05:00"]],
  ["0 2 * * mon-wed", ["Mon,Tue,Wed *-*-* 02:00:00"]],
  ["0 2 13 * 5", ["*-*-13 02:00:00", "Fri *-*-* 02:00:00"]],
];

for (const [at, expected] of calendars) {
  test(`systemdUnits() says ${at} as ${expected.join(" or ")}`, () => {
    const timer = systemdUnits(job(at)).at(-1)!;
    const found = [...timer.text.matchAll(/^OnCalendar=(.*)$/gm)].map((match) => match[1]);
    assert.deepEqual(found, expected);
  });
}

test("systemdUnits() gives the service time to end, a state directory, and no specifier that it does not mean", () => {
  const [service, timer] = systemdUnits(job("@daily"));
  assert.deepEqual([service!.name, timer!.name], ["nightly-sync.service", "nightly-sync.timer"]);
  assert.match(service!.text, /^TimeoutStopSec=15$/m);
  assert.match(service!.text, /^TimeoutStartSec=1245$/m);
  assert.match(service!.text, /^EnvironmentFile=-\/etc\/fanout\/nightly-sync\.env$/m);
  const exec = /^ExecStart=(.*)$/m.exec(service!.text)![1]!;
  assert.equal(
    exec,
    String
      .raw`/usr/local/bin/fanout run "/srv/jobs/it's 100%% \"mine\" $$HOME.yaml" --set "a=$$(id) b" --set "c=\\%%\\\\\\"`,
  );
  assert.doesNotMatch(systemdUnits(job("@daily", { timeoutMs: null }))[0]!.text, /TimeoutStartSec/);
});

test("kubernetesCronJob() never overlaps, never repeats, and takes secrets from a Secret", () => {
  const text = kubernetesCronJob(job("0 2 * * *"), "registry/fanout:1");
  const manifest = parse(text);
  assert.deepEqual([manifest.apiVersion, manifest.kind], ["batch/v1", "CronJob"]);
  assert.equal(manifest.metadata.name, "nightly-sync");
  assert.deepEqual([manifest.spec.schedule, manifest.spec.concurrencyPolicy], ["0 2 * * *", "Forbid"]);
  const { backoffLimit, activeDeadlineSeconds, template } = manifest.spec.jobTemplate.spec;
  assert.deepEqual([backoffLimit, activeDeadlineSeconds], [0, 1_275]);
  const [container] = template.spec.containers;
  assert.equal(container.image, "registry/fanout:1");
  assert.deepEqual(container.args, [
    "run",
    "/work/nightly-sync.yaml",
    "--set",
    "a=$$(id) b",
    "--set",
    "c=\\%\\\\\\",
  ]);
  assert.deepEqual(container.env[1], {
    name: "API_TOKEN",
    valueFrom: { secretKeyRef: { name: "nightly-sync", key: "API_TOKEN" } },
  });
  assert.equal(container.env[2].valueFrom.secretKeyRef.optional, true);
  assert.match(text, /^# kubectl create configmap nightly-sync --from-file='nightly-sync\.yaml=\/srv/);
});

test("names of units are made of letters, digits and -", () => {
  const names = ["nightly_sync", "  a/b c!", "ünï", "___"].map((name) => unitName(job("@daily", { name })));
  assert.deepEqual(names, ["nightly-sync", "a-b-c", "n", "fanout"]);
  const long = kubernetesCronJob(job("@daily", { name: "X".repeat(80) }), null);
  assert.equal(parse(long).metadata.name, "x".repeat(52));
});
