import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import type { ValueMap } from "../model/json.ts";
import type { ExpressionSite } from "../schema/word.ts";
import { isMap } from "../schema/words.ts";
import { kindNamed } from "../tasks/registry.ts";
import { checkDependencies } from "./check_dependencies.ts";
import { checkExpressions } from "./check_expressions.ts";
import { checkFamilies } from "./check_families.ts";
import { checkIdentities } from "./check_identities.ts";
import { checkNames } from "./check_names.ts";
import type { ConfigSource } from "./config_source.ts";
import { checkNotify } from "./check_notify.ts";
import { checkOutputPaths } from "./check_output_paths.ts";
import { checkRetries } from "./check_retries.ts";
import { checkTimeouts } from "./check_timeouts.ts";
import { checkTargets } from "./check_targets.ts";
import type { Config } from "./config_schema.ts";
import type { TaskSetting } from "./task_schema.ts";

/** A config that was read, as far as it could be. */
export interface ConfigToCheck {
  readonly config: Config;
  /** As it stands in the file, short forms and all. */
  readonly raw: unknown;
  readonly source: ConfigSource;
  /** Every expression in it. */
  readonly sites: readonly ExpressionSite[];
  /** Something at this place, in it, or around it was reported already: that it is missing would be said twice. */
  isFaulty(path: ConfigPath): boolean;
}

/** The rules between the parts of a config, which no single field can know. */
export function checkConfig(given: ConfigToCheck, report: ReportProblem): void {
  const { config, raw, source, isFaulty } = given;
  const namesIn = (section: string) => isMap(raw) && isMap(raw[section]) ? Object.keys(raw[section]) : [];
  checkNames(config, namesIn, report);
  checkDependencies(config, namesIn("tasks"), report);
  checkTargets(config, report);
  checkFamilies(config, report);
  checkOutputPaths(config, source.file, report);
  checkNotify(config, report);
  checkRetries(config, report);
  checkTimeouts(config, report);
  checkIdentities(config, checkExpressions(given, report), report);
  for (const [name, task] of Object.entries(config.tasks)) {
    const reportInside: ReportProblem = (path, message, where) =>
      report(["tasks", name, task.kind, ...path], message, where);
    const isUnread = Object.keys(task.spec).length === 0 && isFaulty(["tasks", name, task.kind]);
    if (isUnread) continue;
    const isUnknown = isFaulty(["tasks", name, "target"]) || isFaulty(["targets", task.target ?? task.kind]);
    const connection = isUnknown ? unknownConnection : connectionOf(config, task);
    kindNamed(task.kind).check(task.spec as ValueMap, reportInside, connection);
  }
}

/** Of a target in error nobody knows what it will say: as if expressions gave it. */
const unknownConnection: ValueMap = { baseUrl: "${{ }}", url: "${{ }}" };

/** What a task's target says of the connection, or the pool of its kind when it names none. */
function connectionOf({ defaults, targets = {} }: Config, { target, kind }: TaskSetting): ValueMap {
  const name = target ?? kind;
  const named = Object.hasOwn(targets, name) ? targets[name] : undefined;
  return { ...defaults?.[kind], ...(named?.kind === kind ? named.spec : {}) } as ValueMap;
}
