/**
 * From what the user wrote to what will happen. This folder resolves: params, inheritance, pools, limits, selection; and
 * it explains: where each value came from (`why`), what the limits amount to (`print_plan.ts`).
 *
 * It is pure: what the machine knows is handed in. It opens no source, reads no clock, and renders nothing that depends on
 * an item. Only `read_secrets.ts`, which a run calls before it starts, asks the machine, through ports.
 */
import { directNeeds } from "../config/check_dependencies.ts";
import type { Config } from "../config/config_schema.ts";
import type { Diagnostic, ReportProblem } from "../model/diagnostic.ts";
import type { Plan } from "../model/plan.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { makeEvaluator } from "./evaluate.ts";
import { type Given, planVars } from "./given.ts";
import { planPools } from "./plan_pools.ts";
import { planReport, planRun } from "./plan_run.ts";
import { planTask } from "./plan_task.ts";
import { type ParamsGiven, resolveParams } from "./resolve_params.ts";
import { type Selectable, selectTasks } from "./select_tasks.ts";

/** What came of a config. */
export interface Planned {
  /** Undefined when anything is wrong; warnings leave it. */
  readonly plan?: Plan;
  /** With their place in the config. */
  readonly problems: readonly Diagnostic[];
  /** What is wrong with the command line: sentences without a place. */
  readonly usage: readonly string[];
}

/** Resolves a config that was checked. Every problem is told, not the first one only. Never throws for what a user wrote. */
export function makePlan(config: Config, given: Given): Planned {
  const problems: Diagnostic[] = [];
  const usage: string[] = [];
  const report: ReportProblem = (path, message, where) => problems.push(given.diagnose(path, message, where));

  const undecided = Object.fromEntries(Object.keys(config.params ?? {}).map((name) => [name, null]));
  const params = resolveParams(config.params ?? {}, paramsGiven(given), {
    render: (value, path, params) => makeEvaluator(planVars(params, given), report).render(value, path),
    reads: (value) => paramsRead(makeEvaluator(planVars(undecided, given), report).names(value), config),
    report,
    usage: (message) => usage.push(message),
  });
  const { flags } = given;
  const selection = selectTasks(selectable(config), flags.only);
  usage.push(...selection.problems);
  if (flags.failFast && flags.maxFailures !== null) {
    usage.push("--fail-fast is --max-failures 0 and cancel: give one of them");
  }
  // Limits that read a param without a value would only repeat what is wrong with it.
  if (problems.length > 0 || usage.length > 0) return { problems, usage };

  const evaluator = makeEvaluator(planVars(params.values, given), report);
  const selected = Object.entries(config.tasks).filter(([name]) => selection.tasks.has(name));
  const { pools, positions } = planPools(config, selected, evaluator, given.cpus);
  const tasks = selected.map(([name, setting]) => {
    const position = positions.get(name)!;
    const only = selection.tasks.get(name)!;
    const draft = { name, setting, position, pool: pools[position]!, only, first: flags.first };
    return planTask(draft, { config, evaluator, cpus: given.cpus, report });
  });
  const run = planRun(config, flags, evaluator);
  const reports = planReport(config, given, evaluator);
  if (problems.some(({ severity }) => severity === "error")) return { problems, usage };

  const plan: Plan = {
    name: config.name ?? stem(given.config.path),
    runId: given.runId,
    startedAt: given.startedAt,
    config: given.config,
    params: params.values,
    selection: selectionText(flags),
    secrets: secretSources(config, given.config.directory),
    run: run.value,
    pools,
    tasks,
    report: reports.value,
    outputDirectory: flags.outputDirectory ?? given.config.directory,
    why: {
      ...run.why,
      ...reports.why,
      ...Object.fromEntries(Object.entries(params.why).map(([name, from]) => [`params.${name}`, from])),
    },
  };
  return { plan, problems, usage };
}

function selectionText({ only, first }: Given["flags"]): string | null {
  const parts = [
    ...(only ?? []).map((part) => `--only ${part}`),
    ...(first === null ? [] : [`--first ${first}`]),
  ];
  return parts.length === 0 ? null : parts.join(" ");
}

function paramsGiven({ environment, paramsFiles, set }: Given): ParamsGiven {
  return { environment, files: paramsFiles, set };
}

/** `params.day` → `day`. What reads `params` as a whole reads all of them. */
function paramsRead(names: readonly string[], { params = {} }: Config): readonly string[] {
  const all = Object.keys(params);
  if (names.includes("params")) return all;
  return all.filter((name) =>
    names.some((read) => read === `params.${name}` || read.startsWith(`params.${name}.`))
  );
}

/** Sources with absolute paths. */
function secretSources({ secrets = {} }: Config, directory: string): Plan["secrets"] {
  const absolute = Object.entries(secrets).map(([name, source]) => [
    name,
    "file" in source ? { file: resolvePath(directory, source.file) } : source,
  ]);
  return Object.fromEntries(absolute);
}

function selectable(config: Config): Selectable[] {
  return Object.entries(config.tasks).map(([name, task]) => ({
    name,
    needs: directNeeds(config, task),
    hasKey: task.key !== undefined,
  }));
}

/** `configs/nightly.yaml` → `nightly`. */
function stem(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.(ya?ml|json)$/i, "") || "fanout";
}
