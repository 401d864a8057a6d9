import type { ConfigPath } from "../model/diagnostic.ts";
import { isTemplated } from "../schema/templated.ts";
import { isMap } from "../schema/word.ts";

/** Settings as one place of the config gives them. */
export interface Layer {
  /** What `fanout plan` calls the place: `built-in`, `targets.api`. */
  readonly from: string;
  /** Where it stands in the config; null for what stands in no file. */
  readonly path: ConfigPath | null;
  readonly settings: SettingsMap;
}

/** Settings by name; `null` goes back to the built-in value. */
export interface SettingsMap {
  readonly [key: string]: unknown;
}

/** The layers as one. */
export interface Merged {
  /** Without a `null`. */
  readonly settings: SettingsMap;
  /** Where each setting came from, by its dotted path (`timeout.attempt`); read it with {@link originOf}. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Who had the last word on a setting. */
export interface Origin {
  readonly layer: Layer;
  /** The layer says `null`: the value is the built-in one. */
  readonly reset: boolean;
}

/**
 * Merges layers key by key; later ones win and the first one is the built-in (it holds no `null`). Maps merge, lists and scalars replace,
 * `null` goes back to the built-in, and the names under `headers` are one whatever their letter case.
 */
export function mergeLayers(layers: readonly [Layer, ...Layer[]]): Merged {
  const [builtIn, ...others] = layers;
  const origins = new Map<string, Origin>();
  const settings: Mutable = {};
  mergeInto(settings, builtIn.settings, {}, { layer: builtIn, origins, at: "", caseless: false });
  for (const layer of others) {
    mergeInto(settings, layer.settings, builtIn.settings, { layer, origins, at: "", caseless: false });
  }
  return { settings, origins };
}

/** The origin of a setting, or of the nearest section around it that was set as a whole; undefined when nobody set it. */
export function originOf({ origins }: Merged, path: string): Origin | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const origin = origins.get(at);
    if (origin) return origin;
  }
  return undefined;
}

interface Mutable {
  [key: string]: unknown;
}

interface Step {
  readonly layer: Layer;
  readonly origins: Map<string, Origin>;
  /** Dotted path of the map that is merged, with its dot; empty at the root. */
  readonly at: string;
  readonly caseless: boolean;
}

function mergeInto(settings: Mutable, over: SettingsMap, builtIn: SettingsMap, step: Step): void {
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    if (step.caseless) dropOtherSpellings(settings, key, step);
    if (value === null) {
      restore(settings, key, builtIn);
      setOrigin(step, key, true);
    } else if (isSection(key, value)) {
      const before = settings[key];
      if (!isSection(key, before)) setOrigin(step, key, false);
      const section: Mutable = isSection(key, before) ? { ...before } : {};
      put(settings, key, section);
      const below = isSection(key, builtIn[key]) ? builtIn[key] : {};
      mergeInto(section, value, below, { ...step, at: `${step.at}${key}.`, caseless: key === "headers" });
    } else {
      put(settings, key, value);
      setOrigin(step, key, false);
    }
  }
}

function setOrigin(step: Step, key: string, reset: boolean): void {
  forget(step, key);
  step.origins.set(step.at + key, { layer: step.layer, reset });
}

/** Forgets where a setting and all that stood below it came from. */
function forget({ origins, at }: Step, key: string): void {
  const path = at + key;
  for (const known of origins.keys()) {
    if (known === path || known.startsWith(`${path}.`)) origins.delete(known);
  }
}

/** A header has one name however it is spelled; the later spelling is the one that is sent. */
function dropOtherSpellings(settings: Mutable, key: string, step: Step): void {
  for (const known of Object.keys(settings)) {
    if (known === key || known.toLowerCase() !== key.toLowerCase()) continue;
    delete settings[known];
    forget(step, known);
  }
}

function restore(settings: Mutable, key: string, builtIn: SettingsMap): void {
  const value = builtIn[key];
  if (value === undefined) delete settings[key];
  else put(settings, key, value);
}

/** Defines rather than assigns, so that no key has a meaning of its own. */
function put(settings: Mutable, key: string, value: unknown): void {
  Object.defineProperty(settings, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Maps that are one value, not settings of their own: they replace one another. */
const wholes: ReadonlySet<string> = new Set(["capture", "concurrency", "rate"]);

function isSection(key: string, value: unknown): value is SettingsMap {
  return isMap(value) && !isTemplated(value) && !wholes.has(key);
}
