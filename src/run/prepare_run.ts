import type { InputContext } from "../inputs/context.ts";
import { checkSources } from "../inputs/check_sources.ts";
import { type Survey, survey } from "../inputs/survey.ts";
import type { ReportProblem } from "../model/diagnostic.ts";
import type { Plan } from "../model/plan.ts";
import { readSecrets } from "../plan/read_secrets.ts";
import { makeRedactor, type SecretRedactor } from "../report/redactor.ts";
import type { Ports } from "../runtime/ports.ts";
import { openPrograms } from "./open_programs.ts";
import type { Program } from "./program.ts";

/** What has to be right before anything runs. */
export interface Prepared {
  readonly secrets: ReadonlyMap<string, string>;
  /** Knows the secrets. */
  readonly redactor: SecretRedactor;
  readonly programs: readonly Program[];
  readonly survey: Survey;
}

/**
 * Reads the secrets, opens every task and looks at every source: what is missing, doubled or wrong is reported, and null
 * is given: exit 2. Null, too, when the signal ends it.
 */
export async function prepareRun(
  plan: Plan,
  ports: Ports,
  context: InputContext,
  report: ReportProblem,
  signal: AbortSignal,
): Promise<Prepared | null> {
  try {
    signal.throwIfAborted();
    return await prepare(plan, ports, context, report, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

async function prepare(
  plan: Plan,
  ports: Ports,
  context: InputContext,
  report: ReportProblem,
  signal: AbortSignal,
): Promise<Prepared | null> {
  let problems = 0;
  const count: ReportProblem = (path, message, where) => {
    problems++;
    report(path, message, where);
  };
  const secrets = await readSecrets(plan, ports, count, signal);
  const redactor = makeRedactor(secrets);
  const programs = problems > 0 ? [] : await openPrograms(plan, { ports, secrets, redactor }, count);
  for (const { path, message } of await checkSources(plan, context)) count(path, message);
  if (problems > 0) return null;
  const surveyed = await survey(plan, context, signal);
  for (const { path, message } of surveyed.problems) count(path, message);
  return problems > 0 ? null : { secrets, redactor, programs, survey: surveyed };
}
