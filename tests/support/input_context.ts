import { compileBare, compileTemplate } from "../../src/expr/compile_template.ts";
import type { InputContext } from "../../src/inputs/context.ts";
import { BrokenItems } from "../../src/inputs/items.ts";
import type { Vars } from "../../src/model/expression.ts";
import type { BrokenInput, Input, InputSource } from "../../src/model/input.ts";
import type { ForeachPlan, ForeachSource, MatrixPlan, Plan, TaskPlan } from "../../src/model/plan.ts";
import { throwingCompiler } from "../../src/run/scope.ts";
import { realClock } from "../../src/runtime/clock.ts";
import type { ByteReader, SourceFiles } from "../../src/runtime/ports.ts";

/** Files that are only named: content by absolute path, `-` for stdin; what `glob` finds, by pattern. */
export interface FakeFiles {
  readonly [path: string]: string | Uint8Array | FakeGlob;
}

/** @see FakeFiles */
export interface FakeGlob {
  readonly found: readonly string[];
}

export interface FakeContextOptions {
  readonly files?: FakeFiles;
  readonly vars?: Vars;
  /** Bytes given at a time; default 16. */
  readonly chunkBytes?: number;
}

/** A context over files in memory; counts the readers that are open. */
export function inputContext(options: FakeContextOptions = {}): InputContext & { open(): number } {
  let open = 0;
  const files = options.files ?? {};
  const read = (path: string): ByteReader => {
    const content = files[path];
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const size = options.chunkBytes ?? 16;
    let at = 0;
    let state: "new" | "open" | "closed" = "new";
    return {
      async read() {
        if (state === "closed") return null;
        if (!(bytes instanceof Uint8Array)) throw new Error("there is no such file");
        if (state === "new") open++;
        state = "open";
        const chunk = bytes.slice(at, at += size);
        return chunk.length === 0 ? null : chunk;
      },
      close() {
        if (state === "open") open--;
        state = "closed";
      },
    };
  };
  const sources: SourceFiles = {
    async probe(path) {
      const content = files[path];
      if (content === undefined) return { readable: false, why: "there is no such file" };
      return { readable: true, bytes: (content as string).length, modifiedMs: 1 };
    },
    open: read,
    stdin: () => read("-"),
    glob: async (pattern) => [...(files[pattern] as FakeGlob | undefined)?.found ?? []],
  };
  return {
    directory: "/config",
    vars: options.vars ?? {},
    clock: realClock,
    sources,
    compiler: throwingCompiler(compileBare, compileTemplate),
    openFrom: () => new BrokenItems("not handled here"),
    open: () => open,
  };
}

/** A `foreach` of the plan with nothing special about it. */
export function foreachPlan(source: ForeachSource, more: Partial<ForeachPlan> = {}): ForeachPlan {
  return {
    as: null,
    where: null,
    unique: false,
    batch: null,
    empty: "ok",
    ...source,
    ...more,
  } as ForeachPlan;
}

/** A task of the plan as far as its inputs go. */
export function taskPlan(more: Partial<TaskPlan> = {}): TaskPlan {
  const task = { name: "t", foreach: null, matrix: null, key: null, only: null, first: null, save: null };
  return { ...task, ...more } as TaskPlan;
}

/** A matrix of the plan. */
export function matrixPlan(axes: MatrixPlan["axes"], more: Partial<MatrixPlan> = {}): MatrixPlan {
  return { axes, exclude: [], include: [], ...more };
}

/** A plan as far as inputs go. */
export function planOf(...tasks: TaskPlan[]): Plan {
  return { tasks, outputDirectory: "/config" } as unknown as Plan;
}

/** Every input of a source. */
export async function allInputs(source: InputSource): Promise<(Input | BrokenInput)[]> {
  const inputs: (Input | BrokenInput)[] = [];
  for (;;) {
    const input = await source.next();
    if (input === null) return inputs;
    inputs.push(input);
  }
}

/** The items of a source's inputs; a broken one as `{ broken }`. */
export async function allItems(source: InputSource): Promise<unknown[]> {
  return (await allInputs(source)).map((input) => "broken" in input ? { broken: input.broken } : input.item);
}
