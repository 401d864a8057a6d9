import { Optional } from "@marcbachmann/cel-js";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import type { Value } from "../model/json.ts";
import { formatDuration, parseDuration } from "./durations.ts";
import { charge, readMember, Trouble } from "./evaluation.ts";
import { formatTimestamp, parseTimestamp } from "./timestamps.ts";

/**
 * Our value as CEL takes it: whole numbers are `bigint`, maps are `Map`s. A map is only wrapped, and its members
 * are converted when they are read, so that reading one field of a large document costs one field.
 * A value may not change once an expression has read it.
 */
export function toCel(value: unknown): unknown {
  switch (typeof value) {
    case "number":
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return listToCel(value);
      if (value instanceof Uint8Array || value instanceof Date) return value;
      return new MapView(value as Record<string, unknown>);
    case "undefined":
      return null;
    case "string":
    case "boolean":
    case "bigint":
      return value;
    default:
      throw new Trouble(`a ${typeof value} is no value of an expression`);
  }
}

/** As {@link toCel}, for a value that its scope declares to be of `type`: a text may stand for a time. */
export function toCelAs(type: string, value: unknown): unknown {
  if (type === "timestamp" && typeof value === "string") return parseTimestamp(value);
  if (type === "duration" && typeof value === "string") return parseDuration(value);
  if (type === "double" && typeof value === "number") return value;
  return toCel(value);
}

/**
 * What an expression gave, as our value: whole numbers within 2^53 are `number`, times and durations are text.
 * What came in through {@link toCel} goes out as the very same object.
 * @throws Trouble for what is no value: an optional, an infinite number
 */
export function toValue(result: unknown): Value {
  switch (typeof result) {
    case "string":
    case "boolean":
      return result;
    case "bigint":
      return Number.isSafeInteger(Number(result)) ? Number(result) : result;
    case "number":
      if (Number.isFinite(result)) return result;
      throw new Trouble(`it gives ${result}, which is no number that can be written`);
    case "object":
      return result === null ? null : objectToValue(result);
    default:
      throw new Trouble("it gives nothing");
  }
}

function objectToValue(result: object): Value {
  if (result instanceof MapView) return result.raw as Value;
  if (Array.isArray(result)) return (result as CelList)[RAW] ?? result.map(toValue);
  if (result instanceof Map) {
    return Object.fromEntries([...result].map(([key, member]) => [String(key), toValue(member)]));
  }
  if (result instanceof Uint8Array) return result;
  if (result instanceof Date) return formatTimestamp(result);
  if (result instanceof Duration) return formatDuration(result);
  if (result instanceof Optional) {
    throw new Trouble("it gives an optional; end it with .orValue(…)");
  }
  throw new Trouble("it gives a type, which is no value");
}

/** Where a converted list keeps the list it was made from. */
const RAW = Symbol("raw");

interface CelList extends Array<unknown> {
  [RAW]?: readonly Value[];
}

/** From this size on, what was made of a list or a map is kept as long as the list or the map itself. */
const KEPT_FROM = 32;

// `needs.users.outputs.ids[index]`, once per item over a million ids, must not convert a million ids each time.
const keptLists = new WeakMap<readonly unknown[], CelList>();
const keptKeys = new WeakMap<object, readonly string[]>();

function listToCel(list: readonly unknown[]): CelList {
  const known = list.length >= KEPT_FROM ? keptLists.get(list) : undefined;
  if (known?.length === list.length) return known;
  const converted: CelList = list.map(toCel);
  converted[RAW] = list as readonly Value[];
  if (list.length >= KEPT_FROM) keptLists.set(list, converted);
  return converted;
}

/**
 * A plain object that the library takes for a `Map`. It is a view and not a copy: the library goes by
 * `instanceof` and `constructor`, and never reaches for a real map's insides.
 */
class MapView {
  constructor(readonly raw: Readonly<Record<string, unknown>>) {}

  get size(): number {
    return keysOf(this.raw).length;
  }

  /** Own members only: a key `constructor` or `__proto__` is a key like any other. */
  get(key: unknown): unknown {
    const value = typeof key === "string" ? readMember(this.raw, key) : undefined;
    return value === undefined ? undefined : toCel(value);
  }

  has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }

  keys(): IterableIterator<string> {
    return keysOf(this.raw)[Symbol.iterator]() as IterableIterator<string>;
  }

  *entries(): IterableIterator<[string, unknown]> {
    for (const key of keysOf(this.raw)) yield [key, this.get(key)];
  }

  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.entries();
  }
}

function keysOf(raw: object): readonly string[] {
  const known = keptKeys.get(raw);
  if (known !== undefined) return known;
  const keys = Object.keys(raw);
  charge(keys.length / 8);
  if (keys.length >= KEPT_FROM) keptKeys.set(raw, keys);
  return keys;
}

Object.setPrototypeOf(MapView.prototype, Map.prototype);
Object.defineProperty(MapView.prototype, "constructor", { value: Map });
