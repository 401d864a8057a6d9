/**
 * The plan for people: `fanout plan`. Every limit and timeout stands with its value and where it came from, so that
 * nobody has to know the rules of inheritance to find out what will happen.
 */
import { stringifyJson, type Value } from "../model/json.ts";
import type { Plan, PoolPlan, SecretSource, TaskPlan } from "../model/plan.ts";
import { orList } from "../model/near.ts";
import { printable, writtenBytes, writtenCount, writtenDuration } from "../model/written.ts";
import { kindNamed } from "../tasks/registry.ts";
import { layOut, type Row, type TableStyle } from "./layout_rows.ts";
import { type InputCounts, shortestTime } from "./shortest_time.ts";
import { taskStory } from "./task_story.ts";
import {
  writtenAttempts,
  writtenBackoff,
  writtenBreaker,
  writtenCapture,
  writtenConcurrency,
  writtenMaxFailures,
  writtenRate,
  writtenTimeout,
} from "./written_limits.ts";

/**
 * The plan as text, with the number of inputs where `counts` has it, and why a secret cannot be read where
 * `missingSecrets` does. Ends with a line end.
 */
export function printPlan(
  plan: Plan,
  counts: InputCounts = {},
  style: TableStyle = plainStyle,
  missingSecrets: ReadonlyMap<string, string> = new Map(),
): string {
  const blocks = [
    [style.bold(printable(plan.name)) + style.dim(`  ${printable(plan.config.path)}`)],
    block("params", layOut(paramRows(plan), style), style),
    block("secrets", layOut(secretRows(plan, missingSecrets), style), style),
    block("run", layOut(runRows(plan), style), style),
    block("pools", spaced(plan.pools.map((pool) => poolLines(pool, style))), style),
    block("tasks", spaced(plan.tasks.map((task) => taskLines(plan, task, counts, style))), style),
    block("reports", layOut(reportRows(plan), style), style),
    timeLines(plan, counts, style),
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n") + "\n").join("\n");
}

/** The plan as JSON, without a line end: itself, and what is known of its size. Secrets are names, templates are text. */
export function planJson(plan: Plan, counts: InputCounts = {}): string {
  const inputs = Object.fromEntries(plan.tasks.map((task) => [task.name, counts[task.name] ?? null]));
  return stringifyJson({ ...plan, inputs, shortestTime: shortestTime(plan, counts) }, 2);
}

/** 80 columns, no colours. */
export const plainStyle: TableStyle = { width: 80, bold: (text) => text, dim: (text) => text };

function block(title: string, lines: readonly string[], style: TableStyle): string[] {
  if (lines.length === 0) return [];
  return [style.bold(title), ...lines.map((line) => line === "" ? "" : `  ${line}`)];
}

/** With an empty line between two groups. */
function spaced(groups: readonly string[][]): string[] {
  return groups.flatMap((lines, index) => index === 0 ? lines : ["", ...lines]);
}

function paramRows(plan: Plan): Row[] {
  return Object.entries(plan.params).map(([name, value]) =>
    row(name, valueText(value), plan.why[`params.${name}`])
  );
}

function secretRows(plan: Plan, missing: ReadonlyMap<string, string>): Row[] {
  return Object.entries(plan.secrets).map(([name, source]) => {
    const why = missing.get(name);
    return row(name, "hidden", secretText(source) + (why === undefined ? "" : ` (${why})`));
  });
}

function secretText(source: SecretSource): string {
  if ("env" in source) return `env ${source.env}`;
  return "file" in source ? `file ${source.file}` : `command ${source.command.join(" ")}`;
}

function runRows({ run, why }: Plan): Row[] {
  const rows = [
    row("concurrency", `${writtenCount(run.concurrency)} over all pools`, why["run.concurrency"]),
    row("timeout", writtenTimeout(run.timeoutMs), why["run.timeout"]),
    row("maxFailures", writtenMaxFailures(run.maxFailures), why["run.maxFailures"]),
  ];
  if (run.maxFailures !== null) rows.push(row("onFailure", run.onFailure, why["run.onFailure"]));
  rows.push(
    row("grace", writtenDuration(run.graceMs), why["run.grace"]),
    row("captureBudget", writtenBytes(run.captureBudget), why["run.captureBudget"]),
    row("keepRuns", writtenCount(run.keepRuns), why["run.keepRuns"]),
  );
  if (run.lock) rows.push(row("lock", `${run.lock.ifHeld} if held`, why["run.lock"]));
  if (run.jitterMs !== null) rows.push(row("jitter", writtenDuration(run.jitterMs), why["run.jitter"]));
  if (run.seed !== null) rows.push(row("seed", String(run.seed), why["run.seed"]));
  for (const { url, on } of run.notify) rows.push(row("notify", on.join(", "), url));
  return rows;
}

function poolLines(pool: PoolPlan, style: TableStyle): string[] {
  const { why } = pool;
  const rows = [row("concurrency", writtenConcurrency(pool.concurrency), why.concurrency)];
  const address = pool.spec.baseUrl ?? pool.spec.url;
  if (typeof address === "string" && address !== pool.name) rows.unshift(row("address", address));
  if (pool.rate) rows.push(row("rate", writtenRate(pool.rate), why.rate));
  if (pool.breaker) rows.push(row("breaker", writtenBreaker(pool.breaker), why.breaker));
  const family = pool.per === null
    ? ""
    : `, one pool per ${
      pool.per !== "origin" ? `value of ${pool.per}` : pool.kind === "http" ? "origin" : "URL"
    }`;
  return [
    style.bold(printable(pool.name)) + printable(`  ${pool.kind ?? "any kind"}${family}`),
    ...indented(layOut(rows, style)),
  ];
}

function taskLines(plan: Plan, task: TaskPlan, counts: InputCounts, style: TableStyle): string[] {
  const pool = plan.pools[task.pool]!;
  const { timeouts, retry, why } = task;
  const rows = [row("target", pool.name, why.target)];
  if (task.concurrency !== null) {
    rows.push(row("concurrency", `${writtenCount(task.concurrency)} of the pool`, why.concurrency));
  }
  rows.push(row("timeout.attempt", writtenTimeout(timeouts.attemptMs), why["timeout.attempt"]));
  const phases = [["connect", timeouts.connectMs], ["firstByte", timeouts.firstByteMs], [
    "idle",
    timeouts.idleMs,
  ]] as const;
  for (const [phase, ms] of phases) {
    if (ms !== null) rows.push(row(`timeout.${phase}`, writtenTimeout(ms), why[`timeout.${phase}`]));
  }
  rows.push(
    row("timeout.total", writtenTimeout(timeouts.totalMs), why["timeout.total"]),
    row("retry.attempts", writtenAttempts(retry.attempts), why["retry.attempts"]),
  );
  if (retry.attempts > 1) {
    rows.push(row("retry.backoff", writtenBackoff(retry.backoff), why["retry.backoff"]));
  }
  if (retry.on.length > 0) rows.push(row("retry.on", retry.on.join(", "), why["retry.on"]));
  if (retry.until !== null) rows.push(row("retry.until", retry.until, why["retry.until"]));
  rows.push(
    row("repeatable", task.harmless ? "yes" : "no", why.harmless),
    row("capture", writtenCapture(task.capture), why.capture),
  );
  for (const key of Object.keys(kindNamed(task.kind).limits ?? {})) {
    const limit = Number(task.spec[key]);
    const value = key.endsWith("Bytes") ? writtenBytes(limit) : writtenCount(limit);
    rows.push(row(key, value, why[`${task.kind}.${key}`]));
  }
  if (task.allowFailure) rows.push(row("allowFailure", "yes", why.allowFailure));
  return [heading(task, counts, style), ...indented([...taskStory(task), ...layOut(rows, style)])];
}

function heading(task: TaskPlan, counts: InputCounts, style: TableStyle): string {
  const count = counts[task.name] ?? (task.foreach === null && task.matrix === null ? 1 : null);
  const inputs = count === null
    ? "inputs not counted"
    : count === 1
    ? "1 input"
    : `${writtenCount(count)} inputs`;
  return `${style.bold(task.name)}  ${task.kind}, ${inputs}`;
}

function reportRows({ report, why }: Plan): Row[] {
  return Object.entries(report).filter(([, path]) => path !== null)
    .map(([format, path]) =>
      row(format, why[`report.${format}`] === "report" ? path! : `${path} (${why[`report.${format}`]})`)
    );
}

function timeLines(plan: Plan, counts: InputCounts, style: TableStyle): string[] {
  const shortest = shortestTime(plan, counts);
  if (shortest === null) {
    const paced = plan.pools.filter(({ rate }) => rate !== null).map(({ name }) => printable(name));
    const what = paced.length === 0
      ? "No rate limits this run"
      : `The rate of ${orList(paced)} sets no shortest time: too few of the inputs are counted`;
    return [`${what}. How long it takes depends on how long an attempt does.`];
  }
  return [`${style.bold(`At least ${writtenDuration(shortest.ms)}`)}: ${printable(shortest.because)}.`];
}

function row(label: string, value: string, why = ""): Row {
  return { label: printable(label), value: printable(value), why: printable(why) };
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function valueText(value: Value): string {
  return typeof value === "string" && /^[\w.:/@+-]+$/.test(value) ? value : stringifyJson(value);
}
