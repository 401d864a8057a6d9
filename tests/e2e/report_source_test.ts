import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

const config = (item: string) => `
version: 1
tasks:
  t: { foreach: [${item}], key: "\${{ item }}", exec: { command: ["false"] } }
`;

test(
  "fanout report finds the latest run of all, of a config, and a run by its id",
  inSandbox(async (sandbox) => {
    const nothing = await sandbox.run(["report"]);
    assert.equal(nothing.code, 2);
    assert.match(
      nothing.stderr,
      /^fanout: no run is recorded in .*\/state\/fanout; name a report or a journal/,
    );

    const first = await sandbox.runConfig(config("one"));
    await sandbox.runConfig(config("two"));
    sandbox.write("other.yaml", config("three"));
    await sandbox.run(["run", "other.yaml"]);

    const latest = await sandbox.run(["report"]);
    assert.match(latest.stdout, /t\[three\] failed/);
    assert.match(latest.stderr, /^fanout: the latest run of .*\/other\.yaml: .*\.ndjson\n$/);
    const ofConfig = await sandbox.run(["report", "fanout.yaml"]);
    assert.match(ofConfig.stdout, /t\[two\] failed/);
    const byId = await sandbox.run(["report", first.report.run.id]);
    assert.match(byId.stdout, /t\[one\] failed/);
    assert.equal(byId.stderr, "");

    sandbox.write("never.yaml", config("four"));
    const never = await sandbox.run(["report", "never.yaml"]);
    assert.equal(never.code, 2);
    assert.match(never.stderr, /^fanout: no run of .*\/never\.yaml is recorded/);
    const unknown = await sandbox.run(["report", "20261121T031500000Z-1a2b3c"]);
    assert.match(unknown.stderr, /^fanout: no run 20261121T031500000Z-1a2b3c is recorded/);
    const elsewhere = await sandbox.run(["report", "--state-dir", "elsewhere"]);
    assert.match(elsewhere.stderr, /^fanout: no run is recorded in .*\/elsewhere;/);
  }),
);

test(
  "fanout report -o takes no place of what it is made from or of the config; - is stdout",
  inSandbox(async (sandbox) => {
    await sandbox.runConfig(config("one"));
    for (
      const [source, place] of [["report.json", "report.json"], ["report.json", "fanout.yaml"], [
        "fanout.yaml",
        "fanout.yaml",
      ]]
    ) {
      const before = sandbox.read(place!);
      const { code, stderr } = await sandbox.run(["report", source!, "-o", place!]);
      assert.equal(code, 2, `${source} ${place}`);
      assert.match(stderr, /the report would overwrite (what it is made from|the config)/);
      assert.equal(sandbox.read(place!), before);
    }
    const { stdout } = await sandbox.run(["report", "report.json", "-o", "-", "--format", "json"]);
    assert.equal(stdout, sandbox.read("report.json"));
    assert.ok(!sandbox.exists("-"));
  }),
);

test(
  "fanout diff takes runs by their ids",
  inSandbox(async (sandbox) => {
    const { report: before } = await sandbox.runConfig(config("one"));
    const { report: after } = await sandbox.runConfig(config("one, two"));
    const { code, stdout, stderr } = await sandbox.run(["diff", before.run.id, after.run.id]);
    assert.equal(stderr, "");
    assert.match(stdout, /t\[two\]/);
    assert.equal(code, 1);
  }),
);
