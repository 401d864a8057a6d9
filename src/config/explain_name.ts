import type { ConfigPath } from "../model/diagnostic.ts";
import type { ExpressionProblem } from "../model/expression.ts";
import type { ExpressionSite } from "../schema/word.ts";
import { kinds } from "../tasks/registry.ts";
import type { Config } from "./config_schema.ts";
import type { ConfigSource } from "./config_source.ts";
import type { TaskSetting } from "./task_schema.ts";

/** Where a name that an expression does not find would be defined; undefined where nothing defines it. */
export function missingName(problem: ExpressionProblem, { path }: ExpressionSite): ConfigPath | undefined {
  const [, name, owner] = /^unknown name "(\w+)".* \((.*?)(?: has|:)/.exec(problem.message) ?? [];
  if (name === undefined || owner === undefined) return undefined;
  const [root, task, member] = owner.split(".");
  if (root === "params" || root === "secrets") return [root, name];
  if (root === "matrix") return [...path.slice(0, 2), "matrix"];
  if (root === "needs") return ["tasks", task ?? name, ...(member === "outputs" ? ["outputs", name] : [])];
  // Its own inputs are made before a task has items.
  if (path[2] === "foreach") return undefined;
  return name === "matrix" ? [...path.slice(0, 2), "matrix"] : [...path.slice(0, 2), "foreach"];
}

/** What the expression itself cannot know: why the config does not have the name, and what may be meant. */
export function explainName(
  problem: ExpressionProblem,
  site: ExpressionSite,
  config: Config,
  source: ConfigSource,
): string {
  const [section, name] = site.path;
  const task = section === "tasks" ? config.tasks[String(name)] : undefined;
  const unknown = /^unknown name "(\w+)"/.exec(problem.message)?.[1];
  if (unknown === undefined) return isCutByComma(site, source) ? commaHint : "";
  const isMapKey = /[{,]\s*$/.test(site.source.slice(0, problem.offset)) &&
    /^\s*:/.test(site.source.slice(problem.offset + problem.length));
  if (isMapKey) return `; a key of a map is a text of its own: '${unknown}': …`;
  if (unknown === "item" && task && !task.foreach) return '; this task has no "foreach", so it has no items';
  if (unknown === "matrix" && task && !task.matrix) return '; this task has no "matrix"';
  const isReadFromNeeds = /needs\.$/.test(site.source.slice(0, problem.offset)) ||
    site.source.startsWith("needs.", problem.offset);
  if (task && isReadFromNeeds && Object.hasOwn(config.tasks, unknown)) {
    return `; to read it, name it in the task's needs: [${unknown}]`;
  }
  const producer = task?.foreach?.source === "from" ? task.foreach.from : undefined;
  if (producer !== undefined && config.tasks[producer]?.outputs?.[unknown]?.secret) {
    return `; it is secret and no part of an item: name the task in needs and read needs.${producer}.outputs.${unknown}`;
  }
  if (site.scope === "key" && (unknown === "run" || unknown === "needs")) {
    return "; a key must be the same in the next run, which resumes by it";
  }
  const isOfResult = kinds.some((kind) => Object.hasOwn(kind.resultFields, unknown));
  if (isOfResult && (site.scope === "item" || site.scope === "key")) {
    return '; there is no result yet here: "expect", "outputs" and "save" read it';
  }
  return problem.message.includes("did you mean") ? "" : meantName(unknown, site, task, config);
}

/** A name that is known, but stands in a place of its own. */
function meantName(
  unknown: string,
  site: ExpressionSite,
  task: TaskSetting | undefined,
  config: Config,
): string {
  const owner = [
    ["params", config.params],
    ["secrets", site.secrets ? config.secrets : undefined],
    ["matrix", task?.matrix?.axes],
  ] as const;
  const found = owner.find(([, names]) => names !== undefined && Object.hasOwn(names, unknown));
  if (found !== undefined) return `; did you mean ${found[0]}.${unknown}?`;
  if (Object.hasOwn(config.tasks, unknown)) return `; did you mean needs.${unknown}.outputs?`;
  if (unknown === "env") {
    return "; an environment variable comes in as a param: params: { home: { env: HOME } }, read as params.home";
  }
  if (unknown === "body") return "; the body of a result is its text, or json";
  const isResult = ["response", "result", "output", "res"].includes(unknown);
  return isResult ? "; the fields of the result stand by themselves" : "";
}

const commaHint = "; inside { } and [ ] a comma ends a value, so put the expression in quotes";

/** `[size(a, b)]` without quotes is a list of `size(a` and `b)`. */
function isCutByComma({ path, source }: ExpressionSite, { written }: ConfigSource): boolean {
  const opening = source.split(/[([]/).length;
  return opening !== source.split(/[)\]]/).length && written(path) !== undefined;
}
