import type { Config } from "../config/config_schema.ts";
import type { ReportPlan, RunPolicy } from "../model/plan.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { builtInRun } from "./built_in.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Given, PlanFlags } from "./given.ts";

/** A part of the plan, and where its values came from. */
export interface Reasoned<T> {
  readonly value: T;
  readonly why: { readonly [setting: string]: string };
}

/** How the run as a whole is to go: flags win over `run`, which wins over what is built in. */
export function planRun(config: Config, flags: PlanFlags, evaluator: Evaluator): Reasoned<RunPolicy> {
  const run = config.run ?? {};
  const why: Record<string, string> = {};
  const settle = <T>(key: keyof typeof run & string, builtIn: T, flag: T | null = null, flagName = ""): T => {
    const value = flag ?? evaluator.settle(run[key], ["run", key]) as T | undefined;
    why[`run.${key}`] = flag !== null ? flagName : run[key] === undefined ? "built-in" : "run";
    return value ?? builtIn;
  };
  const failFast = flags.failFast ? { count: 0 } : null;
  const value: RunPolicy = {
    concurrency: settle("concurrency", builtInRun.concurrency, flags.concurrency, "--concurrency"),
    timeoutMs: settle<number | null>("timeout", null),
    maxFailures: settle<RunPolicy["maxFailures"]>(
      "maxFailures",
      null,
      failFast ?? flags.maxFailures,
      failFast ? "--fail-fast" : "--max-failures",
    ),
    onFailure: settle("onFailure", builtInRun.onFailure, failFast && "cancel", "--fail-fast"),
    graceMs: settle("grace", builtInRun.grace),
    captureBudget: settle("captureBudget", builtInRun.captureBudget),
    keepRuns: settle("keepRuns", builtInRun.keepRuns),
    seed: flags.seed,
    lock: run.lock === undefined ? null : { ifHeld: run.lock.ifHeld ?? "fail" },
    jitterMs: settle<number | null>("jitter", null),
    notify: (run.notify ?? []).map(({ url, on, style }) => ({
      url,
      on: on ?? ["success", "failure"],
      style: style ?? null,
    })),
  };
  if (run.lock !== undefined) why["run.lock"] = "run";
  if (flags.seed !== null) why["run.seed"] = "--seed";
  return { value, why };
}

/** Where the reports go. Paths of the config start at its directory. */
export function planReport(config: Config, given: Given, evaluator: Evaluator): Reasoned<ReportPlan> {
  const why: Record<string, string> = {};
  const pathOf = (format: keyof ReportPlan): string | null => {
    if (format === "json" && given.flags.report !== null) {
      why["report.json"] = "--report";
      return given.flags.report;
    }
    const setting: string | undefined = config.report?.[format];
    const path = setting && evaluator.render(setting, ["report", format]);
    if (path === undefined || path === "") return null;
    why[`report.${format}`] = "report";
    return resolvePath(given.config.directory, String(path));
  };
  const value: ReportPlan = {
    json: pathOf("json"),
    html: pathOf("html"),
    junit: pathOf("junit"),
    prometheus: pathOf("prometheus"),
  };
  return { value, why };
}
