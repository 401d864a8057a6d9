import { ExpressionError } from "../model/expression.ts";
import type { Input } from "../model/input.ts";
import { segmentProblem } from "../model/path_segment.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import { shortHash } from "../runtime/hash.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { SourceProblem } from "./check_sources.ts";
import { compileInputText, expressionMessage, type InputText, renderPlanText } from "./compile.ts";
import type { InputContext } from "./context.ts";
import { FingerprintMap } from "./fingerprints.ts";
import { cannotBeEqual } from "./identify.ts";
import { type CountedInputs, openTaskInputs } from "./open_inputs.ts";
import { pause } from "./pause.ts";
import { readsNeeds } from "./reads_needs.ts";
import { isStdin } from "./source_path.ts";

/** What was learned by reading every source that can be read twice. */
export interface Survey {
  /** By task name. */
  readonly tasks: ReadonlyMap<string, TaskSurvey>;
  /** Double keys, double save paths, keys that `--only` names and nothing has: nothing runs (exit 2). */
  readonly problems: readonly SourceProblem[];
}

/** @see Survey */
export interface TaskSurvey {
  /** Inputs, one for the place where a source breaks included; null where only the run will tell. */
  readonly count: number | null;
  /** The file that was read; null for other sources. */
  readonly file: FileStamp | null;
}

/** Tells whether a file was changed. */
export interface FileStamp {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Inputs between two chances for everything else. */
const inputsPerTurn = 4_096;
/** Problems of one sort named one by one. */
const namedProblems = 5;

/**
 * Counts the inputs of every task and finds what can only go wrong: two runs with one key, or saving to one path.
 * A source that breaks half way is counted up to there: that is a failed run, not a problem.
 * Keeps 16 to 32 bytes for each key and path, nothing where they cannot be equal, and reads nothing where the number is
 * known and nothing is to be compared.
 *
 * @param signal stops it in the middle: it rejects with the signal's reason
 */
export async function survey(plan: Plan, context: InputContext, signal?: AbortSignal): Promise<Survey> {
  const saves = new SavePaths(plan);
  const tasks = new Map<string, TaskSurvey>();
  const problems: SourceProblem[] = [];
  for (const task of plan.tasks) {
    const inputs = readsNeeds(task, context) ? null : openTaskInputs(task, context);
    if (inputs === null || !inputs.repeatable) {
      inputs?.close();
      tasks.set(task.name, { count: null, file: null });
      continue;
    }
    try {
      const file = await stampOf(task, context);
      const checks = [keyCheck(task, context), onlyCheck(task, context), saves.check(task, context)];
      const count = await countInputs(inputs, checks.filter((check) => check !== null), context, signal);
      tasks.set(task.name, { count, file });
      for (const check of checks) problems.push(...(check?.problems() ?? []));
    } finally {
      inputs.close();
    }
  }
  return { tasks, problems };
}

/** Looks at every input of a task. */
interface InputCheck {
  see(input: Input): void;
  problems(): SourceProblem[];
}

async function countInputs(
  inputs: CountedInputs,
  checks: readonly InputCheck[],
  context: InputContext,
  signal: AbortSignal | undefined,
): Promise<number> {
  const known = checks.length === 0 ? inputs.count() : undefined;
  if (known !== undefined) return known;
  for (let count = 0;; count++) {
    if (count % inputsPerTurn === 0) {
      await pause(context.clock);
      signal?.throwIfAborted();
    }
    const next = inputs.next();
    const input = next instanceof Promise ? await next : next;
    if (input === null) return count;
    if ("broken" in input) continue;
    for (const check of checks) check.see(input);
  }
}

async function stampOf({ foreach }: TaskPlan, context: InputContext): Promise<FileStamp | null> {
  if (foreach === null || !("path" in foreach)) return null;
  try {
    const path = renderPlanText(context, foreach.path);
    const facts = isStdin(path) ? null : await context.sources.probe(resolvePath(context.directory, path));
    return facts?.readable ? { path, bytes: facts.bytes, modifiedMs: facts.modifiedMs } : null;
  } catch (error) {
    expressionMessage(error);
    return null;
  }
}

/** Finds double keys; null for a task that can have none. */
function keyCheck(task: TaskPlan, context: InputContext): InputCheck | null {
  if (task.key === null || cannotBeEqual(task)) return null;
  const key = compileInputText(context, task.key, task);
  const seen = new FingerprintMap();
  const doubles = new ProblemList(["tasks", task.name, "key"]);
  return {
    see(input) {
      const text = renderOrNull(key, input);
      const earlier = text === null ? undefined : seen.add(shortHash(text), input.index);
      if (earlier === undefined) return;
      doubles.add(() =>
        `inputs ${earlier} and ${input.index} (from 0) of task "${task.name}" have the same key "${text}": ` +
        `a key names one result`
      );
    },
    problems: () => doubles.list("double keys"),
  };
}

/** Finds keys that `--only` names and no input has. */
function onlyCheck(task: TaskPlan, context: InputContext): InputCheck | null {
  if (task.only === null || task.key === null) return null;
  const key = compileInputText(context, task.key, task);
  const missing = new Set(task.only);
  return {
    see(input) {
      const text = renderOrNull(key, input);
      if (text !== null) missing.delete(text);
    },
    problems: () =>
      [...missing].map((text) => ({
        path: ["tasks", task.name],
        message: `task "${task.name}" has no input with the key "${text}"`,
      })),
  };
}

/** Finds paths that two task runs would save to, across all tasks. */
class SavePaths {
  readonly #directory: string;
  readonly #seen = new FingerprintMap();
  /** Which task the paths from a number on belong to. */
  readonly #begins: { readonly task: string; readonly from: number }[] = [];
  #count = 0;

