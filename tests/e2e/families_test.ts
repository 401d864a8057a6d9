import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
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

test(
  "each database that items name has a pool of its own, so that those that hang hold up no other",
  inSandbox(async (sandbox) => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    try {
      await once(silent, "listening");
      const { port } = silent.address() as AddressInfo;
      const hanging = (scheme: string, count: number) =>
        Array.from({ length: count }, (_, index) => `${scheme}://127.0.0.1:${port}/${index}`);
      const { stderr, report } = await sandbox.runConfig(`
version: 1
defaults: { retry: 1, timeout: { connect: 1500ms } }
tasks:
  sql:
    foreach: ${JSON.stringify([...hanging("postgres", 5), "sqlite::memory:"])}
    sql: { url: "\${{ item }}", query: select 1, readOnly: true }
  redis:
    foreach: ${JSON.stringify([...hanging("redis", 17), "redis://127.0.0.1:1"])}
    redis: { url: "\${{ item }}", command: [PING] }
`);
      assert.equal(report.summary.timed_out, 22, stderr);
      for (const task of ["sql", "redis"]) {
        const ends = report.results.filter((run: { task: string }) => run.task === task).map((
          { attempts: [attempt] }: Run,
        ) => Date.parse(attempt!.startedAt) + attempt!.durationMs);
        assert.equal(ends.at(-1), Math.min(...ends), `${task}: ${ends}`);
      }
    } finally {
      silent.close();
    }
  }),
);

interface Run {
  readonly item: { readonly region: string };
  readonly attempts: readonly { readonly startedAt: string; readonly durationMs: number }[];
}
