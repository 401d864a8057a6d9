import { compileExpression } from "../expr/compile_expression.ts";
import { compileTemplate } from "../expr/compile_template.ts";
import { readsSecrets } from "../expr/names.ts";
import type { ConfigPath, ReportProblem } from "../model/diagnostic.ts";
import type { Template } from "../model/expression.ts";
import type { ExpressionSite } from "../schema/word.ts";
import type { ConfigToCheck } from "./check_config.ts";
import type { Config } from "./config_schema.ts";
import { explainName, missingName } from "./explain_name.ts";
import { scopesOf } from "./scopes.ts";

/** The names that the expressions of a field read; undefined where they are in error, or there are none. */
export type NamesRead = (path: ConfigPath) => ReadonlySet<string> | undefined;

/** Compiles every expression in the scope of its place. */
export function checkExpressions(
  { config, sites, source, isFaulty }: ConfigToCheck,
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
        const missing = missingName(problem, site);
        if (missing !== undefined && isFaulty(missing)) continue;
        const known = site.secrets ? problem.message : withoutSecrets(problem.message);
        const message = known + explainName(problem, site, config, source);
        report(site.path, message, { offset: site.offset + problem.offset, length: problem.length });
      }
      continue;
    }
    namesRead.set(site.path.join("\0"), compiled.value.names);
    if (!site.secrets) checkSecrets(site, compiled.value.names, config, report);
    if ("type" in compiled.value) checkType(site, compiled.value.type, report);
    else if (site.gives === "text" || !compiled.value.whole) checkTexts(site, compiled.value, report);
  }
  return (path) => namesRead.get(path.join("\0"));
}

/** They are in every scope, so that what reads one where it may not is told why; the names to choose from are others. */
function withoutSecrets(message: string): string {
  return message.replace(/(\(known here: .*?)\bsecrets, /, "$1");
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

/** A list or a map has no place in a text. */
function checkTexts({ path, source }: ExpressionSite, { parts }: Template, report: ReportProblem): void {
  let from = 0;
  for (const part of parts) {
    if (typeof part === "string") continue;
    const written = part.source.trim();
    const offset = source.indexOf(written, from);
    from = offset + written.length;
    const isList = part.type.startsWith("list");
    if (!isList && !part.type.startsWith("map")) continue;
    const joined = isList ? `, or join its elements with .join(",")` : ", or read one of its fields";
    report(
      path,
      `this gives a ${isList ? "list" : "map"}, and a text is needed: write toJson(${written})${joined}`,
      { offset, length: written.length },
    );
  }
}

const typeNames: { readonly [type: string]: string } = {
  string: "text",
  int: "a whole number",
  double: "a number",
  bool: "true or false",
};
