import { type Condition, conditionOf } from "../model/condition.ts";
import type { Expression, Scope, Template, Vars } from "../model/expression.ts";
import { stringifyJson, type Value } from "../model/json.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { LearningRedactor } from "../model/redactor.ts";
import type { Ports } from "../runtime/ports.ts";
import type { Performer } from "../tasks/kind.ts";
import { isLate, namesInInputs, textsOfInputs } from "../inputs/reads_needs.ts";
import { collectsOutputs } from "./collect_results.ts";
import { kindNamed } from "../tasks/registry.ts";
import { type ExpressionCompiler, runScope } from "./scope.ts";
import type { TasksByName } from "./task_graph.ts";

/** A task of the plan, compiled: its expressions, and what performs its attempts. */
export interface Program {
  readonly task: TaskPlan;
  readonly performer: Performer;
  /** Which pool of its target's family an input belongs to; null for a task with one pool. */
  readonly poolKey: ((vars: Vars) => string) | null;
  readonly condition: Condition | null;
  readonly key: Template | null;
  readonly expect: readonly Condition[];
  readonly outputs: readonly {
    readonly name: string;
    readonly value: Expression;
    readonly secret: boolean;
  }[];
  /** Over the result and `outputs`; null without `collect`, and where it is the outputs themselves. */
  readonly collected: Expression | null;
  readonly save: { readonly path: Template; readonly condition: Condition | null } | null;
  readonly until: Condition | null;
  /** Names of what a result of its kind has. */
  readonly resultFields: ReadonlySet<string>;
  /** An expression reads one of the kind's texts: the whole content has to be kept. */
  readonly readsContent: boolean;
  /** Lists for tasks that have `foreach: { from: this, each }`, by the consumer's position. */
  readonly feeds: readonly { readonly consumer: number; readonly each: Expression }[];
  /** Those of the tasks in `feeds` that may be given elements while an attempt still runs. */
  readonly streamsTo: readonly number[];
  /** Every name that its expressions and templates read. */
  readonly namesRead: ReadonlySet<string>;
  /** Its inputs are made from what other tasks put out. */
  readonly inputsNeedOthers: boolean;
  /** `expect`, `outputs`, `save` or `until` read anything at all. */
  readonly looksAtResult: boolean;
}

/** What is the same for every task of a run. */
export interface ProgramContext {
  readonly plan: Plan;
  readonly tasks: TasksByName;
  readonly ports: Ports;
  readonly redactor: LearningRedactor;
  /** `params`, `secrets` and `run`. */
  readonly shared: Vars;
  readonly secretVariables: readonly string[];
  readonly compiler: ExpressionCompiler;
}

