import process from "node:process";
import { type Disk, writeAll } from "./disk.ts";

/** Where values wait that are too many for memory. */
export interface Spool {
  /** Puts a value aside; what it gives reads it back, exact in every type, as often as it is called. */
  put<T>(value: T): () => T;
  /** Nothing that was put aside is read any more. It may be used again. */
  clear(): void;
}

/**
 * A spool in a file of mode 0600, made when the first value is put aside. Its name is taken from it at once: whatever ends
 * the process takes its content along. On a disk that fails values stay in memory: others notice, and say so.
 *
 * @param path where nothing stands
 */
export function fileSpool(disk: Disk, path: string): Spool {
  let fd: number | null = null;
  let length = 0;
  let isBroken = false;

  function append(bytes: Uint8Array): number {
    if (fd === null) {
      fd = disk.create(path, 0o600);
      length = 0;
      disk.remove(path);
    }
    writeAll(disk, fd, bytes, bytes.length);
    length += bytes.length;
    return length - bytes.length;
  }

  /** On its own, since functions that are made side by side keep alive what any of them refers to. */
  function reader<T>(position: number, count: number): () => T {
    return () => process.getBuiltinModule("node:v8").deserialize(read(position, count));
  }

  function read(position: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count;) {
      const got = disk.read(fd!, bytes, done, count, position + done);
      if (got === 0) throw new Error(`the spool ${path} ends at byte ${position + done}`);
      done += got;
    }
    return bytes;
  }

  return {
    put(value) {
      if (isBroken) return kept(value);
      try {
        const bytes = process.getBuiltinModule("node:v8").serialize(value);
        return reader(append(bytes), bytes.length);
      } catch {
        isBroken = true;
        return kept(value);
      }
    },
    clear() {
      if (fd !== null) disk.close(fd);
      fd = null;
    },
  };
}

/** A spool that keeps everything where it is. */
export const noSpool: Spool = { put: kept, clear() {} };

function kept<T>(value: T): () => T {
  return () => value;
}
