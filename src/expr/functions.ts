import type { Duration, Environment } from "@marcbachmann/cel-js/evaluator";
import { sha256Hex } from "../runtime/hash.ts";
import type { CelRegistry } from "./cel_node.ts";
import { formatDuration, parseDuration } from "./durations.ts";
import { charge, Trouble } from "./evaluation.ts";
import { checkDateFormat, dayOfYear, formatDate } from "./format_date.ts";
import { linkTo } from "./link_header.ts";
import { checkWhole, describe } from "./operators.ts";
import { basename, dirname, stem } from "./paths.ts";
import { compileRegex, isMatch } from "./regexes.ts";
import {
  countCharacters,
  joinTexts,
  parseWhole,
  replaceText,
  shellQuote,
  splitLines,
  splitText,
  truncate,
  urlEncode,
} from "./text_functions.ts";
import { wallTime } from "./time_zones.ts";
import { formatTimestamp, makeTimestamp, parseTimestamp } from "./timestamps.ts";
import { identityOf, writeJson } from "./write_json.ts";

const TIME = "google.protobuf.Timestamp";
const SPAN = "google.protobuf.Duration";

type Handler = (...args: never[]) => unknown;

/** What is added to CEL. A signature that begins with a type and a dot is a method. */
const ADDED: { readonly [signature: string]: Handler } = {
  [`date(${TIME}, string): string`]: (time: Date, format: string) => formatDate(time, format, "UTC"),
  [`date(${TIME}, string, string): string`]: formatDate,
  "date(string, string): string": (time: string, format: string) =>
    formatDate(parseTimestamp(time), format, "UTC"),
  "date(string, string, string): string": (time: string, format: string, zone: string) =>
    formatDate(parseTimestamp(time), format, zone),
  "date(int, string): string": (seconds: bigint, format: string) =>
    formatDate(fromSeconds(seconds), format, "UTC"),
  "date(int, string, string): string": (seconds: bigint, format: string, zone: string) =>
    formatDate(fromSeconds(seconds), format, zone),
  "basename(string): string": basename,
  "stem(string): string": stem,
  "dirname(string): string": dirname,
  "lines(string): list<string>": splitLines,
  "linkTo(map, string): dyn": linkTo,
  "string.lines(): list<string>": splitLines,
  "replace(string, string, string): string": replaceText,
  "string.replace(string, string): string": replaceText,
  "sum(list): dyn": sum,
  "list.sum(): dyn": sum,
  "distinct(list): list": distinct,
  "list.distinct(): list": distinct,
  "sha256(string): string": hash,
  "sha256(bytes): string": hash,
  "urlEncode(string): string": urlEncode,
  "urlEncode(int): string": String,
  "shellQuote(string): string": shellQuote,
  "shellQuote(int): string": String,
  "toJson(dyn): string": writeJson,
  "matches(string, string): bool": isMatch,
  [`string(${TIME}): string`]: formatTimestamp,
  [`string(${SPAN}): string`]: formatDuration,
};

/**
 * What the library has too, but wrongly (`int("")` is 0), in exponential time (`matches`, `duration`),
 * or without bounds on what hostile data grows to.
 */
const REPLACED: { readonly [signature: string]: Handler } = {
  "size(string): int": countCharacters,
  "size(bytes): int": lengthOf,
  "size(list): int": lengthOf,
  "size(map): int": (map: ReadonlyMap<unknown, unknown>) => BigInt(map.size),
  "string.size(): int": countCharacters,
  "bytes.size(): int": lengthOf,
  "list.size(): int": lengthOf,
  "map.size(): int": (map: ReadonlyMap<unknown, unknown>) => BigInt(map.size),
  "string.matches(string): bool": isMatch,
  "string.split(string): list<string>": splitText,
  "string.split(string, int): list<string>": splitText,
  "list.join(): string": joinTexts,
  "list.join(string): string": joinTexts,
  "int(int): int": (whole: bigint) => whole,
  "int(double): int": truncate,
  "int(string): int": parseWhole,
  [`int(${TIME}): int`]: (time: Date) => BigInt(Math.floor(time.getTime() / 1000)),
  [`timestamp(string): ${TIME}`]: parseTimestamp,
  [`timestamp(int): ${TIME}`]: fromSeconds,
  [`timestamp(${TIME}): ${TIME}`]: (time: Date) => time,
  [`duration(string): ${SPAN}`]: parseDuration,
  [`duration(${SPAN}): ${SPAN}`]: (duration: Duration) => duration,
  [`${TIME}.getDayOfYear(): int`]: (time: Date) => BigInt(dayOfYear(time)),
  ...inZone({
    getFullYear: (wall) => wall.getUTCFullYear(),
    getMonth: (wall) => wall.getUTCMonth(),
    getDate: (wall) => wall.getUTCDate(),
    getDayOfMonth: (wall) => wall.getUTCDate() - 1,
    getDayOfWeek: (wall) => wall.getUTCDay(),
    getDayOfYear: dayOfYear,
    getHours: (wall) => wall.getUTCHours(),
    getMinutes: (wall) => wall.getUTCMinutes(),
    getSeconds: (wall) => wall.getUTCSeconds(),
    getMilliseconds: (wall) => wall.getUTCMilliseconds(),
  }),
};

