import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "./sandbox.ts";

test(
  "a target `per` an expression gives each value a pool of its own",
  inSandbox(async (sandbox) => {
    const { code, report } = await sandbox.runConfig(`
version: 1
name: families
targets: { region: { per: item.region, concurrency: 1 } }
tasks:
  wait:
    foreach: [{ region: eu, n: 1 }, { region: us, n: 2 }, { region: eu, n: 3 }, { region: us, n: 4 }]
    target: region
    exec: { command: [sh, -c, "sleep 0.3"] }
`);
    assert.equal(code, 0);
    const spans = report.results.map(({ item, attempts: [attempt] }: Run) => {
      const from = Date.parse(attempt!.startedAt);
      return { region: item.region, from, to: from + attempt!.durationMs };
    });
    // One at a time in a region, though both regions go at once.
    assert.ok(spans[2].from >= spans[0].to - 5 && spans[3].from >= spans[1].to - 5);
    assert.ok(spans[1].from < spans[0].to && spans[2].from < spans[1].to + 100);
    assert.equal(report.targets.region.concurrency.peak, 1);
  }),
);

interface Run {
  readonly item: { readonly region: string };
  readonly attempts: readonly { readonly startedAt: string; readonly durationMs: number }[];
}
