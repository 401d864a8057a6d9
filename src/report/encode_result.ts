import { stringifyJson, type Value } from "../model/json.ts";
import type { RunError } from "../model/outcome.ts";
import type { AttemptRecord, Result } from "../model/result.ts";
import type { NamedInput } from "../model/run_record.ts";
import { maskValue } from "./mask_value.ts";
import type { SecretRedactor } from "./redactor.ts";

/**
 * A result as the journal and the report keep it: one line of JSON without secrets.
 *
 * The innocent case costs one encoding and one search; only where something was found is the result taken apart.
 * Never throws for data: what cannot be encoded (nested too deeply) is replaced by a text that says so.
 */
export function encodeResult(result: Result, redactor: SecretRedactor): string {
  const text = encode(result, jsonOf);
  return redactor.finds(text) ? encode(result, (value) => maskedJsonOf(value, redactor)) : text;
}

/** What a result says of its input, alone and without secrets. */
export function encodeInput({ key, item, matrix }: NamedInput, redactor: SecretRedactor): string {
  const data = (value: Value) => maskedJsonOf(value, redactor);
  return `{"key":${data(key)},"item":${data(item)},"matrix":${data(matrix)}}`;
}

/** Member by member: names and order are the contract, and `JSON.stringify` of the whole is slower. */
function encode(result: Result, data: (value: Value) => string): string {
  return `{"index":${result.index},"task":"${result.task}","key":${data(result.key)},"item":${
    data(result.item)
  }` +
    `,"matrix":${data(result.matrix)},"target":${data(result.target)},"kind":"${result.kind}"` +
    `,"outcome":"${result.outcome}","reason":${result.reason === null ? "null" : `"${result.reason}"`}` +
    (result.allowed === true ? ',"allowed":true' : "") +
    `,"queuedMs":${result.queuedMs},"durationMs":${result.durationMs}` +
    `,"attempts":${encodeAttempts(result.attempts, data)},"output":${data(result.output)}` +
    `,"outputs":${data(result.outputs)}` +
    (result.collected === undefined ? "" : `,"collected":${data(result.collected)}`) +
    `,"error":${encodeError(result.error, data)}}`;
}

function encodeAttempts(attempts: readonly AttemptRecord[], data: (value: Value) => string): string {
  let text = "[";
  for (const attempt of attempts) {
    if (text.length > 1) text += ",";
    text +=
      `{"number":${attempt.number},"startedAt":"${attempt.startedAt}","durationMs":${attempt.durationMs}` +
      `,"outcome":"${attempt.outcome}","error":${encodeError(attempt.error, data)}}`;
  }
  return text + "]";
}

function encodeError(error: RunError | null, data: (value: Value) => string): string {
  if (error === null) return "null";
  return `{"code":"${error.code}","message":${data(error.message)},"retryable":${error.retryable}}`;
}

function jsonOf(value: Value): string {
  if (value === null) return "null";
  try {
    return isPlain(value) ? JSON.stringify(value) : stringifyJson(value);
  } catch (error) {
    if (error instanceof RangeError) return '"(nested too deeply to be kept)"';
    throw error;
  }
}

function maskedJsonOf(value: Value, redactor: SecretRedactor): string {
  const text = jsonOf(value);
  if (!redactor.finds(text)) return text;
  const masked = jsonOf(maskValue(value, redactor));
  // A secret that runs across the texts of a document (it is part of such a document) leaves nothing to be shown.
  return redactor.findsSecret(masked) ? '"***"' : masked;
}

/** True when plain `JSON.stringify` writes the value rightly: no bytes in it, no integers beyond a double. */
function isPlain(value: Value): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (Array.isArray(value)) return value.every(isPlain);
  if (value instanceof Uint8Array) return false;
  for (const key in value) {
    if (!isPlain((value as { readonly [key: string]: Value })[key]!)) return false;
  }
  return true;
}
