import type { TaskPlan } from "../model/plan.ts";
import type { ResultStore } from "../model/run_record.ts";
import type { FromEdge } from "./from_edge.ts";

/**
 * Runs of a producer end in any order, and so do inputs made from them come; the report shows them in the order of the
 * producer's inputs all the same. Where each of its runs gives exactly one input, that input has the run's index; otherwise
 * inputs are numbered as they come, and numbered anew for the report. A few bytes for each are kept here.
 */
export class InputOrder {
  readonly #edge: FromEdge;
  readonly #isOneToOne: boolean;
  readonly #origins: number[] = [];
  #order: readonly number[] | null | undefined;

  constructor({ foreach, matrix }: TaskPlan, edge: FromEdge) {
    this.#edge = edge;
    this.#isOneToOne = !edge.hasEach && matrix === null && foreach?.where === null && !foreach.unique &&
      foreach.batch === null;
  }

  /** The index of the input that came just now, as the `index`-th. */
  indexOf(index: number): number {
    if (this.#isOneToOne) return this.#edge.lastOrigin;
    this.#origins[index] = this.#edge.lastOrigin;
    return index;
  }

  /** The index, as they came, of the input at each place of the report; null when they are the same. Asked after the run. */
  get places(): readonly number[] | null {
    if (this.#order === undefined) this.#order = sortStably(this.#origins);
    return this.#order;
  }
}

/** By position of a task. */
export type InputOrders = ReadonlyMap<number, InputOrder>;

/** The same results, at the places and with the indices that the report shows. */
export function inInputOrder(results: ResultStore, orders: InputOrders): ResultStore {
  if ([...orders.values()].every(({ places }) => places === null)) return results;
  const cameAs = (task: number, place: number) => orders.get(task)?.places?.[place] ?? place;
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

/** The place in the report of an input that came as the `index`-th. */
export function placeOf(orders: InputOrders, task: number, index: number): number {
  return orders.get(task)?.places?.indexOf(index) ?? index;
}

function sortStably(origins: readonly number[]): readonly number[] | null {
  if (origins.every((origin, index) => index === 0 || origins[index - 1]! <= origin)) return null;
  return origins.map((_, index) => index).sort((a, b) => origins[a]! - origins[b]! || a - b);
}