/** Compiles one task and opens its kind. @throws when an expression does not compile: it was checked at load. */
export async function openProgram(task: TaskPlan, context: ProgramContext): Promise<Program> {
  const kind = kindNamed(task.kind);
  const { plan } = context;
  const namesRead = new Set<string>();
  const compiler = noting(context.compiler, namesRead);
  const before = runScope(task, context.tasks);
  const after = {
    ...before,
    ...Object.fromEntries(Object.keys(kind.resultFields).map((name) => [name, "dyn"] as const)),
  };
  const expect = task.expect.map((source) => conditionOf(compiler.bare(source, after)));
  const outputs = Object.entries(task.outputs).map(([name, output]) => ({
    name,
    value: compiler.bare(output.value, after),
    secret: output.secret,
  }));
  const collected = task.collect === null || collectsOutputs(task.collect)
    ? null
    : compiler.bare(task.collect.value, { ...after, outputs: "dyn" });
  const save = task.save && {
    path: compiler.template(task.save.path, after),
    condition: task.save.if === null ? null : conditionOf(compiler.bare(task.save.if, after)),
  };
  const until = task.retry.until === null ? null : conditionOf(compiler.bare(task.retry.until, after));

  const feeds = plan.tasks.flatMap(({ foreach }, consumer) =>
    foreach?.source === "from" && foreach.from === task.name && foreach.each !== null
      ? [{ consumer, each: compiler.bare(foreach.each, after) }]
      : []
  );

  // What judges the result, or tells what of it is secret, comes after its last element.
  const judges = expect.length > 0 || until !== null || outputs.some(({ secret }) => secret);
  const streamed = judges ? [] : feeds.filter(({ each }) => each.source.trim() === kind.streams);

  const read = new Set<string>();
  const readers = [
    ...feeds.filter((feed) => !streamed.includes(feed)).map((feed) => feed.each),
    ...expect,
    ...outputs.map((output) => output.value),
    collected,
    save?.path,
    save?.condition,
    until,
  ];
  for (const reader of readers) for (const name of reader?.names ?? []) read.add(name.split(".")[0]!);
  const reads = (field: string) => read.has(field);

  const open = await kind.load();
  const performer = await open({
    task,
    pool: plan.pools[task.pool]!,
    ports: context.ports,
    runId: plan.runId,
    directory: plan.config.directory,
    template: (source) => compiler.template(source, before),
    resultExpression: (source, more) => compiler.bare(source, { ...after, ...more }),
    renderTarget: (source): Value => compiler.template(source, targetScope).render(context.shared),
    secretVariables: context.secretVariables,
    redactor: context.redactor,
    learnSecret: context.redactor.learn,
    reads,
  });
  return {
    task,
    performer,
    poolKey: poolKeyOf(context.plan.pools[task.pool]!.per, performer, (per) => compiler.bare(per, before)),
    condition: task.if === null ? null : conditionOf(compiler.bare(task.if, before)),
    key: task.key === null ? null : compiler.template(task.key, before),
    expect,
    outputs,
    collected,
    save,
    until,
    resultFields: new Set(Object.keys(kind.resultFields)),
    namesRead,
    inputsNeedOthers: noteInputs(task, compiler, before),
    feeds,
    streamsTo: streamed.map(({ consumer }) => consumer),
    readsContent: kind.textFields.some(reads),
    looksAtResult: feeds.length > 0 || readers.some((reader) => reader !== null && reader !== undefined),
  };
}

/** Has `compiler` note what the task's inputs read. True when that is anything of another task. */
function noteInputs(task: TaskPlan, compiler: ExpressionCompiler, scope: Scope): boolean {
  const { expressions, templates } = textsOfInputs(task);
  const inputScope: Scope = {
    ...scope,
    ...Object.fromEntries(namesInInputs(task).map((name) => [name, "dyn" as const])),
  };
  return [
    ...expressions.map((source) => compiler.bare(source, inputScope)),
    ...templates.map((source) => compiler.template(source, inputScope)),
  ].some(({ names }) => isLate(names));
}

/** By where it connects to, as the kind tells it, or by the value of an expression; values that look alike share a pool. */
function poolKeyOf(
  per: string | null,
  performer: Performer,
  compile: (source: string) => Expression,
): Program["poolKey"] {
  if (per === null) return null;
  if (per === "origin") return (vars) => performer.poolKey!({ vars, body: noBody });
  const value = compile(per);
  return (vars) => {
    const key = value.evaluate(vars);
    return typeof key === "string" ? key : stringifyJson(key);
  };
}

const noBody = () => {
  throw new Error("a pool is chosen before there is a body");
};

/** A compiler that remembers every name that is read. */
function noting(compiler: ExpressionCompiler, names: Set<string>): ExpressionCompiler {
  const note = <T extends { readonly names: ReadonlySet<string> }>(compiled: T): T => {
    for (const name of compiled.names) names.add(name);
    return compiled;
  };
  return {
    bare: (source, scope) => note(compiler.bare(source, scope)),
    template: (source, scope) => note(compiler.template(source, scope)),
  };
}

const targetScope = { params: "dyn", secrets: "dyn", run: "dyn" } as const;
