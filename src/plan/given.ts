import type { ConfigPath, Diagnostic, ReportProblem } from "../model/diagnostic.ts";
import type { ValueMap } from "../model/json.ts";
import type { Plan, RunPolicy } from "../model/plan.ts";
import type { Cpus } from "../runtime/cpus.ts";
import type { ParamsGiven } from "./resolve_params.ts";

/** What the machine and the command line bring to a plan. */
export interface Given {
  readonly config: Plan["config"];
  readonly runId: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly startedAt: string;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly cpus: Cpus;
  /** `--params FILE`, read, in order. */
  readonly paramsFiles: ParamsGiven["files"];
  /** `--set name=text`, in order. */
  readonly set: ParamsGiven["set"];
  readonly flags: PlanFlags;
  /** The place of a problem in the config's text. */
  diagnose(path: ConfigPath, message: string, where?: Parameters<ReportProblem>[2]): Diagnostic;
}

/** Flags that a plan goes by; null where the command line is silent. */
export interface PlanFlags {
  readonly concurrency: number | null;
  readonly maxFailures: RunPolicy["maxFailures"];
  readonly failFast: boolean;
  readonly only: readonly string[] | null;
  readonly first: number | null;
  readonly seed: number | null;
  /** Absolute. */
  readonly report: string | null;
  /** Absolute. */
  readonly outputDirectory: string | null;
}

/** A command line without flags. */
export const noFlags: PlanFlags = {
  concurrency: null,
  maxFailures: null,
  failFast: false,
  only: null,
  first: null,
  seed: null,
  report: null,
  outputDirectory: null,
};

/** What `run` is to expressions. */
export function runVars(run: { readonly runId: string; readonly startedAt: string }): {
  readonly id: string;
  readonly startedAt: Date;
} {
  return { id: run.runId, startedAt: new Date(run.startedAt) };
}

/** What everything in a config may read when the plan is made; secrets are read later. */
export function planVars(params: ValueMap, run: { readonly runId: string; readonly startedAt: string }) {
  return { params, run: runVars(run) };
}
