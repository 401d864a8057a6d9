import {
  type Concurrency,
  type Pace,
  readConcurrency,
  readPace,
  readTolerance,
  type Tolerance,
} from "./limits.ts";
import { type Read, readCount, readDuration, readFlag, readShare, readSize } from "./units.ts";

/** What a text is read as, and the type it gives. */
export interface UnitValues {
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes. */
  readonly size: number;
  /** From 0 to 1. */
  readonly share: number;
  readonly count: number;
  readonly flag: boolean;
  readonly concurrency: Concurrency;
  readonly rate: Pace;
  readonly tolerance: Tolerance;
}

/** Names of what is not simply text. */
export type Unit = keyof UnitValues;

/** Bounds of a `count`. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A number, limit or switch that a `${{ }}` gives when the plan is made. Plain data. */
export interface Templated<U extends Unit = Unit> {
  /** The text as it stands in the config. */
  readonly template: string;
  readonly unit: U;
  readonly bounds: Bounds;
}

/** True for a value that waits for the plan. */
export function isTemplated(value: unknown): value is Templated {
  return typeof value === "object" && value !== null && "template" in value && "unit" in value;
}

/**
 * Reads what a template rendered to. Params from the environment and the command line are text,
 * so `"8"` counts as 8 and `"true"` as true here, which a literal in the config does not.
 */
export function readTemplated<U extends Unit>(
  { unit, bounds }: Templated<U>,
  rendered: unknown,
): Read<UnitValues[U]> {
  return readUnit(unit, fromText(unit, rendered), bounds);
}

/** Reads a literal by its unit. */
export function readUnit<U extends Unit>(unit: U, raw: unknown, bounds: Bounds = {}): Read<UnitValues[U]> {
  return readers[unit](raw, bounds);
}

const readers: { readonly [U in Unit]: (raw: unknown, bounds: Bounds) => Read<UnitValues[U]> } = {
  duration: readDuration,
  size: readSize,
  share: readShare,
  count: (raw, { min = 0, max }) => readCount(raw, min, max),
  flag: readFlag,
  concurrency: readConcurrency,
  rate: readPace,
  tolerance: readTolerance,
};

function fromText(unit: Unit, rendered: unknown): unknown {
  if (typeof rendered === "bigint") return Number(rendered);
  if (typeof rendered !== "string") return rendered;
  const text = rendered.trim();
  const isNumeric = unit === "count" || unit === "concurrency" || unit === "tolerance";
  if (isNumeric && /^-?\d+$/.test(text)) return Number(text);
  if (unit === "flag" && (text === "true" || text === "false")) return text === "true";
  return text;
}
