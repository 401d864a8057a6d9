/**
 * The journal's lines. One JSON record a line, `type` first and the CRC of all that stands before it last. The records
 * of task runs keep the order of their members, so that a million of them can be read without parsing JSON:
 *
 *     {"type":"run","id":"…","task":0,"index":12,"outcome":"ok","result":{…},"crc":"1a2b3c4d"}
 */
import { stringifyJson } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { crc32 } from "../runtime/crc.ts";

/** Written into every header. Another number is another format. */
export const formatVersion = 1;

/**
 * A run that ended here, or in an earlier run that this one goes on with; or a list that a run gave to a task which goes
 * through it. A list has an id of its own.
 */
export type RunRecordType = "run" | "kept" | "list";

/** What stands before a result, or a list. */
export function runPrefix(
  type: RunRecordType,
  task: number,
  index: number,
  id: string,
  outcome: Outcome,
): string {
  return `{"type":"${type}","id":"${id}","task":${task},"index":${index},"outcome":"${outcome}","result":`;
}

/** A task run that may not be repeated is about to start. */
export function beginText(task: number, index: number, id: string, inputJson: string): string {
  return `{"type":"begin","id":"${id}","task":${task},"index":${index},"input":${inputJson}`;
}

/** A record of another type, without its end. */
export function plainText(type: "header" | "total" | "origin" | "end", members: object): string {
  return stringifyJson({ type, ...members }).slice(0, -1);
}

const crcHead = new TextEncoder().encode(',"crc":"');

/** Bytes that {@link writeRecordEnd} adds. */
export const recordEndLength = crcHead.length + 8 + 3;

/** Ends the record that begins at `from` and so far reaches to `to`; gives where the line ends. */
export function writeRecordEnd(bytes: Uint8Array, from: number, to: number): number {
  let crc = crc32(bytes.subarray(from, to));
  bytes.set(crcHead, to);
  const digits = to + crcHead.length;
  for (let at = digits + 7; at >= digits; at--) {
    bytes[at] = hexDigits[crc & 15]!;
    crc >>>= 4;
  }
  bytes[digits + 8] = quote;
  bytes[digits + 9] = closingBrace;
  bytes[digits + 10] = newline;
  return digits + 11;
}

/** Where the record's members end when the line `from` to `to` (without its line end) is whole; -1 when it is damaged. */
export function checkRecord(bytes: Uint8Array, from: number, to: number): number {
  const end = to - (recordEndLength - 1);
  if (end <= from || bytes[from] !== openingBrace) return -1;
  for (let at = 0; at < crcHead.length; at++) {
    if (bytes[end + at] !== crcHead[at]) return -1;
  }
  if (bytes[to - 2] !== quote || bytes[to - 1] !== closingBrace) return -1;
  let crc = 0;
  for (let at = end + crcHead.length; at < to - 2; at++) {
    const digit = hexDigits.indexOf(bytes[at]!);
    if (digit < 0) return -1;
    crc = crc * 16 + digit;
  }
  return crc === crc32(bytes.subarray(from, end)) ? end : -1;
}

/**
 * The members of a `run`, `kept`, `list` or `begin` record, at positions of the buffer it was read from; the result of a
 * `begin` is its input.
 */
export interface RunRecord {
  type: RunRecordType | "begin";
  bytes: Uint8Array;
  lineFrom: number;
  idFrom: number;
  idTo: number;
  task: number;
  index: number;
  outcome: Outcome;
  resultFrom: number;
  resultTo: number;
}

/**
 * Reads the record that {@link checkRecord} found whole into `record`; false when it is of another type.
 * Nothing is checked here: the CRC says that this program wrote it.
 */
export function parseRunRecord(bytes: Uint8Array, from: number, end: number, record: RunRecord): boolean {
  const type = typeByLetter[bytes[from + typeAt]!];
  if (type === undefined) return false;
  record.type = type;
  record.bytes = bytes;
  record.lineFrom = from;
  record.idFrom = from + typeAt + type.length + '","id":"'.length;
  record.idTo = bytes.indexOf(quote, record.idFrom);
  let at = record.idTo + '","task":'.length;
  record.task = 0;
  for (; isDigit(bytes[at]!); at++) record.task = record.task * 10 + (bytes[at]! - zero);
  at += ',"index":'.length;
  record.index = 0;
  for (; isDigit(bytes[at]!); at++) record.index = record.index * 10 + (bytes[at]! - zero);
  record.resultTo = end;
  if (type === "begin") {
    record.resultFrom = at + ',"input":'.length;
    return true;
  }
  at += ',"outcome":"'.length;
  record.outcome = outcomeByLetters[(bytes[at]! << 8) | bytes[at + 1]!]!;
  record.resultFrom = at + record.outcome.length + '","result":'.length;
  return true;
}

const [openingBrace, closingBrace, quote, newline, zero] = [0x7b, 0x7d, 0x22, 0x0a, 0x30];
const hexDigits = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const typeAt = '{"type":"'.length;

const typeByLetter: { readonly [letter: number]: RunRecord["type"] | undefined } = Object.fromEntries(
  (["run", "kept", "list", "begin"] as const).map((type) => [type.charCodeAt(0), type]),
);

/** The first two letters tell the six outcomes apart. */
const outcomeByLetters: { readonly [letters: number]: Outcome | undefined } = Object.fromEntries(
  (["ok", "failed", "timed_out", "cancelled", "skipped", "not_run"] as const).map((
    outcome,
  ) => [(outcome.charCodeAt(0) << 8) | outcome.charCodeAt(1), outcome]),
);

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}
