import { copyBytes } from "../runtime/bytes.ts";
import { missingJson, type Report } from "./build_report.ts";
import { type ReportPorts, type WriteBytes, writeDestination } from "./destination.ts";
import { jsonFrame } from "./render_json.ts";
import { lostPlaces, Places } from "./report_source.ts";

/**
 * Writes `fanout.report/1` to an absolute path: the head, then each result on a line of its own, copied from where it
 * is kept. The old file or the new one stands there, never half of one, whatever happens.
 *
 * @throws ReportError when the report or a result of the journal cannot be written or read
 */
export function writeReport(report: Report, path: string, ports: ReportPorts): Promise<void> {
  return writeDestination(path, "private", ports, (write) => writeJson(report, write));
}

const flushBytes = 128 * 1024;

/** At no time is more than one result, or a few pages, in memory; results are copied as bytes, never decoded. */
async function writeJson(report: Report, write: WriteBytes): Promise<void> {
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(2 * flushBytes);
  let used = 0;
  const { source } = report;
  const { opening, separator, closing } = jsonFrame(report.head);
  const lostAt = lostPlaces(source);
  const between = encoder.encode(separator);
  putText(opening);
  let isFirst = true;
  for (const places = new Places(source); places.next();) {
    const { task, index } = places;
    if (!isFirst) put(between, 0, between.length);
    isFirst = false;
    if (!source.results.copy(task, index, put)) {
      putText(missingJson(source, task, index, lostAt(task, index)));
    }
    if (used < flushBytes) continue;
    await write(bytes, used);
    used = 0;
  }
  putText(closing);
  await write(bytes, used);

  function putText(text: string): void {
    const encoded = encoder.encode(text);
    put(encoded, 0, encoded.length);
  }

  function put(from: Uint8Array, start: number, end: number): void {
    const needed = used + end - start;
    if (needed > bytes.length) {
      const grown = new Uint8Array(needed * 2);
      grown.set(bytes.subarray(0, used));
      bytes = grown;
    }
    copyBytes(from, start, end, bytes, used);
    used = needed;
  }
}
