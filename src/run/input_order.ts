import type { TaskPlan } from "../model/plan.ts";
import type { OriginChange, Origins, ResultStore } from "../model/run_record.ts";
import type { FromEdge } from "./from_edge.ts";

/**
 * Runs of a producer end in any order, and so do inputs made from them come; the report shows them in the order of the
 * producer's inputs all the same. Where each of its runs gives exactly one input, that input has the run's index; otherwise
 * inputs are numbered as they come, and numbered anew for the report. Only where the origin changes is anything kept.
 */
export class InputOrder {
  readonly changes: OriginChange[] = [];
  readonly #edge: FromEdge;
  readonly #isOneToOne: boolean;
  readonly #onChange: (index: number, origin: number) => void;

  /** `onChange` is told before the input that came as the `index`-th is anywhere. */
  constructor(
    { foreach, matrix }: TaskPlan,
    edge: FromEdge,
    onChange: (index: number, origin: number) => void,
  ) {
    this.#edge = edge;
    this.#isOneToOne = !edge.hasEach && matrix === null && foreach?.where === null && !foreach.unique &&
      foreach.batch === null;
    this.#onChange = onChange;
  }

  /** The index of the input that came just now, as the `index`-th. */
  indexOf(index: number): number {
    const origin = this.#edge.lastOrigin;
    if (this.#isOneToOne) return origin;
    if (this.changes.at(-1)?.origin !== origin) {
      this.changes.push({ index, origin });
      this.#onChange(index, origin);
    }
    return index;
  }
}

/** The same results, at the places and with the indices that the report shows; asked for once the run is over. */
export interface OrderedResults {
  readonly results: ResultStore;
  /** The place in the report of an input that came as the `index`-th. */
  placeOf(task: number, index: number): number;
}

/** @see OrderedResults */
export function inInputOrder(results: ResultStore, origins: Origins): OrderedResults {
  const places = new Map(
    [...origins].map(([task, changes]) => [task, sortStably(changes, results.size(task))] as const),
  );
  return {
    results: [...places.values()].every((one) => one === null) ? results : reordered(results, places),
    placeOf(task, index) {
      const place = places.get(task)?.indexOf(index) ?? -1;
      // Of a run that was killed, an input after the last one that has a result.
      return place < 0 ? index : place;
    },
  };
}

/** By position of a task, the index, as they came, of the input at each place of the report; null when they are the same. */
type Places = ReadonlyMap<number, readonly number[] | null>;

function reordered(results: ResultStore, places: Places): ResultStore {
  const cameAs = (task: number, place: number) => places.get(task)?.[place] ?? place;
  return {
    size: (task) => results.size(task),
    has: (task, place) => results.has(task, cameAs(task, place)),
    copy(task, place, put) {
      const index = cameAs(task, place);
      if (index === place) return results.copy(task, place, put);
      // A result begins with its index.
      let skip = `{"index":${index}`.length;
      const head = new TextEncoder().encode(`{"index":${place}`);
      let isFirst = true;
      return results.copy(task, index, (bytes, from, to) => {
        if (isFirst) put(head, 0, head.length);
        isFirst = false;
        const skipped = Math.min(skip, to - from);
        skip -= skipped;
        if (from + skipped < to) put(bytes, from + skipped, to);
      });
    },
  };
}

function sortStably(changes: readonly OriginChange[], size: number): readonly number[] | null {
  if (changes.every(({ origin }, at) => at === 0 || changes[at - 1]!.origin <= origin)) return null;
  const origins = new Float64Array(size);
  changes.forEach(({ index, origin }, at) => origins.fill(origin, index, changes[at + 1]?.index ?? size));
  return Array.from({ length: size }, (_, index) => index)
    .sort((a, b) => origins[a]! - origins[b]! || a - b);
}
