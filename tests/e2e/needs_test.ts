import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

interface Run {
  readonly task: string;
  readonly item: unknown;
  readonly outcome: string;
  readonly output: { readonly stdout: string } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

function runsOf(report: { readonly results: readonly Run[] }, task: string): Run[] {
  return report.results.filter((run) => run.task === task);
}

test(
  "inputs made from the outputs of a task that nothing else reads",
  inSandbox(async (sandbox) => {
    const { code, stderr, report } = await sandbox.runConfig(`
version: 1
name: needs
tasks:
  ids: { exec: { command: [echo, "[3, 1, 2]"] }, outputs: { ids: json } }
  bare:
    needs: [ids]
    foreach: { values: needs.ids.outputs.ids }
    exec: { command: [echo, "\${{ item }}"] }
    outputs: { said: stdout }
  sizes: { needs: [ids], matrix: { size: "\${{ needs.ids.outputs.ids }}" }, exec: { command: [echo, "\${{ matrix.size }}"] } }
  many:
    needs: [bare]
    foreach: { range: "1..\${{ size(needs.bare.outputs.said) }}" }
    exec: { command: [echo, "\${{ item }}"] }
  through: { needs: [many], foreach: { values: needs.ids.outputs.ids }, exec: { command: [echo] } }
`);
    assert.equal(code, 0, stderr);
    assert.deepEqual(runsOf(report, "bare").map(({ item }) => item), [3, 1, 2]);
    assert.equal(runsOf(report, "sizes").length, 3);
    assert.equal(runsOf(report, "many").length, 3);
    assert.equal(runsOf(report, "through").length, 3);
  }),
);

test(
  "outputs over 16 MiB fail those who read them, and nobody else",
  inSandbox(async (sandbox) => {
    const { code, report } = await sandbox.runConfig(`
version: 1
name: needs
tasks:
  big:
    foreach: { range: "1..20" }
    exec: { command: [sh, -c, "head -c 1000000 /dev/zero | tr '\\\\0' a"] }
    capture: none
    outputs: { text: stdout, size: stdout.size() }
  counts: { needs: [big], exec: { command: [echo, "\${{ needs.big.counts.ok }}"] } }
  sizes: { needs: [big], exec: { command: [echo, "\${{ sum(needs.big.outputs.size) }}"] } }
  texts: { needs: [big], foreach: [1, 2], exec: { command: [echo, "\${{ needs.big.outputs.text.size() }}"] } }
`);
    assert.equal(code, 1);
    assert.equal(runsOf(report, "counts")[0]!.output!.stdout, "20\n");
    assert.equal(runsOf(report, "sizes")[0]!.output!.stdout, "20000000\n");
    assert.deepEqual(runsOf(report, "texts").map(({ item, error }) => [item, error!.code]), [
      [1, "too_large"],
      [2, "too_large"],
    ]);
  }),
);

test(
  "an each that a result does not suit fails the task that asked for it, not the one that gave it",
  inSandbox(async (sandbox) => {
    const { code, report } = await sandbox.runConfig(`
version: 1
name: from
tasks:
  pages:
    foreach: ['{"ids": [1, 2]}', '{"other": 1}', 'no JSON', '{"ids": 7}', '{"ids": [3]}']
    exec: { command: [echo, "\${{ item }}"] }
  ids: { foreach: { from: pages, each: json.ids }, exec: { command: [echo, "\${{ item }}"] } }
  texts: { foreach: { from: pages, each: lines(stdout) }, exec: { command: [echo, "\${{ item }}"] } }
`);
    assert.equal(code, 1);
    assert.ok(runsOf(report, "pages").every(({ outcome }) => outcome === "ok"));
    assert.ok(runsOf(report, "texts").every(({ outcome }) => outcome === "ok"));
    const ids = runsOf(report, "ids");
    assert.deepEqual(ids.filter(({ outcome }) => outcome === "ok").map(({ item }) => item).sort(), [1, 2, 3]);
    const failed = ids.filter(({ outcome }) => outcome === "failed");
    assert.deepEqual(failed.map(({ error }) => error!.code), ["template", "template", "template"]);
    assert.match(failed.map(({ error }) => error!.message).join("\n"), /has no "ids"/);
    assert.match(failed.map(({ error }) => error!.message).join("\n"), /give a list/);
  }),
);

test(
  "a task that goes through another one reads what that one needs",
  inSandbox(async (sandbox) => {
    const { code, report, stderr } = await sandbox.runConfig(`
version: 1
name: behind_from
tasks:
  slow: { exec: { command: [sh, -c, "sleep 0.1; echo slow"] }, outputs: { said: stdout.trim() } }
  many: { needs: [slow], foreach: [1, 2], exec: { command: [echo, "\${{ item }}"] } }
  each: { foreach: { from: many }, exec: { command: [echo, "\${{ needs.slow.outputs.said }}"] } }
  next: { foreach: { from: each }, exec: { command: [echo, "\${{ needs.slow.outputs.said }}"] } }
`);
    assert.equal(code, 0, stderr);
    for (const { task, output } of report.results) {
      if (task === "each" || task === "next") assert.equal(output.stdout, "slow\n");
    }
  }),
);
