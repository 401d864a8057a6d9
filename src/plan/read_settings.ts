import type { ConfigPath } from "../model/diagnostic.ts";
import { isTemplated } from "../schema/templated.ts";
import { isMap } from "../schema/word.ts";
import type { Evaluator } from "./evaluate.ts";
import { type Merged, originOf } from "./merge_layers.ts";

/** Merged settings as the plan takes them, by dotted path: `timeout.attempt`. */
export interface SettingsReader {
  /** The value, evaluated where it was left to the plan; undefined when nobody set it, and after a problem. */
  read(path: string): unknown;
  /** Where the value came from: `targets.api`, `built-in`; of a section, each part by itself where they differ. */
  why(path: string): string;
  /** Nobody but the built-in layer has a say in it. */
  isBuiltIn(path: string): boolean;
  /** Where it stands in the config; undefined for a built-in value. */
  place(path: string): ConfigPath | undefined;
}

/** Reads each setting at the place it came from, so that a problem is told there. */
export function readSettings(merged: Merged, evaluator: Evaluator): SettingsReader {
  const valueAt = (path: string) =>
    path.split(".").reduce<unknown>((value, key) => isMap(value) ? value[key] : undefined, merged.settings);
  const isBuiltIn = (path: string) => {
    const origin = originOf(merged, path);
    return origin === undefined || origin.reset || origin.layer.path === null;
  };
  const place = (path: string) => {
    const base = originOf(merged, path)?.layer.path;
    return base ? [...base, ...path.split(".")] : undefined;
  };
  return {
    isBuiltIn,
    place,
    read: (path) => evaluator.settle(valueAt(path), place(path) ?? []),
    why(path) {
      const parts = [...merged.origins.keys()].filter((known) => known.startsWith(`${path}.`));
      if (parts.length === 0) return whyOf(merged, path, valueAt(path));
      const reasons = parts.map((part) => ({
        name: part.slice(path.length + 1),
        why: whyOf(merged, part, valueAt(part)),
      }));
      return joined(reasons);
    },
  };
}

/** One reason where all parts have the same; else each with its parts, the built-in ones last. */
function joined(reasons: readonly { readonly name: string; readonly why: string }[]): string {
  const byReason = [...Map.groupBy(reasons, ({ why }) => why)];
  if (byReason.length === 1) return byReason[0]![0];
  const rank = ([why]: readonly [string, unknown]) => why.startsWith("built-in") ? 1 : 0;
  return byReason.sort((a, b) => rank(a) - rank(b))
    .map(([why, parts]) => `${parts.map(({ name }) => name).join(", ")}: ${why}`).join("; ");
}

function whyOf(merged: Merged, path: string, value: unknown): string {
  const origin = originOf(merged, path);
  if (origin === undefined) return "built-in";
  const { layer, reset } = origin;
  if (reset) return `built-in: ${layer.from} says null`;
  return isTemplated(value) ? `${layer.from}: ${value.template}` : layer.from;
}
