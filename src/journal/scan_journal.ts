import type { Disk } from "../runtime/disk.ts";
import { checkRecord } from "./record.ts";

/** One whole record: `bytes` from `from` to `end` hold its members, without the CRC; valid only during the call. */
export type OnRecord = (bytes: Uint8Array, from: number, end: number, position: number) => void;

/** How a scan ended. Positions are bytes of the file. */
export type Scan =
  | {
    readonly ok: true;
    /** What was cut off a last line that was never finished. */
    readonly tornBytes: number;
    /** Where that line begins: the end of the file when there is none. */
    readonly tornAt: number;
  }
  | { readonly ok: false; /** Where the line that is damaged begins. */ readonly damagedAt: number };

const blockBytes = 1024 * 1024;
/** No result is kept that is longer: a file without line ends is none of ours. */
const maxLineBytes = 1024 * blockBytes;

/**
 * Hands over every whole record of a journal, in order. A last line without its end was being written when the run was
 * killed and is cut off; a line that is damaged anywhere else ends the scan.
 *
 * @throws the disk's error, or what `onRecord` throws
 */
export function scanJournal(disk: Disk, fd: number, onRecord: OnRecord): Scan {
  let bytes: Uint8Array<ArrayBuffer> = new Uint8Array(blockBytes);
  let filled = 0;
  let position = 0;
  for (let searched = 0;;) {
    if (filled === maxLineBytes) return { ok: false, damagedAt: position };
    if (filled === bytes.length) bytes = grown(bytes);
    const count = disk.read(fd, bytes, filled, bytes.length, position + filled);
    if (count === 0) break;
    filled += count;
    let from = 0;
    for (let to = lineEnd(searched); to >= 0; to = lineEnd(from)) {
      const end = checkRecord(bytes, from, to);
      if (end < 0) return { ok: false, damagedAt: position + from };
      onRecord(bytes, from, end, position + from);
      from = to + 1;
    }
    bytes.copyWithin(0, from, filled);
    filled -= from;
    position += from;
    searched = filled;
  }
  return readTail();

  function lineEnd(from: number): number {
    const at = bytes.indexOf(newline, from);
    return at < filled ? at : -1;
  }

  function readTail(): Scan {
    if (filled === 0) return { ok: true, tornBytes: 0, tornAt: position };
    const end = checkRecord(bytes, 0, filled);
    if (end >= 0) {
      onRecord(bytes, 0, end, position);
      return { ok: true, tornBytes: 0, tornAt: position + filled };
    }
    // A whole record before one strange byte is no torn line: the line end itself was damaged.
    if (checkRecord(bytes, 0, filled - 1) >= 0) return { ok: false, damagedAt: position };
    return { ok: true, tornBytes: filled, tornAt: position };
  }
}

const newline = 0x0a;

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}