  constructor(plan: Plan) {
    this.#directory = plan.outputDirectory;
  }

  /** Null for a task that saves nothing, or whose path depends on more than its inputs. */
  check(task: TaskPlan, context: InputContext): InputCheck | null {
    if (task.save === null) return null;
    const path = savePath(task.save.path, task, context);
    if (path === null) return null;
    const from = this.#count;
    this.#begins.push({ task: task.name, from });
    const doubles = new ProblemList(["tasks", task.name, "save"]);
    return {
      see: (input) => {
        const text = renderOrNull(path, input, oneSegment);
        if (text === null) return;
        // The number leads back to the task and its input: inputs come in order, and none is left out.
        const number = from + input.index;
        this.#count = number + 1;
        const earlier = this.#seen.add(shortHash(resolvePath(this.#directory, text)), number);
        if (earlier === undefined) return;
        doubles.add(() =>
          `${this.#describe(earlier)} and ${this.#describe(number)} would both save to "${text}": ` +
          `give each its own path`
        );
      },
      problems: () => doubles.list("double save paths"),
    };
  }

  #describe(number: number): string {
    const { task, from } = this.#begins.findLast((begin) => begin.from <= number)!;
    return `task "${task}" (input ${number - from})`;
  }
}

/** Null for a path that reads the result, secrets or other tasks' outputs: the run compares those. */
function savePath(source: string, task: TaskPlan, context: InputContext): InputText | null {
  let path: InputText;
  try {
    path = compileInputText(context, source, task);
  } catch {
    // It compiled when the config was loaded, with the names of the result.
    return null;
  }
  const known = new Set(["params", "run", "item", task.foreach?.as ?? "item", "index", "matrix"]);
  return [...path.names].every((name) => known.has(name.split(".")[0]!)) ? path : null;
}

/** The first few problems of one sort, and how many more there are. */
class ProblemList {
  readonly #path: SourceProblem["path"];
  readonly #problems: SourceProblem[] = [];
  #count = 0;

  constructor(path: SourceProblem["path"]) {
    this.#path = path;
  }

  add(message: () => string): void {
    if (this.#count++ < namedProblems) this.#problems.push({ path: this.#path, message: message() });
  }

  list(what: string): SourceProblem[] {
    const more = this.#count - this.#problems.length;
    return more === 0
      ? this.#problems
      : [...this.#problems, { path: this.#path, message: `and ${more} more ${what}` }];
  }
}

/** A value that may not stand in a path saves nothing. */
function oneSegment(value: string): string {
  const problem = segmentProblem(value);
  if (problem !== undefined) throw new ExpressionError(problem);
  return value;
}

/** A text that cannot be rendered fails its own run later. */
function renderOrNull(text: InputText, input: Input, encode?: (text: string) => string): string | null {
  try {
    return text.render(input, encode);
  } catch (error) {
    expressionMessage(error);
    return null;
  }
}
