import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

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

test(
  "fanout run reports inputs from another task in the order of that task's inputs, whatever order they came in",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(config);
    assert.equal(code, 0, stderr);
    const outputs = (task: string) =>
      report.results.filter((result: { task: string }) => result.task === task)
        .map((result: { output: { stdout: string } }) => result.output.stdout.trim());
    assert.deepEqual(outputs("same"), ["0 1", "1 2", "2 3", "3 4", "4 5", "5 6"]);
    assert.deepEqual(outputs("elements"), ["1", "10", "2", "20", "3", "30", "4", "40", "5", "50", "6", "60"]);
  }),
);
