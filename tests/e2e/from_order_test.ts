import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { inSandbox, type Sandbox, send } from "./sandbox.ts";

const config = `
version: 1
targets: { p: { concurrency: 6 } }
tasks:
  first:
    target: p
    foreach: { range: "1..6" }
    exec: { shell: 'sleep 0.$((7 - N)); echo "[$N, $((N * 10))]"', env: { N: "\${{ item }}" } }
  same: { target: p, foreach: { from: first }, exec: { command: [echo, "\${{ index }} \${{ item.item }}"] } }
  elements: { target: p, foreach: { from: first, each: json }, exec: { command: [echo, "\${{ item }}"] } }
`;

// deno-lint-ignore no-explicit-any -- a report is read as the JSON it is
function checkOrder(report: any): void {
  const results = (task: string) => report.results.filter((result: { task: string }) => result.task === task);
  const outputs = (task: string) =>
    results(task).map((result: { output: { stdout: string } }) => result.output.stdout.trim());
  assert.deepEqual(outputs("same"), ["0 1", "1 2", "2 3", "3 4", "4 5", "5 6"]);
  assert.deepEqual(outputs("elements"), ["1", "10", "2", "20", "3", "30", "4", "40", "5", "50", "6", "60"]);
  assert.deepEqual(results("elements").map(({ index }: { index: number }) => index), [
    ...Array(12).keys(),
  ]);
}

test(
  "fanout run reports inputs from another task in the order of that task's inputs, whatever order they came in",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(config);
    assert.equal(code, 0, stderr);
    checkOrder(report);
    const again = await sandbox.run(["report", journal(sandbox), "--format", "json"]);
    assert.deepEqual(JSON.parse(again.stdout).results, report.results);
  }),
);

test(
  "fanout report shows them in this order for a run that was killed, too",
  inSandbox(async (sandbox) => {
    const child = sandbox.startConfig(`${config}  stays: { exec: { command: [sleep, "60"] } }\n`);
    await eventually(() =>
      sandbox.exists("state/fanout") && sandbox.read(journal(sandbox)).split('"type":"run"').length === 1 + 24
    );
    send(child, "SIGKILL");
    await sandbox.finish(child);
    const { stdout } = await sandbox.run(["report", journal(sandbox), "--format", "json"]);
    checkOrder(JSON.parse(stdout));
    for (const { pid } of sandbox.survivors()) process.kill(pid, "SIGKILL");
  }),
);

function journal(sandbox: Sandbox): string {
  const names = readdirSync(sandbox.path("state/fanout"), { recursive: true, encoding: "utf8" });
  return `state/fanout/${names.find((name) => name.endsWith(".ndjson")) ?? ""}`;
}
