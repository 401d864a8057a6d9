import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunView, TargetView } from "../../model/run_view.ts";
import { renderProgress } from "./render.ts";

function target(name: string, more: Partial<TargetView> = {}): TargetView {
  return {
    name,
    limit: 16,
    running: 4,
    waiting: 0,
    ended: 1200,
    failed: 0,
    total: 10_000,
    pausedMs: 0,
    ...more,
  };
}

function view(targets: TargetView[]): RunView {
  return { elapsedMs: 12_300, stopping: null, targets };
}

const wide = { columns: 80, rows: 24, color: false, perSecond: [84.25] };

test("renderProgress() shows done, total, running, rate, failures and time left", () => {
  const [line, whole] = renderProgress(view([target("api", { failed: 3 })]), wide);
  assert.equal(line, "api   █░░░░░░░░░░░░░░░  1,200/10,000  3 failed  4/16 running  84.3/s  1m45s left");
  assert.equal(whole, "12.3s  1,200/10,000 done  3 failed  4 running");
});

test("renderProgress() never exceeds the terminal, whatever its size", () => {
  const targets = Array.from(
    { length: 50 },
    (_, i) => target(`target_number_${i}`, { waiting: 12, failed: i }),
  );
  for (const columns of [20, 40, 80, 200]) {
    for (const rows of [3, 10, 24, 60]) {
      const lines = renderProgress(view(targets), {
        columns,
        rows,
        color: false,
        perSecond: targets.map(() => 1234),
      });
      assert.ok(lines.length < rows, `${lines.length} lines in ${rows} rows`);
      for (const line of lines) assert.ok(line.length <= columns, `${line.length} of ${columns}: ${line}`);
    }
  }
});

test("renderProgress() says how many targets it leaves out", () => {
  const targets = Array.from({ length: 50 }, (_, i) => target(`t${i}`));
  const lines = renderProgress(view(targets), { ...wide, rows: 12 });
  assert.ok(lines.includes("… and 41 more targets"), lines.join("\n"));
});

test("renderProgress() of a run that stops says so before all else, and tells no time left", () => {
  const stopping = { ...view([target("api", { failed: 3 })]), stopping: "stopping (Ctrl-C again: at once)" };
  const [line, whole] = renderProgress(stopping, { ...wide, columns: 40 });
  assert.equal(line, "api    1,200/10,000  3 failed");
  assert.equal(whole, "12.3s  stopping (Ctrl-C again: at once)…");
  assert.doesNotMatch(renderProgress(stopping, wide)[0]!, /left/);
});

test("renderProgress() shows a pause instead of the time left", () => {
  const [line] = renderProgress(view([target("api", { pausedMs: 4_000 })]), wide);
  assert.match(line!, /paused 4s$/);
});
