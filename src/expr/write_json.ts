import type { Value } from "../model/json.ts";
import { stringifyJson } from "../model/json.ts";
import { charge } from "./evaluation.ts";
import { toValue } from "./values.ts";

/** The JSON text of a CEL value, whole numbers digit for digit. */
export function writeJson(value: unknown): string {
  const plain = toValue(value);
  chargeValue(plain);
  return stringifyJson(plain);
}

/** One text per value, the same for equal values: members of maps in order of their keys, `1.0` as `1`. */
export function identityOf(value: unknown): string {
  const plain = toValue(value);
  chargeValue(plain);
  // Texts are by far the most frequent, and JSON's quotes already tell them from everything else.
  return typeof plain === "string" ? `"${plain}` : stringifyJson(sorted(plain));
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

/** Charges for a value before its text is made. */
function chargeValue(value: Value): void {
  if (typeof value === "string") return charge(value.length / 128);
  if (typeof value !== "object" || value === null) return charge(1 / 4);
  if (value instanceof Uint8Array) return charge(value.length / 96);
  charge(1 / 4);
  if (Array.isArray(value)) return value.forEach(chargeValue);
  for (const key in value) {
    charge(key.length / 128);
    chargeValue((value as { readonly [key: string]: Value })[key]!);
  }
}
