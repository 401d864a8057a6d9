import type { PutBytes, ResultStore } from "../model/run_record.ts";
import type { Offsets } from "./offsets.ts";

/**
 * Reads at a position, into bytes 0 to `length`; gives how many bytes it read, fewer only at the end.
 * @throws the disk's error
 */
export type ReadAt = (into: Uint8Array, length: number, position: number) => number;

const pageSize = 64 * 1024;
const pageCount = 32;
/** Results that lie so many pages apart are not near each other. */
const farPages = 16;

/**
 * The results of a journal, read through a few pages kept in memory.
 *
 * Results lie in the order in which they ended and are asked for in input order: mostly near each other, sometimes all
 * over the file. A far one is read alone, since a whole page for each would read the file many times over.
 */
export function resultPages(offsets: Offsets, readAt: ReadAt): ResultStore {
  const pages = new Map<number, Page>();
  const single = new Uint8Array(pageSize);
  let lastPage = -Infinity;

  return {
    size: (task) => offsets.size(task),
    has: (task, index) => offsets.length(task, index) > 0,
    copy(task, index, put) {
      const length = offsets.length(task, index);
      if (length === 0) return false;
      const position = offsets.offset(task, index);
      const number = Math.floor(position / pageSize);
      const isFar = Math.abs(number - lastPage) > farPages && !pages.has(number);
      lastPage = number;
      if (isFar) copyAlone(position, length, put);
      else copyFromPages(position, length, put);
      return true;
    },
  };

  function copyAlone(position: number, length: number, put: PutBytes): void {
    for (let done = 0; done < length;) {
      const wanted = Math.min(pageSize, length - done);
      if (readAt(single, wanted, position + done) < wanted || hasHole(single, 0, wanted)) {
        throw cutShort(position);
      }
      put(single, 0, wanted);
      done += wanted;
    }
  }

  function copyFromPages(position: number, length: number, put: PutBytes): void {
    for (let done = 0; done < length;) {
      const number = Math.floor((position + done) / pageSize);
      const from = position + done - number * pageSize;
      const to = Math.min(pageSize, from + length - done);
      const page = pageWith(number, to);
      if (page.filled < to || hasHole(page.bytes, from, to)) throw cutShort(position);
      put(page.bytes, from, to);
      done += to - from;
    }
  }

  /** The page, read again if the file has grown since and bytes up to `to` are wanted. */
  function pageWith(number: number, to: number): Page {
    const cached = pages.get(number);
    if (cached !== undefined && cached.filled >= to) return cached;
    const page = cached ?? { bytes: recycled(), filled: 0 };
    page.filled = readAt(page.bytes, pageSize, number * pageSize);
    pages.set(number, page);
    return page;
  }

  function recycled(): Uint8Array {
    if (pages.size < pageCount) return new Uint8Array(pageSize);
    const [oldest, page] = pages.entries().next().value!;
    pages.delete(oldest);
    return page.bytes;
  }
}

interface Page {
  readonly bytes: Uint8Array;
  filled: number;
}

/** A file that was cut short and written on has NULs up to where that began; JSON has none. */
function hasHole(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === 0 || bytes[to - 1] === 0;
}

function cutShort(position: number): Error {
  return new Error(`the journal no longer has the result at byte ${position}: something cut it short`);
}
