import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { checkReport } from "../e2e/check_report.ts";
import { ended, inSandbox, type Sandbox } from "../e2e/sandbox.ts";

/** Every run leaves a line in `log` and a result of some kilobytes. */
const config = `
version: 1
name: full
tasks:
  fill:
    foreach: { range: "1..200" }
    key: "\${{ item }}"
    exec: { shell: 'echo "$X" >> log; head -c 3000 /dev/zero | tr "\\\\0" x', env: { X: "\${{ item }}" } }
`;

/** A place for state that takes `kib` KiB: a small file system where this user may mount one, else files limited in size. */
function smallPlace(sandbox: Sandbox, kib: number): SmallPlace {
  const place = sandbox.path("state");
  execFileSync("mkdir", ["-p", place]);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", place], { stdio: "ignore" });
  } catch {
    const limit = (size: string) => ["/bin/sh", "-c", `ulimit -f ${size}; exec "$0" "$@"`];
    let through = limit(String(kib * 2));
    return { through: () => through, enlarge: () => through = limit("unlimited"), release() {} };
  }
  return {
    through: () => [],
    enlarge: () => void execFileSync("mount", ["-o", "remount,size=64m", place]),
    release: () => void execFileSync("umount", ["-l", place]),
  };
}

interface SmallPlace {
  /** What the program is started through. */
  through(): readonly string[];
  enlarge(): void;
  release(): void;
}

test(
  "a full disk stops a run with exit 3, its report still tells what happened, and it can be resumed",
  inSandbox(async (sandbox) => {
    const place = smallPlace(sandbox, 128);
    try {
      const first = await run(sandbox, place);
      assert.equal(first.code, 3, first.stderr);
      assert.match(first.stderr, /cannot write the journal .*(space|too large).*--state-dir/is);
      const { summary } = first.report;
      assert.ok(summary.not_run > 0 && summary.ok > 0, JSON.stringify(summary));
      assert.equal(summary.total, 200);

      place.enlarge();
      const second = await run(sandbox, place, "--resume");
      assert.ok(second.code === 0 || second.code === 1, second.stderr);
      const happened = sandbox.read("log").trim().split("\n");
      assert.equal(new Set(happened).size, happened.length, "nothing was done twice");
      for (const { outcome, error } of second.report.results) {
        if (outcome !== "ok") assert.equal(error.code, "outcome_unknown");
      }
    } finally {
      place.release();
    }
  }),
);

async function run(sandbox: Sandbox, place: SmallPlace, ...flags: readonly string[]) {
  sandbox.write("fanout.yaml", config);
  // A pipe takes a report of any size.
  const args = ["run", "fanout.yaml", "--report", "/dev/stdout", ...flags];
  const end = await ended(sandbox.startThrough(place.through(), args));
  const report = JSON.parse(end.stdout);
  checkReport(report);
  return { ...end, report };
}

test(
  "a report that finds no room leaves the old one as it was, and the run ends with exit 3",
  inSandbox(async (sandbox) => {
    const place = smallPlace(sandbox, 256);
    try {
      const few = config.replace("1..200", "1..5");
      const report = ["--report", "state/report.json", "--state-dir", "elsewhere"];
      sandbox.write("fanout.yaml", few);
      assert.equal((await sandbox.run(["run", "fanout.yaml", ...report])).code, 0);
      const before = sandbox.read("state/report.json");
      sandbox.write("fanout.yaml", config);
      const full = await ended(sandbox.startThrough(place.through(), ["run", "fanout.yaml", ...report]));
      assert.equal(full.code, 3, full.stderr);
      assert.match(full.stderr, /cannot write the report .*report\.json/);
      assert.equal(sandbox.read("state/report.json"), before);
      assert.deepEqual(readdirSync(sandbox.path("state")), ["report.json"]);
      assert.ok(statSync(sandbox.path("log")).size > 0);
    } finally {
      place.release();
    }
  }),
);

test(
  "what is saved, collected and streamed to a full disk is missing, not half, and said",
  inSandbox(async (sandbox) => {
    const place = smallPlace(sandbox, 128);
    try {
      const more =
        `    save: "state/saved/\${{ item }}"\n    collect: { path: state/all.jsonl, value: stdout }\n`;
      sandbox.write("fanout.yaml", `${config}    capture: all\n${more}`);
      const flags = ["--stream=state/stream.ndjson", "--report", "report.json", "--state-dir", "elsewhere"];
      const { code, stderr } = await ended(
        sandbox.startThrough(place.through(), ["run", "fanout.yaml", ...flags]),
      );
      assert.equal(code, 3, stderr);
      assert.match(stderr, /cannot write the stream to \S+stream\.ndjson: .*(space|too large)/);
      assert.match(stderr, /cannot write what "fill" collects to state\/all\.jsonl: .*(space|too large)/);
      const report = sandbox.json("report.json");
      checkReport(report);
      const left = readdirSync(sandbox.path("state"), { recursive: true, encoding: "utf8" }).sort();
      const saved: string[] = [];
      for (const { key, outcome, error } of report.results) {
        if (outcome === "ok") saved.push(`saved/${key}`);
        else assert.match(`${error.code}: ${error.message}`, /^save: Cannot save to .*(space|too large)/);
      }
      assert.ok(saved.length > 0, stderr);
      assert.deepEqual(left.filter((name) => name !== "saved" && name !== "stream.ndjson"), saved.sort());
      for (const name of saved) assert.equal(statSync(sandbox.path(`state/${name}`)).size, 3_000);
    } finally {
      place.release();
    }
  }),
);

test(
  "a report or a stream to a device that takes nothing is exit 3",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", config.replace("1..200", "1..3"));
    const report = await sandbox.run(["run", "fanout.yaml", "--report", "/dev/full"]);
    assert.equal(report.code, 3, report.stderr);
    assert.match(report.stderr, /cannot write the report \/dev\/full: no space is left/);
    const stream = await sandbox.run(["run", "fanout.yaml", "--stream=/dev/full", "--report", "report.json"]);
    assert.equal(stream.code, 3, stream.stderr);
    assert.match(stream.stderr, /cannot write the stream to \/dev\/full: no space is left/);
    assert.equal(sandbox.json("report.json").summary.ok, 3);
  }),
);

test(
  "a state directory that may only be read is exit 3 before anything runs",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", config);
    // Nobody, the superuser neither, makes a directory there.
    const { code, stderr } = await sandbox.run(["run", "fanout.yaml", "--state-dir", "/proc/1/fdinfo"]);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /cannot (start the journal|write the report).*--state-dir DIR|cannot write the report to/,
    );
    assert.equal(sandbox.exists("log"), false);
  }),
);
