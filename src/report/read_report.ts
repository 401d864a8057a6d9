import { isValueMap, parseJson, type Value } from "../model/json.ts";
import type { Disk } from "../runtime/disk.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import { findHeadFault } from "./find_report_fault.ts";
import type { RenderSource } from "./render_source.ts";
import type { ReportHead } from "./report.ts";
import { splitReport } from "./split_report.ts";

/** A report that was read from a file, or why it cannot be. */
export type ReportReading =
  | {
    readonly ok: true;
    /** Its `resultTexts` throws a SyntaxError where the file is no JSON. */
    readonly source: RenderSource;
    close(): void;
  }
  | { readonly ok: false; readonly message: string };

/** More than this before or after the results is no report. */
const maxHeadBytes = 64 * 1024 * 1024;

/** Opens `fanout.report/1`, of any size and however it is indented: its results are read one at a time. */
export function readReport(path: string, disk: Disk): ReportReading {
  let fd: number | null = null;
  try {
    fd = disk.open(path);
    const opened = fd;
    const blocks = () => readBlocks(disk, opened);
    const head = readHead(blocks());
    if (head?.schema !== "fanout.report/1") {
      disk.close(opened);
      const message = `${path} is no report of fanout: its "schema" is not "fanout.report/1"`;
      return { ok: false, message };
    }
    const fault = findHeadFault(head as unknown as Value);
    if (fault !== null) {
      disk.close(opened);
      return { ok: false, message: `${path} is no whole report of fanout: it has no proper "${fault}"` };
    }
    return {
      ok: true,
      source: { head, resultTexts: () => readResults(blocks()) },
      close: () => disk.close(opened),
    };
  } catch (error) {
    if (fd !== null) disk.close(fd);
    const why = error instanceof SyntaxError
      ? `it is neither a report nor a journal: it is not JSON (${error.message})`
      : describeSystemError(error);
    return { ok: false, message: `cannot read ${path}: ${why}` };
  }
}

function readHead(blocks: Iterable<Uint8Array>): ReportHead | null {
  const decoder = new TextDecoder();
  let text = "";
  for (const piece of splitReport(blocks)) {
    if (piece.kind === "head") text += decoder.decode(piece.bytes, { stream: true });
    if (text.length > maxHeadBytes) return null;
  }
  const document = parseJson(text);
  if (!isValueMap(document)) return null;
  const { results: _taken, ...head } = document;
  return head as unknown as ReportHead;
}

function* readResults(blocks: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder();
  for (const piece of splitReport(blocks)) {
    if (piece.kind === "result") yield decoder.decode(piece.bytes).trim();
  }
}

function* readBlocks(disk: Disk, fd: number): Generator<Uint8Array> {
  const block = new Uint8Array(1024 * 1024);
  for (let position = 0;;) {
    const count = disk.read(fd, block, 0, block.length, position);
    if (count === 0) return;
    position += count;
    yield block.subarray(0, count);
  }
}
