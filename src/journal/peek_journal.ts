import { parseJson } from "../model/json.ts";
import type { RunHeader } from "../model/run_record.ts";
import type { Disk } from "../runtime/disk.ts";
import { checkRecord, formatVersion } from "./record.ts";

const maxHeaderBytes = 64 * 1024 * 1024;

/** The header of a journal, and nothing else of it; null when it cannot be read, is damaged, or of another format. */
export function readHeader(path: string, disk: Disk): RunHeader | null {
  try {
    const fd = disk.open(path);
    try {
      return parseHeader(readLine(fd, disk));
    } finally {
      disk.close(fd);
    }
  } catch {
    return null;
  }
}

const lastBytes = 64 * 1024;

/** Whether a journal's run ended in order: then every input has its end in it. */
export function endedInOrder(path: string, disk: Disk): boolean {
  try {
    const fd = disk.open(path);
    try {
      const size = disk.facts(path, "follow")?.bytes ?? 0;
      const tail = new Uint8Array(Math.min(size, lastBytes));
      const filled = disk.read(fd, tail, 0, tail.length, size - tail.length);
      if (filled === 0 || tail[filled - 1] !== 0x0a) return false;
      const from = tail.lastIndexOf(0x0a, filled - 2) + 1;
      const end = checkRecord(tail, from, filled - 1);
      return end >= 0 && new TextDecoder().decode(tail.subarray(from, end)).startsWith('{"type":"end"');
    } finally {
      disk.close(fd);
    }
  } catch {
    return false;
  }
}

function readLine(fd: number, disk: Disk): Uint8Array {
  let bytes = new Uint8Array(16 * 1024);
  for (let filled = 0;;) {
    const count = disk.read(fd, bytes, filled, bytes.length, filled);
    const end = bytes.subarray(0, filled + count).indexOf(0x0a, filled);
    filled += count;
    if (end >= 0) return bytes.subarray(0, end);
    if (count === 0 || filled >= maxHeaderBytes) return new Uint8Array(0);
    if (filled < bytes.length) continue;
    const grown = new Uint8Array(bytes.length * 4);
    grown.set(bytes);
    bytes = grown;
  }
}

function parseHeader(line: Uint8Array): RunHeader | null {
  const end = checkRecord(line, 0, line.length);
  if (end < 0) return null;
  const members = parseJson(new TextDecoder().decode(line.subarray(0, end)) + "}") as {
    readonly type?: unknown;
    readonly version?: unknown;
  };
  const isHeader = members.type === "header" && members.version === formatVersion;
  return isHeader ? members as unknown as RunHeader : null;
}