/** Unsigned integers are not ours, and what `json()` reads are not our values. */
const REMOVED: readonly [isMethod: boolean, name: string, arity: number][] = [
  [false, "uint", 1],
  [true, "json", 0],
];

/** Tries a call's literal arguments at load. @throws Trouble for arguments that can never work */
export const LITERAL_CHECKS: { readonly [name: string]: (...args: readonly unknown[]) => void } = {
  duration: (text) => void (typeof text === "string" && parseDuration(text)),
  timestamp: (text) => void (typeof text === "string" && parseTimestamp(text)),
  int: (text) => void (typeof text === "string" && parseWhole(text)),
  // As a function the pattern comes second, as a method it is the only argument.
  matches: (first, second) =>
    void (typeof (second ?? first) === "string" && compileRegex((second ?? first) as string)),
  date: (_time, format, zone) => {
    if (typeof format === "string") checkDateFormat(format, typeof zone === "string" ? zone : "UTC");
  },
};

/** Gives an environment our functions; those of the library that they replace are forgotten first. */
export function installFunctions(environment: Environment, registry: CelRegistry): void {
  for (const removed of REMOVED) forget(registry, ...removed);
  for (const signature in REPLACED) forget(registry, ...partsOf(signature));
  for (const [signature, handler] of Object.entries({ ...REPLACED, ...ADDED })) {
    environment.registerFunction(signature, handler, { async: false });
  }
}

function forget(registry: CelRegistry, isMethod: boolean, name: string, arity: number): void {
  const candidates = registry.functionCandidates(isMethod, name, arity);
  candidates.declarations.length = 0;
  candidates.returnType = null;
}

function partsOf(signature: string): [isMethod: boolean, name: string, arity: number] {
  const [, receiver, name, args] = /^(?:(.*)\.)?(\w+)\((.*)\):/.exec(signature)!;
  return [receiver !== undefined, name!, args === "" ? 0 : args!.split(",").length];
}

function inZone(
  fields: { readonly [method: string]: (wall: Date) => number },
): { [signature: string]: Handler } {
  return Object.fromEntries(
    Object.entries(fields).map(([method, read]) => [
      `${TIME}.${method}(string): int`,
      (time: Date, zone: string) => BigInt(read(wallTime(time, zone))),
    ]),
  );
}

function lengthOf(list: ArrayLike<unknown>): bigint {
  return BigInt(list.length);
}

function fromSeconds(seconds: bigint): Date {
  return makeTimestamp(Number(seconds) * 1000);
}

/** Whole when all are; 0 for none. */
function sum(list: readonly unknown[]): number | bigint {
  charge(list.length / 8);
  let whole = 0n;
  let double = 0;
  let isWhole = true;
  for (const element of list) {
    if (typeof element === "bigint") whole += element;
    else if (typeof element === "number") [double, isWhole] = [double + element, false];
    else throw new Trouble(`sum() adds numbers, not ${describe(element)}`);
  }
  return isWhole ? checkWhole(whole) : double + Number(whole);
}

/** The first of each of the equal elements, in order. */
function distinct(list: readonly unknown[]): readonly unknown[] {
  const seen = new Set<string>();
  return list.filter((element) => {
    charge(1);
    const identity = identityOf(element);
    return !seen.has(identity) && seen.add(identity);
  });
}

function hash(data: string | Uint8Array): string {
  charge(data.length / 256);
  return sha256Hex(data);
}
