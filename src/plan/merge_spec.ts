import { isMap } from "../schema/word.ts";
import { isTemplated } from "../schema/templated.ts";
import type { SettingsMap } from "./merge_layers.ts";

/**
 * A kind's section over another of the same kind. As with all settings, `null` takes a key back to built-in, and maps
 * (`env`, `tls`, `headers`) merge; but a `null` within them is kept, because there it is a value: a variable or a header
 * to take away, a null in a JSON body.
 */
export function mergeSpec(under: SettingsMap, over: SettingsMap): SettingsMap {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = wholes.has(key) ? undefined : merged[key];
    if (value === null) delete merged[key];
    else if (isPlainMap(below) && isPlainMap(value)) merged[key] = mergeMaps(below, value, key === "headers");
    else if (value !== undefined) merged[key] = value;
  }
  return merged;
}

/** Ways to sign in exclude one another: the later one replaces the other as a whole. */
const wholes: ReadonlySet<string> = new Set(["auth"]);

function mergeMaps(under: SettingsMap, over: SettingsMap, caseless: boolean): SettingsMap {
  if (!caseless) return { ...under, ...over };
  const replaced = new Set(Object.keys(over).map((name) => name.toLowerCase()));
  const kept = Object.entries(under).filter(([name]) => !replaced.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...over };
}

function isPlainMap(value: unknown): value is SettingsMap {
  return isMap(value) && !isTemplated(value);
}
