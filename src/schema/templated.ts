import { type Read, readCount, readDuration, readFlag, readShare, readSize } from "./units.ts";

/** How the text of a number, a duration, a size, a share or a switch is read. */
export type Unit =
  | { readonly name: "duration" | "size" | "share" | "flag" }
  | { readonly name: "count"; readonly min: number; readonly max: number };

/** A number or switch that a `${{ }}` gives when the plan is made. Plain data. */
export interface Templated {
  /** The text as it stands in the config. */
  readonly template: string;
  readonly unit: Unit;
}

/** True for a value that waits for the plan. */
export function isTemplated(value: unknown): value is Templated {
  return typeof value === "object" && value !== null && "template" in value && "unit" in value;
}

/** Reads a literal by its unit. */
export function readUnit(unit: Unit, raw: unknown): Read<number | boolean> {
  switch (unit.name) {
    case "duration":
      return readDuration(raw);
    case "size":
      return readSize(raw);
    case "share":
      return readShare(raw);
    case "flag":
      return readFlag(raw);
    case "count":
      return readCount(raw, unit.min, unit.max);
  }
}

/**
 * Reads what a template rendered to. Params from the environment and the command line are text,
 * so `"8"` counts as 8 and `"true"` as true here, which a literal in the config does not.
 */
export function readTemplated({ unit }: Templated, rendered: unknown): Read<number | boolean> {
  return readUnit(unit, fromText(unit, rendered));
}

function fromText(unit: Unit, rendered: unknown): unknown {
  if (typeof rendered === "bigint") return Number(rendered);
  if (typeof rendered !== "string") return rendered;
  const text = rendered.trim();
  if (unit.name === "count" && /^-?\d+$/.test(text)) return Number(text);
  if (unit.name === "flag" && (text === "true" || text === "false")) return text === "true";
  return text;
}
