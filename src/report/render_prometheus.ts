import { outcomes } from "../model/outcome.ts";
import { printable } from "../model/written.ts";
import type { ReportHead, TargetReport } from "./report.ts";

/** Labels and value of one line. */
type Sample = readonly [labels: { readonly [name: string]: string }, value: number | null | undefined];

/** Gauges of the last run, for node_exporter's textfile collector. Names of tasks and inputs are no labels: there may be a million. */
export function* renderPrometheus(head: ReportHead): Generator<string> {
  const { run, summary } = head;
  const each = (samples: readonly Sample[]): Sample[] =>
    samples.map(([labels, value]) => [{ name: run.name, ...labels }, value]);
  const perTarget = (value: (target: TargetReport) => number | null | undefined): Sample[] =>
    each(Object.entries(head.targets).map(([target, report]) => [{ target }, value(report)]));

  yield metric(
    "fanout_run_success",
    "1 when the last run passed.",
    each([[{}, run.status === "passed" ? 1 : 0]]),
  );
  yield metric("fanout_run_exit_code", "Exit code of the last run.", each([[{}, run.exitCode]]));
  yield metric(
    "fanout_run_start_time_seconds",
    "When the last run started.",
    each([[{}, seconds(run.startedAt)]]),
  );
  yield metric(
    "fanout_run_end_time_seconds",
    "When the last run ended.",
    each([[{}, seconds(run.finishedAt)]]),
  );
  yield metric(
    "fanout_run_duration_seconds",
    "How long the last run took.",
    each([[{}, run.durationMs === null ? null : run.durationMs / 1000]]),
  );
  yield metric(
    "fanout_task_runs",
    "Task runs of the last run by outcome.",
    each(outcomes.map((outcome) => [{ outcome }, summary[outcome]])),
  );
  yield metric(
    "fanout_allowed_failures",
    "Failures that allowFailure forgave.",
    each([[{}, summary.allowedFailures]]),
  );
  yield metric("fanout_attempts", "Attempts of the last run.", each([[{}, summary.attempts]]));
  yield metric(
    "fanout_retries",
    "Attempts beyond the first of each task run.",
    each([[{}, summary.retries]]),
  );
  yield metric(
    "fanout_failures",
    "Failures of the last run by error code.",
    each(Object.entries(head.failures.byCode).map(([code, count]) => [{ code }, count])),
  );
  yield metric(
    "fanout_target_task_runs",
    "Task runs by target and outcome.",
    each(
      Object.entries(head.targets).flatMap(([target, { counts }]) =>
        outcomes.map((outcome): Sample => [{ target, outcome }, counts[outcome]])
      ),
    ),
  );
  yield metric(
    "fanout_target_latency_seconds",
    "Duration of attempts by target.",
    each(
      Object.entries(head.targets).flatMap(([target, { latencyMs }]) =>
        (["p50", "p90", "p99", "max"] as const).map((quantile): Sample => [
          { target, quantile: quantileLabels[quantile] },
          latencyMs === null ? null : latencyMs[quantile] / 1000,
        ])
      ),
    ),
  );
  yield metric(
    "fanout_target_concurrency_limit",
    "Attempts at a time that were allowed.",
    perTarget((t) => t.concurrency.limit),
  );
  yield metric(
    "fanout_target_concurrency_peak",
    "The most attempts at a time.",
    perTarget((t) => t.concurrency.peak),
  );
  yield metric(
    "fanout_target_throttled",
    "How often the server said too many requests.",
    perTarget((t) => t.throttled),
  );
}

const quantileLabels = { p50: "0.5", p90: "0.9", p99: "0.99", max: "1" } as const;

/** Samples without a value are left out, and so is a metric without samples. */
function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.filter(([, value]) => typeof value === "number").map(([labels, value]) =>
    `${name}{${
      Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(",")
    }} ${value}\n`
  );
  return lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`;
}

function escapeLabel(text: string): string {
  return printable(text.toWellFormed()).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

function seconds(stamp: string | null): number | null {
  return stamp === null ? null : Date.parse(stamp) / 1000;
}
