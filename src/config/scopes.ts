import type { Scope, TypeSpec } from "../model/expression.ts";
import { outcomes } from "../model/outcome.ts";
import type { ConfigPath } from "../model/diagnostic.ts";
import type { KindName } from "../model/plan.ts";
import type { ScopeName } from "../schema/word.ts";
import { kindNamed, kinds } from "../tasks/registry.ts";
import { allNeeds } from "./check_dependencies.ts";
import type { Config } from "./config_schema.ts";
import { itemType, paramType, typeOfValues } from "./value_types.ts";
import type { TaskSetting } from "./task_schema.ts";

/** What the expressions of a config may read, by the place where they stand. Secrets are there wherever they exist. */
export function scopesOf(config: Config): (path: ConfigPath, name: ScopeName) => Scope {
  const early = earlyScope(config);
  const byTask = new Map<string, Scope>();
  // Shared by all that need a task: two thousand tasks in a chain need each other two million times.
  const neededTypes = new Map(Object.entries(config.tasks).map(([name, task]) => [name, neededType(task)]));
  const taskScope = (name: string, task: TaskSetting): Scope => {
    const known = byTask.get(name);
    if (known) return known;
    const scope = {
      ...early,
      ...itemScope(task, config.tasks),
      needs: { fields: needsScope(config, name, neededTypes) },
    };
    byTask.set(name, scope);
    return scope;
  };

  return ([section, name], scopeName) => {
    const task = section === "tasks" ? config.tasks[String(name)] : undefined;
    if (!task) return placeless(config, early, section === "targets" ? String(name) : null, scopeName);
    const full = taskScope(String(name), task);
    switch (scopeName) {
      case "inputs":
        return only(full, ["params", "secrets", "run", "needs"]);
      case "select":
        return { ...only(full, ["params", "secrets", "run", "needs"]), json: "dyn" };
      case "where":
        // It chooses before items are gathered into batches.
        return without({ ...full, ...itemScope(unbatched(task), config.tasks) }, ["matrix"]);
      case "each":
        return { ...only(full, ["params", "secrets", "run"]), ...producedScope(config, task) };
      case "key":
        return without(full, ["run", "needs"]);
      case "item":
        return full;
      case "result":
        return { ...full, ...kindNamed(task.kind).resultFields };
      case "page":
        return { ...full, ...kindNamed(task.kind).resultFields, pageNumber: "int" };
      case "collect":
        return { ...full, ...kindNamed(task.kind).resultFields, outputs: { fields: openOutputs(task) } };
      default:
        return early;
    }
  };
}

/** What is known before any task has items. */
function earlyScope(config: Config): Scope {
  const secrets = Object.keys(config.secrets ?? {}).map((name): [string, TypeSpec] => [name, "string"]);
  const params = Object.entries(config.params ?? {}).map(([name, param]) => [name, paramType(param)]);
  return {
    params: { fields: Object.fromEntries(params) },
    secrets: { fields: Object.fromEntries(secrets) },
    run: { fields: { startedAt: "timestamp", id: "string" } },
  };
}

/** `item`, `index` and `matrix`, as far as the task has them. */
function itemScope({ foreach, matrix }: TaskSetting, tasks: Config["tasks"]): Scope {
  const scope: { [name: string]: TypeSpec } = { index: "int" };
  if (foreach) {
    scope.item = itemType(foreach, tasks);
    if (foreach.as !== undefined) scope[foreach.as] = scope.item;
  }
  if (matrix) {
    const fields: { [name: string]: TypeSpec } = {};
    for (const [name, values] of Object.entries(matrix.axes)) {
      fields[name] = typeof values === "string" ? "dyn" : typeOfValues(values);
    }
    // An included combination may have names of its own, and other values than the lists.
    for (const name of matrix.include.flatMap((combination) => Object.keys(combination))) {
      fields[name] = "dyn";
    }
    scope.matrix = { fields };
  }
  return scope;
}

function unbatched(task: TaskSetting): TaskSetting {
  return task.foreach ? { ...task, foreach: { ...task.foreach, batch: undefined } } : task;
}

const countsType: TypeSpec = { fields: Object.fromEntries(outcomes.map((outcome) => [outcome, "int"])) };

/** `needs`, with every task that this one waits for, directly or through others. */
function needsScope(config: Config, name: string, types: ReadonlyMap<string, TypeSpec>): Scope {
  const scope: Record<string, TypeSpec> = {};
  for (const other of allNeeds(config, name)) scope[other] = types.get(other)!;
  return scope;
}

function neededType(task: TaskSetting): TypeSpec {
  return { fields: { outputs: { fields: outputsScope(task) }, status: "string", counts: countsType } };
}

/** Outputs are one value or a list of them, depending on how many items there are. */
function outputsScope({ outputs = {} }: TaskSetting): Scope {
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, "dyn"]));
}

/** Those that are not secret. */
function openOutputs(task: TaskSetting): Scope {
  return only(
    outputsScope(task),
    Object.keys(task.outputs ?? {}).filter((name) => !task.outputs![name]!.secret),
  );
}

function producedScope(config: Config, { foreach }: TaskSetting): Scope {
  const producer = foreach?.source === "from" ? config.tasks[foreach.from] : undefined;
  return producer ? kindNamed(producer.kind).resultFields : {};
}

/** In `targets` and `defaults` a setting is for many tasks: what they have is known by name only. */
function placeless(config: Config, early: Scope, target: string | null, name: ScopeName): Scope {
  if (name === "params") return only(early, ["params", "run"]);
  if (name !== "item" && name !== "result") return early;
  const kind = target === null ? null : config.targets?.[target]?.kind ?? null;
  return {
    ...early,
    item: "dyn",
    index: "int",
    matrix: "dyn",
    needs: "dyn",
    ...(name === "result" ? anyResult(kind) : {}),
  };
}

function anyResult(kind: KindName | null): Scope {
  if (kind !== null) return kindNamed(kind).resultFields;
  const fields = kinds.flatMap(({ resultFields }) => Object.keys(resultFields));
  return Object.fromEntries(fields.map((field) => [field, "dyn"]));
}

function only(scope: Scope, names: readonly string[]): Scope {
  return Object.fromEntries(Object.entries(scope).filter(([name]) => names.includes(name)));
}

function without(scope: Scope, names: readonly string[]): Scope {
  return Object.fromEntries(Object.entries(scope).filter(([name]) => !names.includes(name)));
}
