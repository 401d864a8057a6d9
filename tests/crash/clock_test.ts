import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../src/runtime/clock.ts";
import { checkReport } from "../e2e/check_report.ts";
import { inSandbox, type Sandbox } from "../e2e/sandbox.ts";
import { runInProcess } from "../support/run_in_process.ts";

const hourMs = 3_600_000;

/** With a clock on the wall that is `aheadMs` ahead. */
function fanout(sandbox: Sandbox, args: readonly string[], aheadMs: () => number) {
  const clock = { ...realClock, wallTime: () => realClock.wallTime() + aheadMs() };
  return runInProcess(sandbox, args, { clock });
}

const config = (run = "") => `
version: 1
name: clock
run: { concurrency: 2${run} }
tasks:
  t: { foreach: [a, b, c, d], key: "\${{ item }}", exec: { command: [sh, -c, 'sleep 0.05; test $0 != b -o -e cured', "\${{ item }}"] } }
`;

test(
  "a clock that jumps during a run leaves its report in order, and no duration is negative",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", config());
    let asked = 0;
    const jumps = [0, -hourMs, hourMs, -5 * hourMs];
    const from = Date.now() - performance.now();
    const { code, said } = await fanout(
      sandbox,
      ["run", "fanout.yaml", "--report", "report.json"],
      () => jumps[asked++ % jumps.length]!,
    );
    assert.equal(code, 1, said);
    const report = sandbox.json("report.json");
    checkReport(report);
    const [startedAt, finishedAt] = [report.run.startedAt, report.run.finishedAt].map(Date.parse);
    // One is rounded up, the other down.
    assert.ok(Math.abs(finishedAt! - startedAt! - report.run.durationMs) <= 1);
    assert.ok(startedAt! >= from - 1_000 && finishedAt! <= Date.now() + 1_000, `${startedAt} ${finishedAt}`);
    for (const { queuedMs, durationMs, attempts } of report.results) {
      assert.ok(queuedMs >= 0 && durationMs >= 0);
      for (const attempt of attempts) {
        assert.ok(attempt.durationMs >= 0);
        const began = Date.parse(attempt.startedAt);
        assert.ok(startedAt! <= began && began <= finishedAt!, JSON.stringify(attempt));
      }
    }
  }),
);

test(
  "the latest run is the one that came last, whatever the clock said: to resume, to report and to prune",
  inSandbox(async (sandbox) => {
    sandbox.write("fanout.yaml", config());
    const run = async (aheadMs: number, ...flags: string[]) => {
      const args = ["run", "fanout.yaml", "--report", "report.json", ...flags];
      const { said } = await fanout(sandbox, args, () => aheadMs);
      const { id, resumed } = sandbox.json("report.json").run;
      return { id, resumed: resumed?.run, said };
    };
    const first = await run(0);
    const second = await run(-hourMs, "--resume");
    assert.equal(second.resumed, first.id, second.said);
    const third = await run(-24 * hourMs, "--resume");
    assert.equal(third.resumed, second.id, third.said);
    const shown = await fanout(sandbox, ["report", "fanout.yaml"], () => 0);
    assert.match(shown.said, new RegExp(`the latest run of .*${third.id}`));

    sandbox.write("fanout.yaml", config(", keepRuns: 1"));
    const fourth = await run(-25 * hourMs);
    sandbox.write("cured", "");
    const fifth = await run(-26 * hourMs, "--resume");
    assert.equal(fifth.resumed, fourth.id, fifth.said);
  }),
);

test(
  "a lock that seems to be taken in the future is not old",
  inSandbox(async (sandbox) => {
    const wait = "while test ! -e go; do touch held; sleep 0.02; done";
    sandbox.write(
      "fanout.yaml",
      `version: 1\nrun: { lock: { ifHeld: skip } }\ntasks: { t: { exec: { shell: "${wait}" } } }`,
    );
    const first = fanout(sandbox, ["run", "fanout.yaml"], () => 0);
    while (!sandbox.exists("held")) await new Promise((resolve) => setTimeout(resolve, 10));
    const second = await fanout(sandbox, ["run", "fanout.yaml"], () => -2 * hourMs);
    sandbox.write("go", "");
    assert.equal((await first).code, 0, (await first).said);
    assert.equal(second.code, 0, second.said);
    assert.match(second.said, /skipped: another run of this config .*, 0ms ago\) is not over yet/);
  }),
);
