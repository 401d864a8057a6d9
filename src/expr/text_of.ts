import type { Value } from "../model/json.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A scalar as text: digits for numbers, UTF-8 for bytes. Null for what is none: null, lists, maps, other bytes. */
export function textOf(value: Value): string | null {
  if (value instanceof Uint8Array) return decode(value);
  return typeof value === "object" ? null : String(value);
}

function decode(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
