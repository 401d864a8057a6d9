import { compileExpression } from "../expr/compile_expression.ts";
import { compileTemplate } from "../expr/compile_template.ts";
import { readsSecrets } from "../expr/names.ts";
import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import type { ExpressionProblem } from "../model/expression.ts";
import type { ExpressionSite } from "../schema/word.ts";
import { kinds } from "../tasks/registry.ts";
import type { Config } from "./config_schema.ts";
import type { ConfigSource } from "./config_source.ts";
import { scopesOf } from "./scopes.ts";

/** The names that the expressions of a field read; undefined where they are in error, or there are none. */
export type NamesRead = (path: ConfigPath) => ReadonlySet<string> | undefined;

/** Compiles every expression in the scope of its place. */
export function checkExpressions(
  config: Config,
  sites: readonly ExpressionSite[],
  source: ConfigSource,
  report: ReportProblem,
): NamesRead {
  const scopeAt = scopesOf(config);
  const namesRead = new Map<string, ReadonlySet<string>>();
  for (const site of sites) {
    const scope = scopeAt(site.path, site.scope);
    const compile = site.form === "template" ? compileTemplate : compileExpression;
    const compiled = compile(site.source, scope);
    if (!compiled.ok) {
      for (const problem of compiled.problems) {
        const message = problem.message + hintFor(problem, site, config, source);
        report(site.path, message, { offset: site.offset + problem.offset, length: problem.length });
      }
      continue;
    }
    namesRead.set(site.path.join("\0"), compiled.value.names);
    if (!site.secrets) checkSecrets(site, compiled.value.names, config, report);
    if ("type" in compiled.value) checkType(site, compiled.value.type, report);
  }
  return (path) => namesRead.get(path.join("\0"));
}

/** Secrets, and outputs that are secret, go nowhere where they could be read. */
function checkSecrets(
  { path }: ExpressionSite,
  names: ReadonlySet<string>,
  config: Config,
  report: ReportProblem,
): void {
  if (readsSecrets(names)) {
    report(path, "a secret cannot be used here: this stands in reports or on a command line");
    return;
  }
  const [section, task, field, output] = path.map(String);
  const isSecretItself = section === "tasks" && field === "outputs" &&
    config.tasks[task!]?.outputs?.[output!]?.secret === true;
  const [secret] = [...names].filter((name) => isSecretOutput(name, config));
  if (secret === undefined || isSecretItself) return;
  report(path, `${secret} is secret and cannot be used here: this stands in reports or on a command line`);
}

/** True for `needs.a.outputs.x`, and what lies in it, where `a` says that `x` is secret. */
function isSecretOutput(name: string, config: Config): boolean {
  const [root, task, , output] = name.split(".");
  return root === "needs" && config.tasks[task ?? ""]?.outputs?.[output ?? ""]?.secret === true;
}

function checkType(site: ExpressionSite, type: string, report: ReportProblem): void {
  if (type === "dyn" || site.gives === "any") return;
  const where = { offset: site.offset, length: site.source.length };
  const given = typeNames[type] ?? `a ${type}`;
  if (site.gives === "bool" && type !== "bool") {
    report(
      site.path,
      `this gives ${given}; a condition gives true or false: compare it with something`,
      where,
    );
  } else if (site.gives === "list" && !type.startsWith("list")) {
    report(site.path, `this gives ${given}, but a list is needed`, where);
  }
}

const typeNames: { readonly [type: string]: string } = {
  string: "text",
  int: "a whole number",
  double: "a number",
  bool: "true or false",
};

/** What the expression itself cannot know: why the config does not have the name. */
function hintFor(
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
  return "";
}

const commaHint = "; inside { } and [ ] a comma ends a value, so put the expression in quotes";

/** `[size(a, b)]` without quotes is a list of `size(a` and `b)`. */
function isCutByComma({ path, source }: ExpressionSite, { written }: ConfigSource): boolean {
  const opening = source.split(/[([]/).length;
  return opening !== source.split(/[)\]]/).length && written(path) !== undefined;
}
