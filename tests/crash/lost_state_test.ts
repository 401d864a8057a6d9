import assert from "node:assert/strict";
import { readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ended, inSandbox, type Sandbox } from "../e2e/sandbox.ts";

/** `b` waits for a file, so that something can happen to the journal that has `a` already. */
const config = `
version: 1
name: lost
run: { concurrency: 1 }
tasks:
  t:
    foreach: [a, b]
    exec: { shell: 'test "$X" = a || { touch began; while test ! -e go; do sleep 0.02; done; }', env: { X: "\${{ item }}" } }
`;
const before = "what stood there before";

/** A run to whose journal something happens half way. */
async function meddle(sandbox: Sandbox, harm: (journal: string) => void) {
  sandbox.write("fanout.yaml", config);
  sandbox.write("report.json", before);
  const end = ended(sandbox.start(["run", "fanout.yaml", "--report", "report.json"]));
  while (!sandbox.exists("began")) await delay(5);
  const state = sandbox.path("state/fanout");
  const name = readdirSync(state, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(".ndjson")
  )!;
  harm(join(state, name));
  sandbox.write("go", "");
  return await end;
}

test(
  "a journal that is removed during a run makes it exit 3: its report is whole",
  inSandbox(async (sandbox) => {
    const harms = [
      (journal: string) => rmSync(journal),
      () => rmSync(sandbox.path("state"), { recursive: true }),
    ];
    for (const harm of harms) {
      const { code, stderr } = await meddle(sandbox, harm);
      assert.equal(code, 3, stderr);
      assert.match(
        stderr,
        /^fanout: the journal \S+ was removed by somebody while the run went on: it cannot be resumed$/m,
      );
      const { run, summary } = sandbox.json("report.json");
      assert.deepEqual([run.exitCode, summary.ok], [3, 2]);
      sandbox.clear();
    }
  }),
);

test(
  "a journal that is cut short during a run makes it exit 3, and no report is made of what is left",
  inSandbox(async (sandbox) => {
    const sizes = [0, 700, 1_100];
    for (const size of sizes) {
      const { code, stderr } = await meddle(sandbox, (journal) => truncateSync(journal, size));
      assert.equal(code, 3, stderr);
      assert.match(stderr, /cannot write the report \S+: the journal no longer has the result at byte \d+/);
      assert.doesNotMatch(stderr, /the journal has it all/);
      assert.equal(sandbox.read("report.json"), before);
      const again = await sandbox.run(["run", "fanout.yaml", "--resume"]);
      assert.equal(again.code, 5, again.stderr);
      sandbox.clear();
    }
  }),
);
