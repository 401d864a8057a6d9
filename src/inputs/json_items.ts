import { isValueMap, parseData, type Value } from "../model/json.ts";
import { describeJsonFault } from "../model/json_fault.ts";
import type { ByteReader } from "../runtime/ports.ts";
import { compileValue, expressionMessage } from "./compile.ts";
import type { InputContext } from "./context.ts";
import { BrokenItems, type ItemSource, LaterItems, ListItems } from "./items.ts";
import { openSource, sourceName } from "./source_path.ts";

/** A document is held in memory whole. */
const maxDocumentBytes = 256 * 1024 * 1024;

/** The elements of a JSON document, or of the list that the expression `select` finds in it. */
export function jsonItems(context: InputContext, path: string, select: string | null): ItemSource {
  const reader = openSource(context, path);
  const open = async () => listFound(await readDocument(reader, sourceName(path)), select, context, path);
  return new LaterItems(open, () => reader.close());
}

/** A list as a source; anything else as what is wrong, `from` saying where it came from. */
export function listItems(value: Value, from: string): ItemSource {
  if (Array.isArray(value)) return new ListItems(value);
  return new BrokenItems(`${from} gave ${nameOf(value)} where a list is needed`);
}

function listFound(
  document: { readonly json: Value } | string,
  select: string | null,
  context: InputContext,
  path: string,
): ItemSource {
  if (typeof document === "string") return new BrokenItems(document);
  if (select === null) return listItems(document.json, `${sourceName(path)}${selectHint(document.json)}`);
  try {
    const found = compileValue(context, select, ["json"]).evaluate({ ...context.vars, json: document.json });
    return listItems(found, `${sourceName(path)}: select "${select}"`);
  } catch (error) {
    return new BrokenItems(`${sourceName(path)}: select "${select}" failed: ${expressionMessage(error)}`);
  }
}

/** A document that is a map is mostly the envelope of one list. */
function selectHint(document: Value): string {
  const lists = isValueMap(document)
    ? Object.keys(document).filter((key) => Array.isArray(document[key]))
    : [];
  return lists.length === 0 ? "" : ` (without select: "json.${lists[0]}")`;
}

/** Gives what is wrong as a message. */
async function readDocument(reader: ByteReader, name: string): Promise<{ readonly json: Value } | string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      bytes += chunk.length;
      if (bytes > maxDocumentBytes) {
        return `${name}: a JSON document is read whole and may have ${maxDocumentBytes / 1024 / 1024} MiB; ` +
          `more fits in JSON Lines ("jsonl"), which is read line by line`;
      }
      chunks.push(chunk.slice());
    }
  } catch (error) {
    return `${name}: ${(error as Error).message}`;
  } finally {
    reader.close();
  }
  return parseDocument(chunks, bytes, name);
}

function parseDocument(
  chunks: readonly Uint8Array[],
  bytes: number,
  name: string,
): { readonly json: Value } | string {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(whole);
  } catch {
    return `${name}: it is not UTF-8`;
  }
  try {
    return { json: parseData(text) };
  } catch {
    return describeJsonFault(text, name);
  }
}

function nameOf(value: Value): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return "text";
  return typeof value === "boolean" ? String(value) : `the number ${value}`;
}
