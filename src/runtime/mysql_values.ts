import { Buffer } from "node:buffer";
import mysql from "mysql2";
import { parseDataOrText, stringifyJson, type Value } from "../model/json.ts";
import type { MyField } from "./mysql_driver.ts";

const longlong = 8;
const json = 245;

/**
 * A value as it is bound. Integers are bound as 64-bit integers: as the driver's doubles or texts the server would
 * compare them as doubles, which tell 2^53 from its neighbour no more. There are no arrays: a list is JSON, as a map is.
 */
export function toBound(value: Value): unknown {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? mysql.TypedParameter.LONGLONG(BigInt(value)) : value;
  }
  if (typeof value === "bigint") return toBoundInteger(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return typeof value === "object" && value !== null ? stringifyJson(value) : value;
}

function toBoundInteger(value: bigint): unknown {
  if (BigInt.asIntN(64, value) === value) return mysql.TypedParameter.LONGLONG(value);
  return BigInt.asUintN(64, value) === value
    ? mysql.TypedParameter.LONGLONG.unsigned(value)
    : value.toString();
}

/** A column's value as the driver gives it: dates and decimals are the text that says exactly what they hold. */
export function readColumn(value: unknown, { columnType, extendedFormat }: MyField): Value {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (typeof value !== "string") return value as Value;
  if (columnType === json || extendedFormat === "json") return parseDataOrText(value);
  // The driver gives text where a number would not be exact.
  return columnType === longlong ? BigInt(value) : value;
}
