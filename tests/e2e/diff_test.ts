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
    const report = sandbox.json("new.json");
    sandbox.write("head.json", JSON.stringify({ ...report, summary: {} }));
    sandbox.write("results.json", JSON.stringify({ ...report, results: [1, { task: "work" }] }));
    sandbox.write("cut.json", sandbox.read("new.json").slice(0, -100));
    for (
      const args of [
        ["old.json", "none.json"],
        ["notes.txt", "new.json"],
        ["old.json"],
        ["head.json", "new.json"],
        ["old.json", "results.json"],
        ["old.json", "cut.json"],
        ["old.json", "."],
        ["old.json", "new.json", "--format", "csv"],
      ]
    ) {
      const { code, stdout, stderr } = await sandbox.run(["diff", ...args]);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /^fanout: .*\n$/, "one line, no stack trace");
    }
  }),
);

test(
  "fanout diff takes inputs that a killed run has no record of by their place",
  inSandbox(async (sandbox) => {
    await run(sandbox, "never.json", ["a=true", "b=kill -9 $PPID; sleep 5", "c=true", "d=true"]);
    const [journal] = readdirSync(sandbox.path("state"), { recursive: true }).map(String)
      .filter((name) => name.endsWith(".ndjson"));
    await sandbox.run(["report", `state/${journal}`, "-f", "json", "-o", "killed.json"]);
    assert.equal(sandbox.json("killed.json").run.status, "incomplete");
    await run(sandbox, "good.json", ["a=true", "b=true", "c=true", "d=true"]);

    const countsOf = async (...reports: string[]) => {
      const { code, stdout } = await sandbox.run(["diff", ...reports, "-f", "json"]);
      const { newlyFailing, recovered, added, removed, unchanged } = JSON.parse(stdout).counts;
      return { code, newlyFailing, recovered, added, removed, unchanged };
    };
    const none = { added: 0, removed: 0 };
    const broken = sandbox.json("killed.json").results.filter(({ outcome }: { outcome: string }) =>
      outcome !== "ok"
    ).length;
    assert.ok(broken >= 2, "at least the killer and what came after it");
    assert.deepEqual(await countsOf("killed.json", "good.json"), {
      ...none,
      code: 0,
      newlyFailing: 0,
      recovered: broken,
      unchanged: 4 - broken,
    });
    assert.deepEqual(await countsOf("good.json", "killed.json"), {
      ...none,
      code: 1,
      newlyFailing: broken,
      recovered: 0,
      unchanged: 4 - broken,
    });
  }),
);
