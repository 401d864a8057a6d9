import type { Value, ValueMap } from "../model/json.ts";
import type { Ending, Outcome } from "../model/outcome.ts";
import type { TaskPlan } from "../model/plan.ts";
import type { Result } from "../model/result.ts";
import type { Feed, Output } from "../model/verdict.ts";
import { shortHash } from "../runtime/hash.ts";
import { parseList } from "./list_json.ts";

/** A task run that need not run, since it did in an earlier run. */
export interface Carried {
  readonly ending: Ending;
  /** What others read of it, as far as the journal has it. */
  readonly output: Output | null;
  /** Its result of then; null where nobody knows how it ended, so that it gets a result now. */
  readonly kept: KeptResult | null;
}

/** @see Carried */
export interface KeptResult {
  readonly result: Result;
  /** The bytes of then, but for the index: inputs may have changed places. */
  readonly json: string;
  /** Lists that other tasks go through, each after its pieces, as they stand in the journal. */
  readonly lists: Iterable<{ readonly id: string; readonly json: string }>;
}

/** True when an earlier result with this outcome may stand: what can be told without parsing it. */
export function mayStand(outcome: Outcome): boolean {
  return outcome !== "not_run";
}

/** True when a task run need not run again, going by how it ended. */
export function stands(result: Result, task: TaskPlan, isRerun: boolean): boolean {
  // It may have happened: no flag makes it safe to do it again, only the task's own word.
  if (result.error?.code === "outcome_unknown") return !task.harmless;
  if (isRerun) return false;
  switch (result.outcome) {
    case "ok":
      return true;
    case "skipped":
      return result.reason === "if";
    case "failed":
    case "timed_out":
      return result.allowed === true && task.allowFailure;
    default:
      return false;
  }
}

/** True when the result holds this output as it was: no secret, and nothing masked in it. */
export function hasOutput({ outputs }: Result, task: TaskPlan, name: string): boolean {
  if (outputs === null || !Object.hasOwn(outputs, name)) return false;
  return !task.outputs[name]?.secret && !holdsMask(outputs[name]!);
}

/** A list that the task `consumer` goes through; null for one that is not there. */
export interface EarlierList {
  readonly consumer: number;
  readonly id: string;
  readonly json: string | null;
}

/** What a run takes over. `findList` reads a list, or a piece of one, by its id. */
export function carriedOf(
  { result, json, id, index }: {
    readonly result: Result;
    readonly json: string;
    readonly id: string;
    readonly index: number;
  },
  lists: readonly EarlierList[],
  findList: (id: string) => string | null,
): Carried {
  const there = lists.flatMap((list) => {
    const { json } = list;
    if (json === null || json === keptFromJournal) return [];
    return [{ ...list, json, pieces: json.startsWith(piecedHead) ? piecesOf(id, json) : null }];
  });
  const read = (pieceId: string) => parseList(findList(pieceId)!);
  const saved = (result.output as ValueMap | null)?.saved;
  return {
    ending: endingOf(result),
    output: {
      fields: {},
      outputs: result.outputs,
      saved: typeof saved === "string" ? saved : null,
      feeds: new Map(there.map(({ consumer, json, pieces }): [number, Feed] => [
        consumer,
        pieces === null
          ? parseList(json)
          : { pieces: pieces.map(({ id, count }) => ({ count, read: () => read(id) })) },
      ])),
    },
    kept: { result, json: withIndex(json, index), lists: withPieces(there, findList) },
  };
}

/** Several tasks may go through the same pieces. */
function* withPieces(
  lists: readonly { id: string; json: string; pieces: readonly { id: string }[] | null }[],
  findList: (id: string) => string | null,
): Iterable<{ readonly id: string; readonly json: string }> {
  const ids = new Set(lists.flatMap(({ pieces }) => pieces?.map(({ id }) => id) ?? []));
  for (const id of ids) yield { id, json: findList(id)! };
  yield* lists;
}

/** A task run that was begun, may not be repeated, and of which nobody knows whether it was carried out. */
export const lost: Carried = {
  ending: {
    outcome: "failed",
    error: {
      code: "outcome_unknown",
      message:
        "an earlier run was stopped while this was under way: it may or may not have happened; if it may be repeated, " +
        "say idempotent: true and resume again",
      retryable: false,
    },
  },
  output: null,
  kept: null,
};

/** What an earlier run saved lies where another task run saves in this one: it cannot be kept. */
export function overwritten(message: string): Carried {
  const ending: Ending = { outcome: "failed", error: { code: "save", message, retryable: false } };
  return { ending, output: null, kept: null };
}

/** The id in the journal of the list that a task run gives to the task `consumer`: another `each` is another list. */
export function idOfList(runId: string, { name, foreach }: TaskPlan): string {
  const each = foreach?.source === "from" ? foreach.each : null;
  return shortHash(`${runId} ${name} ${each}`);
}

/** Stands in the journal for a list that must not be there: it holds a secret. */
export const keptFromJournal = "null";

/** Stands in the journal for a list whose pieces were written before it, as they came. Each has so many elements. */
export function jsonOfPieces(run: string, pieces: readonly number[]): string {
  return JSON.stringify({ run, pieces });
}

/** The id of such a piece. `run` is the one that wrote it: another one may have cut the same list another way. */
export function idOfPiece(runId: string, run: string, number: number): string {
  return shortHash(`${runId} ${run} ${number}`);
}

const piecedHead = '{"run":';

function piecesOf(runId: string, json: string): { readonly id: string; readonly count: number }[] {
  const { run, pieces } = JSON.parse(json) as { run: string; pieces: number[] };
  return pieces.map((count, number) => ({ id: idOfPiece(runId, run, number), count }));
}

function endingOf(result: Result): Ending {
  const { outcome, error, reason } = result;
  if (outcome === "skipped") return { outcome, reason: reason!, error };
  return outcome === "ok" ? { outcome } : { outcome, error } as Ending;
}

/** Results begin with their index. */
function withIndex(json: string, index: number): string {
  return `{"index":${index}${json.slice(json.indexOf(","))}`;
}

/** True where masking left its mark, or something that looks like it. */
function holdsMask(value: Value): boolean {
  if (typeof value === "string") return value.includes("***");
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return Object.entries(value).some(([key, member]) => key.includes("***") || holdsMask(member));
}
