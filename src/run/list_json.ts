import { parseJson, stringifyJson, type Value, type ValueMap } from "../model/json.ts";

/** Where in a list bytes stand: indices and names, from the outside in. */
export type BytesPath = readonly (string | number)[];

/** A list as the journal keeps it: its JSON, and where bytes stand in it, which JSON does not tell from text. */
export function listJson(list: readonly Value[]): string {
  return withBytes(stringifyJson(list), bytesIn(list));
}

/** @see listJson */
export function withBytes(json: string, bytes: readonly BytesPath[]): string {
  return bytes.length === 0 ? json : `{"bytes":${JSON.stringify(bytes)},"list":${json}}`;
}

/** Reads what {@link listJson} wrote. */
export function parseList(json: string): readonly Value[] {
  const value = parseJson(json);
  if (Array.isArray(value)) return value;
  const { bytes, list } = value as { readonly bytes: readonly BytesPath[]; readonly list: readonly Value[] };
  for (const path of bytes) {
    const holder = path.slice(0, -1).reduce(
      (at, key) => at[key] as Record<string | number, Value>,
      list as unknown as Record<string | number, Value>,
    );
    const key = path.at(-1)!;
    holder[key] = fromBase64(holder[key] as string);
  }
  return list;
}

/** Paths of all bytes in a value, behind `path`. */
export function bytesIn(value: Value, path: BytesPath = []): readonly BytesPath[] {
  if (typeof value !== "object" || value === null) return none;
  if (value instanceof Uint8Array) return [path];
  let found: BytesPath[] | undefined;
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const member = (value as ValueMap)[key]!;
    if (typeof member !== "object" || member === null) continue;
    const more = bytesIn(member, [...path, isList ? Number(key) : key]);
    if (more.length > 0) (found ??= []).push(...more);
  }
  return found ?? none;
}

const none: readonly BytesPath[] = [];

function fromBase64(text: string): Uint8Array {
  return (Uint8Array as unknown as { fromBase64(text: string): Uint8Array }).fromBase64(text);
}
