import { canonicalJson, isValueMap, type Value, type ValueMap } from "../model/json.ts";
import type { MatrixPlan } from "../model/plan.ts";
import { compileValue, renderValue } from "./compile.ts";
import type { InputContext } from "./context.ts";

/**
 * Every combination of a matrix: the product of its axes (the first varies slowest) less what `exclude` names, then the
 * entries of `include`. Each is made when it is asked for, so that a large product costs no memory.
 */
export class Combinations {
  /** Of the product and `include`; those excluded have a place too. */
  readonly places: number;
  readonly #axes: readonly Axis[];
  readonly #product: number;
  readonly #exclusions: readonly Exclusion[];
  readonly #included: readonly ValueMap[];

  constructor(axes: readonly Axis[], excluded: readonly ValueMap[], included: readonly ValueMap[]) {
    this.#axes = axes;
    this.#included = included;
    // Without axes the empty product would be one combination of nothing.
    this.#product = axes.length === 0 ? 0 : axes.reduce((product, axis) => product * axis.values.length, 1);
    this.#exclusions = excluded.map((entry) => exclusionOf(entry, axes));
    this.places = this.#product + included.length;
  }

  /** The combination at a place; undefined when it is excluded. */
  at(place: number): ValueMap | undefined {
    if (place >= this.#product) return this.#included[place - this.#product];
    const positions = new Array<number>(this.#axes.length);
    for (let axis = this.#axes.length - 1, rest = place; axis >= 0; axis--) {
      const count = this.#axes[axis]!.values.length;
      positions[axis] = rest % count;
      rest = Math.floor(rest / count);
    }
    if (
      this.#exclusions.some((matching) => matching.every((set, axis) => set?.has(positions[axis]!) ?? true))
    ) {
      return undefined;
    }
    const combination: { [name: string]: Value } = {};
    this.#axes.forEach(({ name, values }, axis) => combination[name] = values[positions[axis]!]!);
    return combination;
  }

  /** Nothing is left: looks no further than the first that is. */
  get isEmpty(): boolean {
    for (let place = 0; place < this.places; place++) if (this.at(place) !== undefined) return false;
    return true;
  }

  /** How many there are; looks at each when some are excluded. */
  count(): number {
    if (this.#exclusions.length === 0) return this.places;
    let count = this.#included.length;
    for (let place = 0; place < this.#product; place++) if (this.at(place) !== undefined) count++;
    return count;
  }
}

/** A name of the matrix and its values. */
export interface Axis {
  readonly name: string;
  readonly values: readonly Value[];
}

/** By axis, the positions an `exclude` entry matches; undefined where it names no value. */
type Exclusion = readonly (ReadonlySet<number> | undefined)[];

/** Evaluates a matrix. Gives what is wrong as a message. @throws ExpressionError */
export function openMatrix(matrix: MatrixPlan, context: InputContext): Combinations | string {
  const axes: Axis[] = [];
  for (const [name, written] of Object.entries(matrix.axes)) {
    const values = typeof written === "string"
      ? compileValue(context, written).evaluate(context.vars)
      : renderValue(context, written);
    if (!Array.isArray(values)) return `matrix.${name}: "${written}" did not give a list`;
    axes.push({ name, values });
  }
  return new Combinations(
    axes,
    renderEntries(matrix.exclude, context),
    renderEntries(matrix.include, context),
  );
}

function renderEntries(entries: readonly ValueMap[], context: InputContext): ValueMap[] {
  return entries.map((entry) => renderValue(context, entry)).filter(isValueMap);
}

function exclusionOf(entry: ValueMap, axes: readonly Axis[]): Exclusion {
  const unknown = Object.keys(entry).some((name) => !axes.some((axis) => axis.name === name));
  return axes.map(({ name, values }) => {
    if (unknown) return new Set<number>();
    if (!Object.hasOwn(entry, name)) return undefined;
    const wanted = canonicalJson(entry[name]!);
    return new Set(values.keys().filter((position) => canonicalJson(values[position]!) === wanted));
  });
}
