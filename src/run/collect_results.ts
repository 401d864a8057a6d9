import { isValueMap, parseJson, stringifyJson, type Value } from "../model/json.ts";
import type { Plan, TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { ResultStore } from "../model/run_record.ts";
import { csvLine } from "../report/csv_line.ts";
import type { Clock } from "../runtime/ports.ts";
import type { PendingFile, SaveFiles } from "../runtime/save_files.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import { fixedPlace } from "../tasks/save.ts";

/** Whether a task gathers just its outputs, which its results have anyway. */
export function collectsOutputs({ value }: { readonly value: string }): boolean {
  return value.trim() === "outputs";
}

/** What gathering needs of the machine. */
export interface CollectPorts {
  readonly saves: SaveFiles;
  readonly clock: Clock;
}

/**
 * Writes what each task gathers: one line per ok run, in input order, read back from the journal, one result at a time.
 * A file appears whole or not at all; one that cannot be written does not keep the others from it.
 *
 * @returns a message for each file that could not be written
 */
export async function collectResults(
  plan: Plan,
  results: ResultStore,
  ports: CollectPorts,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [position, task] of plan.tasks.entries()) {
    if (task.collect === null) continue;
    const values = () => collectedValues(task, position, results);
    const lines = task.collect.path.endsWith(".csv") ? csvLines(values, ownColumns(task)) : jsonLines(values);
    try {
      await writeLines(lines, fixedPlace(task.collect.path, plan.outputDirectory), ports);
    } catch (error) {
      // The place may be at fault, or the journal that is read.
      const why = describeSystemError(error);
      failures.push(`cannot write what "${task.name}" collects to ${task.collect.path}: ${why}`);
    }
  }
  return failures;
}

/** The columns of a task that gathers its outputs; what is secret stays behind. Null when only the values tell. */
function ownColumns({ collect, outputs }: TaskPlan): readonly string[] | null {
  if (!collectsOutputs(collect!)) return null;
  return Object.keys(outputs).filter((name) => !outputs[name]!.secret);
}

function* collectedValues(task: TaskPlan, position: number, results: ResultStore): Generator<Value> {
  const columns = ownColumns(task);
  for (const result of okResults(position, results)) {
    if (columns === null) yield result.collected ?? null;
    else yield Object.fromEntries(columns.map((name) => [name, result.outputs?.[name] ?? null]));
  }
}

function* okResults(task: number, results: ResultStore): Generator<Result> {
  const decoder = new TextDecoder();
  for (let index = 0; index < results.size(task); index++) {
    let text = "";
    const isThere = results.copy(task, index, (bytes, from, to) => {
      text += decoder.decode(bytes.subarray(from, to), { stream: true });
    });
    // Only what may be ok is parsed: the order of a result's members is fixed.
    if (!isThere || !text.includes('"outcome":"ok","reason":null')) continue;
    const result = parseJson(text) as unknown as Result;
    if (result.outcome === "ok") yield result;
  }
}

/** A map's members are columns, those of all maps together; any other value is the only column. */
function* csvLines(values: () => Iterable<Value>, known: readonly string[] | null): Generator<string> {
  const columns = known ?? columnsOf(values());
  // No run was ok: nobody knows the columns, and a line without any would be read as one without a name.
  if (columns.length === 0) return;
  yield csvLine(columns);
  for (const value of values()) {
    yield csvLine(
      columns.map((name) => isValueMap(value) ? value[name] : name === onlyColumn ? value : null),
    );
  }
}

const onlyColumn = "value";

function columnsOf(values: Iterable<Value>): string[] {
  const names = new Set<string>();
  for (const value of values) {
    if (!isValueMap(value)) names.add(onlyColumn);
    else for (const name of Object.keys(value)) names.add(name);
  }
  return [...names];
}

function* jsonLines(values: () => Iterable<Value>): Generator<string> {
  for (const value of values()) yield stringifyJson(value) + "\n";
}

const flushLength = 64 * 1024;

/** Gives up the thread between two pieces, so that signals are heard. */
async function writeLines(
  lines: Iterable<string>,
  place: ReturnType<typeof fixedPlace>,
  { saves, clock }: CollectPorts,
): Promise<void> {
  let file: PendingFile | null = null;
  const encoder = new TextEncoder();
  try {
    file = saves.create(place.root, place.segments.slice(0, -1));
    let text = "";
    for (const line of lines) {
      text += line;
      if (text.length < flushLength) continue;
      file.write(encoder.encode(text));
      text = "";
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
    file.write(encoder.encode(text));
    await file.commit(place.segments.at(-1)!);
  } finally {
    file?.discard();
  }
}
