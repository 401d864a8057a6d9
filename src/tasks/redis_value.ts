import { stringifyJson, toBase64, type Value, type ValueMap } from "../model/json.ts";
import type { Redactor } from "../model/redactor.ts";
import { cutMiddle } from "./capture_text.ts";

/**
 * What the report keeps of a reply: `{ value }`, or `{ valueBase64 }` for bytes that are no text; about `limit` bytes of
 * it. What was cut says `truncated`: a text in its middle, a list after its first elements.
 */
export function capturedValue(value: Value, limit: number, redactor: Redactor): ValueMap {
  if (value instanceof Uint8Array) {
    const kept = value.subarray(0, limit);
    return { valueBase64: toBase64(kept), ...mark(kept.length < value.length) };
  }
  if (typeof value === "string") {
    const cut = cutMiddle(redactor.mask(value), limit, value.length);
    return { value: cut.text, ...mark(cut.truncated) };
  }
  if (Array.isArray(value)) {
    const kept = firstElements(value, limit);
    return { value: kept, ...mark(kept.length < value.length) };
  }
  return { value };
}

/** A reply as it is saved: a text or bytes as they are, anything else as JSON. */
export function savedBytes(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return new TextEncoder().encode(typeof value === "string" ? value : stringifyJson(value) + "\n");
}

function mark(truncated: boolean): { readonly truncated?: true } {
  return truncated ? { truncated } : {};
}

function firstElements(list: readonly Value[], limit: number): readonly Value[] {
  let size = 2;
  const end = list.findIndex((element) => (size += stringifyJson(element).length + 1) > limit);
  return end === -1 ? list : list.slice(0, end);
}
