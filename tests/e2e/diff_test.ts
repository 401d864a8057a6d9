import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { inSandbox, type Sandbox } from "./sandbox.ts";

/** A run whose inputs fail when their file says so. */
async function run(sandbox: Sandbox, report: string, inputs: readonly string[]): Promise<void> {
  sandbox.write("inputs.txt", `${inputs.join("\n")}\n`);
  sandbox.write(
    "job.yaml",
    `
version: 1
name: job
tasks:
  work:
    foreach: { lines: inputs.txt }
    key: "\${{ item.split('=')[0] }}"
    retry: 1
    exec: { command: [sh, -c, "\${{ item.split('=')[1] }}"] }
`,
  );
  await sandbox.run(["run", "job.yaml", "--report", report, "-q"]);
}

test(
  "fanout diff compares reports and journals, in three formats, and exits 1 on new failures only",
  inSandbox(async (sandbox) => {
    await run(sandbox, "old.json", ["a=true", "b=false", "c=true", "gone=true"]);
    await run(sandbox, "new.json", ["c=exit 3", "b=false", "a=true", "came=true"]);
    await run(sandbox, "good.json", ["a=true", "b=true", "c=true", "came=true"]);

    const text = await sandbox.run(["diff", "old.json", "new.json"]);
    assert.deepEqual([text.code, text.stderr], [1, ""]);
    assert.match(text.stdout, /^job: 1 newly failing, 1 still failing, 1 added, 1 removed \(/);
    assert.match(text.stdout, /Newly failing \(1\)\n {2}work\[c\] +ok → failed +exit_code: .*3/);

    const json = await sandbox.run(["diff", "old.json", "good.json", "--format", "json"]);
    assert.equal(json.code, 0);
    const diff = JSON.parse(json.stdout);
    assert.equal(diff.schema, "fanout.diff/1");
    assert.deepEqual(diff.recovered.map((one: { key: string }) => one.key), ["b"]);
    assert.deepEqual(diff.removed.map((one: { key: string }) => one.key), ["gone"]);

    const journals = readdirSync(sandbox.path("state"), { recursive: true }).map(String)
      .filter((name) => name.endsWith(".ndjson")).sort();
    const [oldJournal, newJournal] = journals.map((name) => `state/${name}`);
    const markdown = await sandbox.run(["diff", oldJournal!, newJournal!, "-f", "markdown"]);
    assert.equal(markdown.code, 1);
    assert.match(markdown.stdout, /### Newly failing \(1\)/);

    assert.equal((await sandbox.run(["diff", "old.json", "old.json"])).code, 0);
    sandbox.write("notes.txt", "no report");
    for (const args of [["old.json", "none.json"], ["notes.txt", "new.json"], ["old.json"]]) {
      const { code, stdout } = await sandbox.run(["diff", ...args]);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    }
  }),
);
