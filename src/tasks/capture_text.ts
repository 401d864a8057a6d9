import type { Redactor } from "../model/redactor.ts";
import { isUtf8, latin1Bytes, latin1Text } from "../runtime/bytes.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Text of UTF-8 bytes; undefined when they are none. Bytes that `begin` a text may end within a character,
 * those from its `middle` may also start within one: the torn character is left out.
 */
export function decodeUtf8(bytes: Uint8Array, part: "complete" | "begins" | "middle"): string | undefined {
  const whole = part === "complete"
    ? bytes
    : bytes.subarray(part === "begins" ? 0 : characterStart(bytes, 0, 1), lastWholeCharacter(bytes));
  return isUtf8(whole) ? decoder.decode(whole) : undefined;
}

/** A masked text as the report keeps it: all of it, or the first and last half of `limit` bytes with a mark between. */
export function cutMiddle(
  text: string,
  limit: number,
  totalBytes: number,
): { readonly text: string; readonly truncated: boolean } {
  if (text.length * 3 <= limit) return { text, truncated: false };
  const bytes = encoder.encode(text);
  if (bytes.length <= limit) return { text, truncated: false };
  const half = limit >> 1;
  return { text: firstBytes(bytes, half) + cutMark(totalBytes) + lastBytes(bytes, half), truncated: true };
}

/**
 * The first half of `limit` bytes of `head` and the last half of `tail`, masked, with a mark between.
 *
 * Both windows reach further than that, by `redactor.margin` at least: what a window cuts in two is not recognised,
 * so that much is dropped at its open end after masking.
 */
export function cutWindows(
  head: string,
  tail: string,
  limit: number,
  totalBytes: number,
  redactor: Redactor,
): string {
  const half = limit >> 1;
  const first = encoder.encode(redactor.mask(head));
  const last = encoder.encode(redactor.mask(tail));
  return firstBytes(first, Math.min(half, Math.max(0, first.length - redactor.margin))) +
    cutMark(totalBytes) +
    lastBytes(last, Math.min(half, Math.max(0, last.length - redactor.margin)));
}

/** Masks secrets in bytes that are no text, taking each byte for a character. */
export function maskBytes(bytes: Uint8Array, redactor: Redactor): Uint8Array {
  const text = latin1Text(bytes);
  const masked = redactor.mask(text);
  return masked === text ? bytes : latin1Bytes(masked);
}

function cutMark(totalBytes: number): string {
  return `\n[… cut: ${totalBytes} bytes in all …]\n`;
}

function firstBytes(bytes: Uint8Array, length: number): string {
  return decoder.decode(bytes.subarray(0, characterStart(bytes, length, -1)));
}

function lastBytes(bytes: Uint8Array, length: number): string {
  return decoder.decode(bytes.subarray(characterStart(bytes, bytes.length - length, 1)));
}

/** The nearest place from `at` on, going by `step`, where a character starts. */
function characterStart(bytes: Uint8Array, at: number, step: 1 | -1): number {
  let start = at;
  // A fourth continuation byte in a row is no UTF-8: it is left for the decoder to refuse.
  while (Math.abs(start - at) < 3 && isContinuation(bytes[start])) start += step;
  return start;
}

/** Where the last character that is all there ends. */
function lastWholeCharacter(bytes: Uint8Array): number {
  let start = bytes.length - 1;
  while (start > 0 && start > bytes.length - 4 && isContinuation(bytes[start])) start--;
  const lead = bytes[start] ?? 0;
  // Bytes that begin no character at all are left for the decoder to refuse.
  const length = lead < 0xc2 || lead > 0xf4 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return start + length > bytes.length ? Math.max(0, start) : bytes.length;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
