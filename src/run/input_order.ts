import type { TaskPlan } from "../model/plan.ts";
import type { FromEdge } from "./from_edge.ts";

/**
 * Runs of a producer end in any order, and so do inputs made from them come; the report shows them in the order of the
 * producer's inputs all the same. Where each of its runs gives exactly one input, that input has the run's index; otherwise
 * inputs are numbered as they come, and their order is kept here, in a few bytes each.
 */
export class InputOrder {
  readonly #edge: FromEdge;
  readonly #isOneToOne: boolean;
  readonly #origins: number[] = [];

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

  /** Indices in the order of the report; null when that is their own. */
  get indices(): readonly number[] | null {
    const origins = this.#origins;
    if (origins.every((origin, index) => index === 0 || origins[index - 1]! <= origin)) return null;
    return origins.map((_, index) => index).sort((a, b) => origins[a]! - origins[b]! || a - b);
  }
}
