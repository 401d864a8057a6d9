import { decodeUtf8 } from "./capture_text.ts";
import { DecodeError } from "./kind.ts";

/**
 * A result's bytes as text, without a byte order mark; `what` names it in messages.
 *
 * @throws DecodeError with the place of the first byte that is no UTF-8
 */
export function readText(bytes: Uint8Array, what: string): string {
  const text = decodeUtf8(bytes, "complete");
  if (text !== undefined) return text.startsWith("\ufeff") ? text.slice(1) : text;
  const offset = firstFault(bytes);
  const line = bytes.subarray(0, offset).reduce((lines, byte) => byte === 0x0a ? lines + 1 : lines, 1);
  const byte = bytes[offset] === undefined
    ? "it ends within a character"
    : `byte 0x${bytes[offset].toString(16)}`;
  throw new DecodeError(`${what} is not UTF-8 text: ${byte} at offset ${offset} (line ${line})`);
}

/** Where the first byte stands that continues no valid text. Halves what is left, since a decoder only says yes or no. */
function firstFault(bytes: Uint8Array): number {
  let valid = 0;
  for (let step = bytes.length; step > 0; step >>= 1) {
    while (
      valid + step <= bytes.length && decodeUtf8(bytes.subarray(0, valid + step), "begins") !== undefined
    ) {
      valid += step;
    }
  }
  return valid;
}
